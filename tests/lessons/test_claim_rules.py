"""The interval against a table of Student's t, and every rule at its edges."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reglab.lessons.rules import EXPONENT, POINTS, AllAbove, AllBelow, Less, More, Unit, Within, interval, together

numbers = st.lists(st.floats(-10, 10), min_size=2, max_size=12)


def test_the_interval_is_students() -> None:
    found = interval([1.0, 2.0, 3.0, 4.0, 5.0])
    assert (found.mean, found.n) == (3.0, 5)
    half = 2.7764451052 * math.sqrt(2.5 / 5)  # t₀.₉₇₅(4) from a table
    assert (found.low, found.high) == pytest.approx((3 - half, 3 + half))
    assert interval([2.0, 2.0]).low == interval([2.0, 2.0]).high == 2.0
    assert interval([2.0]).high == math.inf
    assert math.isnan(interval([]).mean)
    assert math.isnan(interval([1.0, math.inf]).low)


def test_more_needs_direction_and_size() -> None:
    assert More(1.0).decide([2.0, 2.1, 1.9]) is True
    assert More(1.0).decide([0.5, 0.51, 0.49]) is False  # above 0 beyond doubt, but too small to matter
    assert More(1.0).decide([-2.0, -2.1, -1.9]) is False
    assert More(1.0).decide([-1.0, 4.0, 1.0]) is None
    assert More(1.0).decide([3.0]) is None  # one seed decides nothing


def test_within_is_equivalence() -> None:
    assert Within(1.0).decide([0.1, -0.1, 0.0]) is True
    assert Within(1.0).decide([0.1, -2.0, 2.0]) is None  # no difference found is not no difference
    assert Within(1.0).decide([3.0, 3.1, 2.9]) is False
    assert Within(1.0).decide([-3.0, -3.1, -2.9]) is False


def test_within_may_have_another_centre() -> None:
    rule = Within(0.5, -1.0)
    assert rule.lines == (-1.5, -0.5)
    assert rule.decide([-1.1, -0.9, -1.0]) is True
    assert rule.decide([0.0, 0.1, -0.1]) is False
    assert rule.decide([-2.0, -2.1, -1.9]) is False
    assert rule.decide([-0.6, -0.4, -0.5]) is None
    assert "interval is between −1.5 and −0.5; fails" in rule.text(EXPONENT)
    assert "interval is between +3 and +6 points; fails" in Within(0.015, 0.045).text(POINTS)
    assert "interval is within ±2 points; fails" in Within(0.02).text(POINTS)


def test_exact_rules_look_at_every_value() -> None:
    assert AllBelow(1e-3).decide([0.0, 9e-4]) is True
    assert AllBelow(1e-3).decide([0.0, 1e-3]) is False
    assert AllAbove(1e-3).decide([1.0, 2e-3]) is True
    assert AllAbove(1e-3).decide([1.0, 1e-3]) is False
    assert AllBelow(1.0).decide([]) is AllAbove(1.0).decide([]) is None


@given(numbers, st.floats(0.01, 5))
def test_less_is_the_mirror_of_more(values: list[float], by: float) -> None:
    assert Less(by).decide(values) is More(by).decide([-value for value in values])


@given(numbers, st.floats(0.01, 5))
def test_a_rule_that_holds_has_its_mean_on_the_right_side(values: list[float], by: float) -> None:
    mean = interval(values).mean
    assert More(by).decide(values) is not True or mean >= by
    assert More(by).decide(values) is not False or mean < by
    assert Within(by).decide(values) is not True or abs(mean) < by
    assert Within(by).decide(values) is not False or abs(mean) >= by


def test_a_claim_holds_if_all_parts_hold_and_fails_if_one_fails() -> None:
    assert together([True, True]) is True
    assert together([True, False, None]) is False
    assert together([True, None]) is None
    assert together([]) is None


def test_units_show_figures_as_people_read_them() -> None:
    assert Unit("points", 100, 1).show(-0.0512) == "−5.1 points"
    assert Unit("points", 100, 1).show(0.0512) == "+5.1 points"
    assert Unit("%", 100, 1).limit(-0.1) == "−10 %"
    assert Unit("", 1, 2, log=True, signed=False).show(1.234e-16) == "1.2e-16"
    assert Unit("nats").show(math.nan) == "not finite nats"
