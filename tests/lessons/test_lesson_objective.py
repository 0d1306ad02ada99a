"""The calculator: the example everyone knows, exact digits, and gradients against autograd."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from reglab.lessons.checks import BadInput, exact, read_weights
from reglab.lessons.objective import CONVENTIONS, Objective, digits, relation, result, sum_of_magnitudes, sum_of_squares

BY_KEY = {convention.key: convention for convention in CONVENTIONS}
FORMULAS: dict[str, Callable[[float, Tensor], Tensor]] = {
    "half": lambda lam, w: lam / 2 * (w**2).sum(),
    "full": lambda lam, w: lam * (w**2).sum(),
    "l1": lambda lam, w: lam * w.abs().sum(),
}
numbers = st.decimals(-100, 100, places=3).map(Fraction)
positive = st.decimals(0, 100, places=3).map(Fraction)


@pytest.mark.parametrize(
    ("key", "penalty", "total"), [("half", "1.5", "2.0"), ("full", "3.0", "3.5"), ("l1", "1.0", "1.5")]
)
def test_the_example(key: str, penalty: str, total: str) -> None:
    given_ = Objective(read_weights("1, 2, 3, 4"), exact(0.5, "data"), exact(0.1, "λ"))
    assert result(given_.penalty(BY_KEY[key])) == penalty
    assert result(given_.total(BY_KEY[key])) == total
    assert digits(sum_of_squares(given_.weights)) == "30"
    assert digits(sum_of_magnitudes(given_.weights)) == "10"


@pytest.mark.parametrize("key", BY_KEY)
@given(weights=st.lists(numbers, min_size=1, max_size=6), data=positive, strength=positive)
def test_values_and_gradients_agree_with_autograd(
    key: str, weights: list[Fraction], data: Fraction, strength: Fraction
) -> None:
    ours = Objective(tuple(weights), data, strength)
    w = torch.tensor([float(value) for value in weights], dtype=torch.float64, requires_grad=True)
    total = float(data) + FORMULAS[key](float(strength), w)
    (gradient,) = torch.autograd.grad(total, w)
    assert float(ours.total(BY_KEY[key])) == pytest.approx(total.item(), rel=1e-12, abs=1e-12)
    assert [float(value) for value in ours.gradient(BY_KEY[key])] == pytest.approx(gradient.tolist(), rel=1e-12)


@given(weights=st.lists(numbers, min_size=1), data=positive, strength=positive)
def test_the_conventions_differ_by_exactly_two(weights: list[Fraction], data: Fraction, strength: Fraction) -> None:
    ours = Objective(tuple(weights), data, strength)
    assert ours.penalty(BY_KEY["full"]) == 2 * ours.penalty(BY_KEY["half"])
    assert ours.gradient(BY_KEY["full"]) == tuple(2 * g for g in ours.gradient(BY_KEY["half"]))


@pytest.mark.parametrize(
    ("data", "strength", "word"), [(-1, 0, "data loss must be 0 or more, not -1"), (0, -1, "λ must")]
)
def test_below_zero_is_refused(data: int, strength: int, word: str) -> None:
    with pytest.raises(BadInput, match=word):
        Objective((Fraction(1),), Fraction(data), Fraction(strength))


@pytest.mark.parametrize(
    ("value", "shown", "how"),
    [
        (Fraction(3, 2), "1.5", "="),
        (Fraction(30), "30", "="),
        (Fraction(0), "0", "="),
        (Fraction(-7, 1000), "-0.007", "="),
        (Fraction(1, 3), "0.333333333333", r"\approx"),
        (Fraction(10**15), "1e+15", "="),
        (Fraction(1, 10**9), "1e-9", "="),
        (Fraction(1234567890123456), "1.23456789012e+15", r"\approx"),
    ],
)
def test_digits_are_exact_or_said_to_be_rounded(value: Fraction, shown: str, how: str) -> None:
    assert (digits(value), relation(value)) == (shown, how)


def test_results_have_a_decimal_place() -> None:
    assert [result(Fraction(v)) for v in (2, 0, -3)] == ["2.0", "0.0", "-3.0"]
    assert result(Fraction(1, 4)) == "0.25"
    assert result(Fraction(10**15)) == "1e+15"
