"""What the browser says about a dragged point is read with care."""

from __future__ import annotations

import pytest

from reglab.ui.learn.drag_handle import read


def test_a_position_is_kept_within_reach() -> None:
    assert read({"x": 1, "y": -0.5, "n": 7}, 4) == (1.0, -0.5, 7)
    assert read({"x": 99, "y": -99.5, "n": 1.0}, 4) == (4, -4, 1)


@pytest.mark.parametrize(
    "sent",
    [None, [], "x", {}, {"x": 1, "y": 2}, {"x": "1", "y": 2, "n": 3}, {"x": float("nan"), "y": 0, "n": 1},
     {"x": 0, "y": float("inf"), "n": 1}, {"x": True, "y": 0, "n": 1}, {"x": 0, "y": 0, "n": None}],
)  # fmt: skip
def test_nonsense_is_passed_over(sent: object) -> None:
    assert read(sent, 4) is None
