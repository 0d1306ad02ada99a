"""What a person may type into a lesson, and the sentence that answers everything else."""

from __future__ import annotations

import contextlib
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reglab.lessons.checks import BadInput, exact, read_weights, within


@pytest.mark.parametrize(
    "text",
    [
        "1, -0.5, 2e-3",
        "1 -0.5 2e-3",
        "[1; −0.5; 0.002]",
        "(1,\n-.5,,2E-3,)",
        " 1.0\t-0.50 .002 ",
        "1; −0,5; 2e-3",
        "1 -,5 0,002",
    ],
)
def test_weights_may_be_separated_and_written_in_many_ways(text: str) -> None:
    assert read_weights(text) == (Fraction(1), Fraction(-1, 2), Fraction(1, 500))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "at least one weight, for example 1, 2, 3, 4"),
        (" ,;[] ", "at least one weight"),
        ("1, two, 3", "Weight 2: cannot read 'two'; give a number"),
        ("1, 2x", "Weight 2: cannot read '2x'; give a number"),
        ("1 nan", "Weight 2: 'nan' is not a finite number"),
        ("-inf", "Weight 1: '-inf' is not a finite number"),
        ("1e10", "from 1e-9 to 1e9"),
        ("1e-10", "from 1e-9 to 1e9"),
        ("1e999999999", "is too large"),
        ("1e-400", "is too small"),
        ("1, 0,5, 0,05", "Weights: '0,05' could be one number or two; write 0.05"),
        ("1; 1,000", "Weight 2: '1,000' could mean 1 or 1000"),
        ("0.1234567890123456789", "more than 15 digits"),
        ("1 " * 51, "51 weights; type at most 50"),
        ("1" * 2001, "2,001 characters"),
        ("1__0", "cannot read '1__0'"),
        ("<b>x</b>" * 9, "'<b>x</b><b>x</b><b>x</b><b>x</b><b>x</b><b>x</b><b>x</b><b…'"),
    ],
)
def test_other_weights_are_refused_in_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(BadInput) as caught:
        read_weights(text)
    assert sentence in str(caught.value)
    assert len(str(caught.value)) < 160


@given(st.text(max_size=80))
def test_no_text_does_worse_than_a_sentence(text: str) -> None:
    weights: tuple[Fraction, ...] = ()
    with contextlib.suppress(BadInput):
        weights = read_weights(text)
    assert all(abs(w) <= 10**9 for w in weights)


@given(st.decimals(-1000, 1000, places=4))
def test_decimals_are_taken_at_their_word(typed: Decimal) -> None:
    assert exact(str(typed), "λ") == Fraction(typed)
    assert within(str(typed), "λ", -1000, 1000) == float(typed)


def test_numbers_from_fields_are_the_digits_that_were_typed() -> None:
    assert exact(0.1, "λ") == Fraction(1, 10)
    assert exact(0.1, "λ") + exact(0.2, "λ") == exact(0.3, "λ")


@pytest.mark.parametrize("value", [None, "", "x", float("nan"), float("inf"), -0.1, 1.1, "1,1"])
def test_a_number_out_of_range_is_refused_by_name(value: str | float | None) -> None:
    with pytest.raises(BadInput, match="The share"):
        within(value, "The share", 0, 1)


def test_the_lower_end_may_be_excluded() -> None:
    assert within(0, "η", 0, 1) == 0
    with pytest.raises(BadInput, match="above 0 and at most 1, not 0"):
        within(0, "η", 0, 1, above=True)
