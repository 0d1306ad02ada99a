"""Numbers as people type them: read for what they say, or refused with a sentence, never guessed."""

from __future__ import annotations

import contextlib
import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reglab.errors import SpecError
from reglab.number_text import NotANumber, number_text, plain_number, read_named, read_number, split_list


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.01", 0.01), ("1e-2", 0.01), (".01", 0.01), ("0,01", 0.01), (",01", 0.01), ("1,5e-3", 0.0015),
        ("0,001", 0.001), ("1e−3", 0.001), ("−0,5", -0.5), ("+.5E+1", 5.0), (" 3 ", 3.0), ("1234,567", 1234.567),
        ("1,25", 1.25), ("0.010", 0.01), ("1.", 1.0), ("5e-324", 5e-324), ("0e9", 0.0),
    ],
)  # fmt: skip
def test_numbers_with_point_or_comma_are_read(text: str, value: float) -> None:
    assert read_number(text) == value
    assert float(plain_number(text)) == value


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("1,000", "'1,000' could mean 1 or 1000; write 1 or 1000."),
        ("12,345", "'12,345' could mean 12.345 or 12345; write 12.345 or 12345."),
        ("−1,000e-3", "'−1,000e-3' could mean -0.001 or -1; write -0.001 or -1."),
        ("1,000,000", "cannot read '1,000,000'; write the number without thousands separators, as in 1000.5."),
        ("1.000,5", "cannot read '1.000,5'; write the number without thousands separators, as in 1000.5."),
        ("nan", "'nan' is not a finite number; write a number such as 0.03."),
        ("-Infinity", "'-Infinity' is not a finite number; write a number such as 0.03."),
        ("1e999", "'1e999' is too large; write a smaller number."),
        ("1e-400", "'1e-400' is too small to differ from 0; write 0 or a larger number."),
        *((text, f"cannot read {text!r}; give a number such as 0, 0.03 or 1e-3.")
          for text in ("", "x", "1_000", "0 1", "1,", "0x10", "1e", "١", "--1", "1e1.5", ".", "1:30")),
    ],
)  # fmt: skip
def test_everything_else_is_refused_in_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(NotANumber) as caught:
        read_number(text)
    assert str(caught.value) == sentence


def test_a_long_text_is_refused_and_not_repeated() -> None:
    for text in ("1" * 1_000_000, "1," * 500_000, "," * 1_000_000):
        with pytest.raises(NotANumber) as caught:
            read_number(text)
        assert len(str(caught.value)) < 130


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_number_survives_as_text_with_point_or_comma(value: float) -> None:
    text = number_text(value)
    assert read_number(text) == value
    assert read_number(text.replace("-", "−")) == value
    if not re.search(r"^-?[1-9][0-9]{0,2}\.[0-9]{3}(e|$)", text):  # 1,234 is refused
        assert read_number(text.replace(".", ",")) == value


@given(st.text(st.sampled_from("0123456789.,e+-−_ \t:x∞"), max_size=12))
def test_no_text_does_more_than_be_read_or_refused(text: str) -> None:
    value = 0.0
    with contextlib.suppress(NotANumber):
        value = read_number(text)
    assert math.isfinite(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (400.0, "400"), (0.03, "0.03"), (1e-4, "1e-4"), (1e-5, "1e-5"), (1e16, "1e16"),
    (0.1 + 0.2, repr(0.1 + 0.2))],
)  # fmt: skip
def test_numbers_are_written_as_one_types_them(value: float, text: str) -> None:
    assert number_text(value) == text


def test_a_field_is_named_where_it_is_empty_or_wrong() -> None:
    assert read_named("0,5", "λ₂") == read_named(0.5, "λ₂") == 0.5
    for typed in (None, "", "  "):
        with pytest.raises(SpecError, match=r"^λ₂ is empty; fill it in\.$"):
            read_named(typed, "λ₂")
    with pytest.raises(SpecError, match=r"^λ₂: cannot read 'x'"):
        read_named("x", "λ₂")


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("0,1", ["0", "1"]), ("0, 0.1", ["0", "0.1"]), ("0 ,1", ["0", "1"]), ("0,001;0,01", ["0,001", "0,01"]),
        ("0,5 0,25", ["0,5", "0,25"]), ("0; 0.1, 0.2", ["0", "0.1", "0.2"]), ("0,\n1,\n", ["0", "1"]), (" ,; ", []),
        ("1 : 2 : 3, 0", ["1:2:3", "0"]), ("0;1,5:2,5:3", ["0", "1,5:2,5:3"]), ("0.01,10", ["0.01", "10"]),
    ],
)  # fmt: skip
def test_a_comma_separates_unless_something_else_does(text: str, items: list[str]) -> None:
    assert split_list(text, "λ") == items


@given(st.lists(st.floats(0, 1e3), min_size=2, max_size=8), st.sampled_from([";", "; ", " ", "\n"]))
def test_decimal_commas_between_semicolons_or_spaces_are_read(values: list[float], separator: str) -> None:
    texts = [f"{value:.2f}" for value in values]
    items = split_list(separator.join(text.replace(".", ",") for text in texts), "λ")
    assert [read_number(item) for item in items] == [float(text) for text in texts]
