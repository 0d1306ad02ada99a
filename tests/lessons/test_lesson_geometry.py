"""The two-weight solution: KKT conditions, scikit-learn, the exact zeros' λ, and the tangency that is drawn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from sklearn.linear_model import ElasticNet

from reglab.lessons.checks import BadInput
from reglab.lessons.geometry import Floats, Landscape, Mix, ellipse, path, picture, shape, solve, zero_from

places = st.floats(-4, 4).map(lambda value: round(value, 3))
lands = st.builds(
    Landscape, places, places, st.floats(1, 6).map(lambda v: round(v, 2)), st.integers(-90, 90).map(float)
)
shares = st.sampled_from([0.0, 0.05, 0.5, 0.95, 1.0])
strengths = st.floats(0.001, 20)


def objective(land: Landscape, mix: Mix, strength: float, w: Floats) -> Floats:
    return np.asarray(land.loss(w) + strength * mix.value(w))


@given(lands, shares, strengths)
def test_the_solution_meets_the_optimality_conditions(land: Landscape, share: float, strength: float) -> None:
    w = solve(land, Mix(share), strength)
    smooth = land.slope(w) + strength * (1 - share) * w
    for value, slope in zip(w, smooth, strict=True):
        if value == 0:
            assert abs(slope) <= strength * share + 1e-10
        else:
            assert slope == pytest.approx(-strength * share * np.sign(value), abs=1e-9)


@given(lands, shares, strengths)
def test_no_point_near_or_far_is_better(land: Landscape, share: float, strength: float) -> None:
    mix, w = Mix(share), solve(land, Mix(share), strength)
    generator = np.random.default_rng(0)
    others = w + generator.normal(size=(200, 2)) * np.geomspace(1e-4, 5, 200)[:, None]
    assert np.all(objective(land, mix, strength, others) >= objective(land, mix, strength, w) - 1e-12)


@given(lands, shares, st.floats(0.01, 10))
def test_scikit_learn_finds_the_same(land: Landscape, share: float, strength: float) -> None:
    root = np.sqrt(2) * np.linalg.cholesky(land.hessian).T  # ½‖√H(w − a)‖² as RSS/(2n) with n = 2
    oracle = ElasticNet(alpha=strength, l1_ratio=share, fit_intercept=False, tol=1e-14, max_iter=100_000)
    assume(share > 0)  # without L1, its solver asks for another class; the closed form is tested below
    found = oracle.fit(root, root @ land.optimum).coef_
    assert solve(land, Mix(share), strength) == pytest.approx(found, abs=1e-6)


@given(lands, strengths)
def test_l2_is_the_closed_form_and_never_zero(land: Landscape, strength: float) -> None:
    expected = np.linalg.inv(land.hessian + strength * np.eye(2)) @ land.hessian @ land.optimum
    assert solve(land, Mix(0.0), strength) == pytest.approx(expected, abs=1e-12)
    assert zero_from(land, Mix(0.0)) == (None, None)


@given(lands, shares)
def test_without_a_penalty_the_data_decide(land: Landscape, share: float) -> None:
    assert solve(land, Mix(share), 0.0).tolist() == [land.x, land.y]


def zeros(land: Landscape, mix: Mix, strength: float) -> list[bool]:
    return [bool(value == 0) for value in solve(land, mix, strength)]


@given(lands, st.sampled_from([0.05, 0.5, 0.95, 1.0]))
@example(Landscape(1.0, -0.05, 5.0, 40.0), 1.0)  # one weight meets 0, leaves it with the other sign, comes back
def test_the_marked_strengths_are_where_weights_become_zero_for_good(land: Landscape, share: float) -> None:
    mix = Mix(share)
    for weight, mark in enumerate(zero_from(land, mix)):
        assert mark is not None
        above = np.concatenate([mark * (1 + np.geomspace(1e-7, 10, 20)), mark + np.geomspace(1e-6, 10, 20)])
        assert all(zeros(land, mix, float(strength))[weight] for strength in above)
        assume(mark == 0 or mark > 1e-4)
        if mark:
            assert not zeros(land, mix, mark * (1 - 1e-5))[weight]


def test_an_orthogonal_landscape_is_soft_thresholding() -> None:
    land = Landscape(2.0, -0.5)
    assert zero_from(land, Mix(1.0)) == (2.0, 0.5)
    assert solve(land, Mix(1.0), 0.75).tolist() == [1.25, 0.0]
    assert solve(land, Mix(0.0), 1.0) == pytest.approx([1.0, -0.25])


def test_l1_reaches_an_axis_and_stays_there_and_l2_does_not() -> None:
    land = Landscape(1.0, 2.5, 2.0, 25.0)
    marks, (strength, way) = zero_from(land, Mix(1.0)), path(land, Mix(1.0))
    assert marks[0] is not None
    assert set(marks) <= set(strength.tolist())
    assert np.all(way[strength >= marks[0] * (1 + 1e-9), 0] == 0)
    assert np.all(way[strength < marks[0], 0] != 0)
    assert np.all(path(land, Mix(0.0))[1] != 0)


@given(lands, shares)
def test_the_path_runs_from_the_data_optimum_to_zero_and_only_lowers_the_penalty(land: Landscape, share: float) -> None:
    mix, (_, way) = Mix(share), path(land, Mix(share))
    assert way[0].tolist() == [land.x, land.y]
    assert np.abs(way[-1]).max() < 5e-3
    assert np.all(np.diff(mix.value(way)) <= 1e-10)
    assert np.all(np.diff(land.loss(way)) >= -1e-10)


@given(lands, shares, strengths)
def test_contour_and_shape_touch_in_the_solution_and_nowhere_cross(
    land: Landscape, share: float, strength: float
) -> None:
    mix, w = Mix(share), solve(land, Mix(share), strength)
    level, size = float(land.loss(w)), float(mix.value(w))
    assert np.all(land.loss(shape(mix, size, 721)) >= level - 1e-9)  # the shape stays outside the contour …
    assert np.all(mix.value(ellipse(land, level, 721)) >= size - 1e-9)  # … and the contour outside the shape
    inward = -land.slope(w)  # … and there, the data's pull is a supporting line of the shape
    assert np.all(shape(mix, size, 721) @ inward <= w @ inward + 1e-8)


@given(lands, st.floats(0, 20))
def test_the_ellipse_is_a_contour(land: Landscape, level: float) -> None:
    assert land.loss(ellipse(land, level)) == pytest.approx(np.full(121, level), abs=1e-9)


@given(shares, st.floats(0, 20))
def test_the_shape_is_a_contour_with_its_corners(share: float, level: float) -> None:
    drawn = shape(Mix(share), level)
    assert Mix(share).value(drawn) == pytest.approx(np.full(121, level), abs=1e-9)
    assert np.abs(drawn[[0, 30, 60, 90], [1, 0, 1, 0]]).max() < 1e-12


def test_the_two_ends_are_a_diamond_and_a_circle() -> None:
    assert np.abs(shape(Mix(1.0), 2.0)).sum(-1) == pytest.approx(np.full(121, 2.0))
    assert np.linalg.norm(shape(Mix(0.0), 2.0), axis=-1) == pytest.approx(np.full(121, 2.0))


@pytest.mark.parametrize(
    "values", [(5, 0, 1, 0), (0, float("nan"), 1, 0), (0, 0, 0.5, 0), (0, 0, 11, 0), (0, 0, 1, 200)]
)
def test_a_landscape_out_of_range_is_refused(values: tuple[float, float, float, float]) -> None:
    with pytest.raises(BadInput, match="must be from"):
        Landscape(*values)


def test_a_share_or_strength_out_of_range_is_refused() -> None:
    with pytest.raises(BadInput, match="The share of L1"):
        Mix(1.5)
    with pytest.raises(BadInput, match="λ must be from 0"):
        solve(Landscape(1, 1), Mix(1), -1)


# The chart as rows

LAND = Landscape(1.0, 2.5, 2.0, 25.0)


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("strength", [0.0, 1.0, 50.0])
def test_the_marked_points_and_curves_are_the_solvers(share: float, strength: float) -> None:
    mix = Mix(share)
    rows = {str(part): own for part, own in picture(LAND, mix, strength).groupby("part", sort=False)}
    w = solve(LAND, mix, strength)
    assert rows["solution"][["x", "y", "strength"]].to_numpy().tolist() == [[*w, strength]]
    assert rows["optimum"][["x", "y"]].to_numpy().tolist() == [[1.0, 2.5]]
    assert {"shape", "contour", "path"} <= set(rows)  # always, so that the legend stands still
    assert mix.value(rows["shape"][["x", "y"]].to_numpy()) == pytest.approx(np.full(121, mix.value(w)), abs=1e-9)
    assert LAND.loss(rows["contour"][["x", "y"]].to_numpy()) == pytest.approx(np.full(121, LAND.loss(w)), abs=1e-9)


def test_zeros_are_marked_where_they_happen_and_only_under_l1() -> None:
    frame = picture(LAND, Mix(1.0), 1.0)
    marks = frame[frame["part"].str.endswith("is 0")]
    assert marks["part"].tolist() == ["w₁ is 0", "w₂ is 0"]
    assert marks["strength"].tolist() == list(zero_from(LAND, Mix(1.0)))
    assert not picture(LAND, Mix(0.0), 1.0)["part"].str.endswith("is 0").any()
