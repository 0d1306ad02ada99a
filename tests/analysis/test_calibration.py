"""The expected calibration error against its definition, bin by bin."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.analysis.sweeps import lanes_of

from reglab import columns
from reglab.analysis.calibration import calibration_error, calibration_table
from reglab.sweep import SweepSpec


def by_definition(probabilities: NDArray[np.float64], correct: NDArray[np.bool_], bins: int) -> float:
    confidence, total = probabilities.max(axis=1), 0.0
    for low in range(bins):
        inside = (confidence > low / bins) & (confidence <= (low + 1) / bins)
        if inside.any():
            total += inside.mean() * abs(correct[inside].mean() - confidence[inside].mean())
    return total


@given(st.integers(0, 2**32 - 1), st.integers(1, 200), st.integers(2, 12), st.integers(1, 20))
def test_it_is_the_sum_over_bins(seed: int, images: int, classes: int, bins: int) -> None:
    rng = np.random.default_rng(seed)
    probabilities = rng.dirichlet(np.full(classes, 0.3), images)
    correct = rng.random(images) < 0.7
    expected = by_definition(probabilities, correct, bins)
    assert calibration_error(probabilities, correct, bins) == pytest.approx(expected, abs=1e-12)


def test_a_network_that_is_right_as_often_as_it_is_sure_has_none() -> None:
    sure = np.array([[0.8, 0.2]] * 10)
    assert calibration_error(sure, np.array([True] * 8 + [False] * 2)) == pytest.approx(0)


def test_one_that_is_always_sure_and_half_right_has_a_half() -> None:
    assert calibration_error(np.array([[1.0, 0.0]] * 4), np.array([True, False] * 2)) == 0.5


def test_no_images_have_none() -> None:
    assert np.isnan(calibration_error(np.empty((0, 10)), np.empty(0, dtype=np.bool_)))


def test_over_a_sweep_it_is_the_mean_of_each_points_repeats_that_have_one() -> None:
    lanes = lanes_of(SweepSpec(l2=(0.0, 0.1), seeds=3), {5: "diverged"})
    runs = lanes[columns.RUN].tolist()  # repeat by repeat, λ ascending in each
    errors = {run: (0.1 * number, 0.01) for number, run in enumerate(runs) if number != 2}
    table = calibration_table(lanes, errors)
    assert table[columns.LAMBDA].tolist() == [0.0, 0.1]
    assert table[columns.N].tolist() == [2, 2]
    assert table[columns.CALIBRATION_LAST].tolist() == pytest.approx([0.2, 0.2])
    assert table[columns.CALIBRATION_LAST + columns.SE].tolist() == pytest.approx([0.2, 0.1])
    assert table[columns.CALIBRATION_BEST].tolist() == pytest.approx([0.01, 0.01])


def test_a_sweep_without_predictions_has_none() -> None:
    table = calibration_table(lanes_of(SweepSpec(l2=(0.0, 0.1))), {})
    assert table[columns.CALIBRATION_LAST].isna().all()
    assert table[columns.N].tolist() == [0, 0]
