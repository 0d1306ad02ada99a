"""Confirmation on test images: Wilson and Newcombe against statsmodels, the paired bootstrap by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import (  # type: ignore[import-untyped]
    confint_proportions_2indep,
    proportion_confint,
)

from reglab.analysis import ConfirmedPoint, confirmed_difference, confirmed_point
from reglab.analysis.confirmation import newcombe, wilson


@given(st.integers(1, 3000), st.floats(0, 1), st.sampled_from([0.9, 0.95]))
def test_wilson_is_that_of_statsmodels(n: int, share: float, level: float) -> None:
    expected = proportion_confint(share * n, n, alpha=1 - level, method="wilson")
    assert wilson(share, n, level) == pytest.approx(expected, abs=1e-12)


def test_905_of_1000_at_360_images_is_870_to_931() -> None:
    assert wilson(0.905, 360) == pytest.approx((0.870, 0.931), abs=5e-4)


@given(st.integers(1, 400), st.integers(1, 400), st.floats(0, 1), st.floats(0, 1))
def test_newcombe_is_that_of_statsmodels(n_first: int, n_second: int, first: float, second: float) -> None:
    counts = round(first * n_first), n_first, round(second * n_second), n_second
    expected = confint_proportions_2indep(*counts, method="newcomb")
    assert newcombe(counts[0] / n_first, n_first, counts[2] / n_second, n_second) == pytest.approx(expected, abs=1e-12)


def test_a_point_s_interval_counts_images_and_not_images_times_seeds() -> None:
    correct = np.zeros((10, 360), dtype=np.bool_)
    correct[:, :324] = True
    found = confirmed_point(correct, [0.92, 0.90], 431)
    assert (found.test_acc, found.images, found.seeds) == (0.9, 360, 10)
    assert (found.low, found.high) == wilson(0.9, 360)
    assert found.val_acc == pytest.approx(0.91)
    assert found.shift is not None
    assert found.shift.value == pytest.approx(0.01)
    assert (found.shift.low, found.shift.high) == pytest.approx(newcombe(0.91, 431, 0.9, 360))
    assert confirmed_point(correct) == ConfirmedPoint(0.9, *wilson(0.9, 360), 360, 10, None, None)


def test_differences_are_paired_image_by_image() -> None:
    rng = np.random.default_rng(0)
    second = rng.random((10, 360)) < 0.8
    second[:, :4] = False
    first = second.copy()
    first[:, :4] = True  # the same four images gained by every seed
    found = confirmed_difference(first, second)
    expected = float((first.mean(axis=1) - second.mean(axis=1)).mean())
    assert found.value == pytest.approx(expected)
    assert (found.repeats, found.better_in, found.p_adjusted) == (10, 10, None)
    assert found.low is not None
    assert found.high is not None
    assert 0 <= found.low < found.value < found.high < 0.03  # unpaired it would be ± 0.06
    assert confirmed_difference(first, second) == found
    none = confirmed_difference(second, second)
    assert (none.value, none.low, none.high, none.better_in, none.conclusion) == (0, 0, 0, 0, "equivalent")


def test_the_bootstrap_over_images_and_seeds_covers_the_truth() -> None:
    """Two equally good choices: networks differ by seed, images by difficulty."""
    rng, covered = np.random.default_rng(1), []
    for _ in range(100):
        skill, hard = rng.normal(0, 0.3, (2, 6, 1)), rng.normal(1.5, 1, (1, 150))
        odds = 1 / (1 + np.exp(-(skill + hard + rng.normal(0, 0.5, (2, 1, 150)))))
        first, second = rng.random((2, 6, 150)) < odds
        found = confirmed_difference(first, second, resamples=200)
        covered.append(found.low is not None and found.high is not None and found.low <= 0 <= found.high)
    assert 0.88 <= np.mean(covered) <= 1


def test_more_images_than_a_chunk_are_resampled_alike() -> None:
    rng = np.random.default_rng(3)
    first, second = rng.random((2, 3, 2000)) < 0.9
    whole = confirmed_difference(first, second, resamples=450)
    assert whole == confirmed_difference(first, second, resamples=450)
    assert whole.low is not None
    assert whole.low < whole.value
