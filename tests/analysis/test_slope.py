"""The slope of logarithms against SciPy's regression, and the lowest loss between the points of a grid."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import linregress, t  # type: ignore[import-untyped]

from reglab.analysis.slope import log_minimum, log_slope

points = st.lists(st.tuples(st.floats(1e-6, 1e6), st.floats(1e-6, 1e6)), min_size=3, max_size=9)


@given(points)
def test_the_slope_is_that_of_the_regression_with_its_interval(pairs: list[tuple[float, float]]) -> None:
    x, y = (np.array(values) for values in zip(*pairs, strict=True))
    if min(np.ptp(np.log(x)), np.ptp(np.log(y))) < 0.1:  # rounding of the logarithms rules both
        return
    theirs, ours = linregress(np.log(x), np.log(y)), log_slope(x, y)
    half = t.ppf(0.975, len(x) - 2) * theirs.stderr
    assert ours.value == pytest.approx(theirs.slope, rel=1e-6, abs=1e-6)
    assert ours.high - ours.low == pytest.approx(2 * half, rel=1e-4, abs=1e-5)
    assert ours.n == len(x)


def test_a_power_has_its_exponent() -> None:
    found = log_slope([1.0, 2.0, 8.0], [3.0, 1.5, 0.375])
    assert found.value == pytest.approx(-1.0)
    assert found.high == pytest.approx(found.low)
    two = log_slope([1.0, 2.0], [1.0, 4.0])
    assert two.value == pytest.approx(2.0)
    assert (two.low, two.high) == (-math.inf, math.inf)


@pytest.mark.parametrize("x", [[1.0, 1.0], [1.0], [0.0, 1.0], [1.0, math.nan], [-1.0, 2.0]])
def test_what_has_no_slope_is_refused(x: list[float]) -> None:
    with pytest.raises(ValueError, match="two different places"):
        log_slope(x, [1.0] * len(x))


@given(st.floats(0.6, 3.4), st.floats(0.1, 5))
def test_the_vertex_of_a_parabola_is_found_between_the_points(vertex: float, width: float) -> None:
    grid = 10.0 ** np.array([0.0, 1.0, 2.0, 3.0, 4.0])
    losses = width * (np.log10(grid) - vertex) ** 2 + 0.3
    assert math.log10(log_minimum(grid, losses)) == pytest.approx(vertex, abs=1e-6)


def test_at_an_end_beside_a_hole_or_on_a_plateau_the_grid_point_is_the_lowest() -> None:
    assert log_minimum([1.0, 10.0, 100.0], [1.0, 2.0, 3.0]) == pytest.approx(1.0)
    assert log_minimum([1.0, 10.0, 100.0], [3.0, 2.0, 1.0]) == pytest.approx(100.0)
    assert log_minimum([1.0, 10.0, 100.0], [3.0, 2.0, math.nan]) == pytest.approx(10.0)
    assert log_minimum([1.0, 10.0, 100.0], [2.0, 2.0, 2.0]) == pytest.approx(1.0)
    with pytest.raises(ValueError, match="finite"):
        log_minimum([1.0, 2.0], [math.nan, math.inf])


def test_uneven_grids_have_the_same_vertex() -> None:
    grid = np.exp([0.0, 0.3, 2.0])
    assert math.log(log_minimum(grid, (np.log(grid) - 0.7) ** 2)) == pytest.approx(0.7)
