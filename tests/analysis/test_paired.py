"""The corrected t interval by hand and by simulation, and what a paired difference concludes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t as student  # type: ignore[import-untyped]
from scipy.stats import ttest_1samp

from reglab.analysis import PairedDifference, RepeatedFigure, overlap_of_folds, overlap_of_seeds, paired_difference
from reglab.analysis.paired import interval

CORRELATION = 0.3
OVERLAP = CORRELATION / (1 - CORRELATION)
BAYCOMP = (0.016, 1.935e-4, 4)  # mean, variance and degrees of freedom of the recorded figures


def correlated(rng: np.random.Generator, *shape: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    """(…, repeats) of standard normal values, any two repeats correlated by CORRELATION."""
    common, own = rng.normal(size=(*shape[:-1], 1)), rng.normal(size=shape)
    return math.sqrt(CORRELATION) * common + math.sqrt(1 - CORRELATION) * own


@pytest.mark.parametrize("repeats", [3, 6, 10])
def test_the_interval_covers_the_truth_in_93_to_97_of_100_sweeps_whose_repeats_overlap(repeats: int) -> None:
    values = correlated(np.random.default_rng(repeats), 20_000, repeats)
    low, high = interval(values, OVERLAP)
    assert 0.93 < np.mean((low <= 0) & (high >= 0)) < 0.97
    low, high = interval(values, 0.0)
    assert np.mean((low <= 0) & (high >= 0)) < 0.9  # as if the repeats were independent


@given(st.integers(3, 12), st.integers(0, 99))
def test_the_interval_over_folds_is_that_of_the_correlated_t_test(folds: int, seed: int) -> None:
    """Corani & Benavoli 2015, as baycomp 1.0.3 computes it: the variance s²·(1/n + 1/(K − 1)), n − 1 degrees."""
    first, second = np.random.default_rng(seed).uniform(0.7, 1, (2, folds))
    mean = sum(first - second) / folds
    variance = sum((d - mean) ** 2 for d in first - second) / (folds - 1) * (1 / folds + 1 / (folds - 1))
    half = student.ppf(0.975, folds - 1) * math.sqrt(variance)
    found = paired_difference(first, second, overlap_of_folds(folds))
    assert found is not None
    assert (found.value, found.low, found.high) == pytest.approx((mean, mean - half, mean + half))


def test_the_interval_is_that_of_baycomp_for_recorded_figures() -> None:
    """``CorrelatedTTest.compute_statistics`` of baycomp 1.0.3, which installs a package ``tests`` and so stays out."""
    first = np.array([0.91, 0.88, 0.93, 0.90, 0.86])
    second = np.array([0.89, 0.88, 0.90, 0.91, 0.82])
    found = paired_difference(first, second, overlap_of_folds(5))
    mean, variance, freedom = BAYCOMP
    half = student.ppf(0.975, freedom) * math.sqrt(variance)
    assert found is not None
    assert (found.value, found.low, found.high) == pytest.approx((mean, mean - half, mean + half))


def test_without_overlap_it_is_the_plain_t_interval() -> None:
    values = np.random.default_rng(0).normal(0.2, 1, (1, 7))
    expected = ttest_1samp(values[0], 0).confidence_interval(0.95)
    assert interval(values, 0.0)[:, 0].tolist() == pytest.approx([expected.low, expected.high])


def test_the_overlap_of_seeds_and_folds() -> None:
    assert overlap_of_seeds(431, 1438) == pytest.approx(431 / 1007)
    assert overlap_of_folds(5) == 0.25


def test_a_missing_pair_does_not_count_and_fewer_than_three_have_no_interval() -> None:
    first, second = np.array([0.9, 0.8, 0.7, np.nan]), np.array([0.8, 0.8, np.nan, 0.1])
    found = paired_difference(first, second, 0.43)
    assert found is not None
    assert found.value == pytest.approx(0.05)
    assert (found.low, found.high) == (None, None)
    assert (found.repeats, found.better_in, found.includes_zero) == (2, 1, None)
    assert paired_difference(first * np.nan, second, 0.43) is None


def test_of_a_loss_the_lower_is_better() -> None:
    found = paired_difference(np.array([0.1, 0.2, 0.3]), np.array([0.2, 0.3, 0.3]), 0.0, higher_is_better=False)
    assert found is not None
    assert found.value == pytest.approx(-0.2 / 3)
    assert found.better_in == 2


def difference(low: float | None, high: float | None, repeats: int = 10, **facts: Any) -> PairedDifference:
    value = 0.02 if low is None or high is None else (low + high) / 2
    return PairedDifference(value, low, high, repeats, repeats, **facts)


@pytest.mark.parametrize(
    ("found", "conclusion"),
    [
        (difference(0.004, 0.032, p_adjusted=0.03), "better"),
        (difference(0.004, 0.032), "better"),
        (difference(-0.032, -0.004), "worse"),
        (difference(-0.032, -0.004, higher_is_better=False), "better"),
        (difference(0.004, 0.032, p_adjusted=0.06), "not distinguishable"),
        (difference(0.004, 0.032, repeats=5, p_adjusted=0.0625), "suggests better"),
        (difference(-0.032, -0.004, repeats=5, p_adjusted=0.0625), "suggests worse"),
        (difference(-0.01, 0.02), "not distinguishable"),
        (difference(-0.01, 0.02, repeats=5, p_adjusted=0.0625), "not distinguishable"),
        (difference(None, None, repeats=2), "not distinguishable"),
        (difference(-0.005, 0.005), "equivalent"),
        (difference(0.001, 0.004), "equivalent"),
        (difference(-0.0051, 0.004), "not distinguishable"),
        (difference(-0.004, 0.004, higher_is_better=False), "not distinguishable"),
    ],
)
def test_what_a_difference_concludes(found: PairedDifference, conclusion: str) -> None:
    assert found.conclusion == conclusion
    assert found.equivalent == (conclusion == "equivalent")


def test_the_bests_of_two_sweeps_over_the_same_seeds_are_paired() -> None:
    rng = np.random.default_rng(4)
    seeds = rng.normal(0.9, 0.05, 6)
    first, second = seeds + rng.normal(0, 0.001, (2, 6))
    decay, dropout = RepeatedFigure.of(first, 0.43), RepeatedFigure.of(second, 0.43)
    assert decay is not None
    assert dropout is not None
    apart = decay.less(dropout, 0.43)
    assert apart == paired_difference(first, second, 0.43)
    assert apart is not None
    assert apart.conclusion == "equivalent"
    assert decay.low is not None
    assert decay.high is not None
    assert decay.high - decay.low > 0.05  # the seeds differ far more than the two sweeps
    assert RepeatedFigure.of(np.full(3, np.nan), 0.0) is None
