"""The rows of the geometry's chart say what the solver found."""

from __future__ import annotations

import numpy as np
import pytest

from reglab.lessons.geometry import Landscape, Mix, solve, zero_from
from reglab.lessons.picture import picture

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
