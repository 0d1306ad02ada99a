"""Lists and ranges of values as text: what is read, what is refused in a sentence, and text that is read back."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from reglab.errors import SpecError
from reglab.sweep import SweepSpec
from reglab.sweep_values import MOST_VALUES, parse_values, spaced, values_text

lambdas = st.floats(0, 1e3, allow_subnormal=False).map(lambda value: value + 0.0)  # no −0
TWO_READINGS = "could be one number or two; write {}, or separate the values by semicolons, as in 0,001;0,01."


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("0.1", (0.1,)),
        ("0.1, 0, 1e-3", (0, 1e-3, 0.1)),
        ("0;1e-3\n1e-2,", (0, 1e-3, 1e-2)),
        ("1e-4:1e-1:4", (1e-4, 1e-3, 1e-2, 1e-1)),
        ("0, 1e-4:1e-1:8", (0, 1e-4, 0.000268, 0.00072, 0.00193, 0.00518, 0.0139, 0.0373, 0.1)),
        (" 1e-2 : 1 : 3 , 0 ", (0, 0.01, 0.1, 1)),
        ("1e-320:1:2", (1e-320, 1)),
        ("0,1", (0, 1)),
        ("0.01,.1,1e−3", (1e-3, 0.01, 0.1)),
        ("0,001;0,01;0,1", (1e-3, 0.01, 0.1)),
        ("0,001 0,01\t0,1", (1e-3, 0.01, 0.1)),
        ("0,001\n1,5e-2\n0", (0, 1e-3, 0.015)),
        ("0;0,001:0,1:3", (0, 1e-3, 0.01, 0.1)),
        ("0 1", (0, 1)),
        ("0 , 1", (0, 1)),
    ],
)
def test_lists_and_ranges_are_read(text: str, values: tuple[float, ...]) -> None:
    assert parse_values(text) == values


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "λ₂ is empty; give values such as 0,1e-3,1e-2 or a range such as 1e-4:1e-1:9."),
        (" , ;\n", "λ₂ is empty; give values such as 0,1e-3,1e-2 or a range such as 1e-4:1e-1:9."),
        ("0, x", "λ₂: cannot read 'x'; give a number such as 0, 0.03 or 1e-3."),
        ("a:1:3", "λ₂: cannot read 'a'; give a number such as 0, 0.03 or 1e-3."),
        ("0, 0.1 0.2", "λ₂: cannot read '0.1 0.2'; give a number such as 0, 0.03 or 1e-3."),
        ("0,01", f"λ₂: '0,01' {TWO_READINGS.format('0.01')}"),
        ("1e-3, 0, 05", f"λ₂: '0,05' {TWO_READINGS.format('0.05')}"),
        ("0,001:0,1:5", f"λ₂: '0,001' {TWO_READINGS.format('0.001')}"),
        ("1e-4:0,01:5", f"λ₂: '0,01' {TWO_READINGS.format('0.01')}"),
        ("010", "λ₂: '010' begins with a 0; write decimals with a point, as in 0.01."),
        ("1e-3,010", "λ₂: '010' begins with a 0; write decimals with a point, as in 0.01."),
        ("0;1,000", "λ₂: '1,000' could mean 1 or 1000; write 1 or 1000."),
        ("0;1e-3,1e-2", "λ₂: cannot read '1e-3,1e-2'; give a number such as 0, 0.03 or 1e-3."),
        ("-1", "λ₂ must be from 0 to 1000, not -1."),
        ("1e4", "λ₂ must be from 0 to 1000, not 10000."),
        ("nan", "λ₂: 'nan' is not a finite number; write a number such as 0.03."),
        ("inf", "λ₂: 'inf' is not a finite number; write a number such as 0.03."),
        ("1e-400", "λ₂: '1e-400' is too small to differ from 0; write 0 or a larger number."),
        ("0.1,0.10", "λ₂ has 0.1 more than once; give each value once."),
        ("0.1,0.01:1:3", "λ₂ has 0.1 more than once; give each value once."),
        ("1e-4:1e-1", "λ₂: cannot read '1e-4:1e-1'; a range is FIRST:LAST:COUNT, such as 1e-4:1e-1:9."),
        ("1:2:3:4", "λ₂: cannot read '1:2:3:4'; a range is FIRST:LAST:COUNT, such as 1e-4:1e-1:9."),
        ("1:2:3.5", "λ₂: cannot read '1:2:3.5'; a range is FIRST:LAST:COUNT, such as 1e-4:1e-1:9."),
        ("1:2:" + "9" * 5000, "a range is FIRST:LAST:COUNT, such as 1e-4:1e-1:9."),
        ("0:1:3", "λ₂: the range '0:1:3' must rise from above 0; write 0 apart, as in 0,1e-4:1e-1:8."),
        ("2:1:3", "λ₂: the range '2:1:3' must rise from above 0; write 0 apart, as in 0,1e-4:1e-1:8."),
        ("1:1e308:3", "λ₂ must be from 0 to 1000, not 1e308."),
        ("1:inf:3", "λ₂: 'inf' is not a finite number; write a number such as 0.03."),
        ("1:1.001:3", "λ₂: the range '1:1.001:3' is too narrow for 3 values of three digits each."),
        ("1:2:1", "λ₂: a range has 2 to 200 values, not 1; 9 to 30 show the curve."),
        ("1:2:5000", "λ₂: a range has 2 to 200 values, not 5,000; 9 to 30 show the curve."),
        (
            ",".join(map(str, range(300))),
            "300 values of λ₂ are more than the 200 that a sweep takes; 9 to 30 show the curve.",
        ),
        (
            "1e-4:1:150,2:1000:150",
            "300 values of λ₂ are more than the 200 that a sweep takes; 9 to 30 show the curve.",
        ),
    ],
)  # fmt: skip
def test_every_bad_list_is_one_sentence(text: str, sentence: str) -> None:
    with pytest.raises(SpecError) as caught:
        parse_values(text, "λ₂")
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


@given(st.lists(lambdas, min_size=1, max_size=20, unique=True))
def test_a_list_survives_as_text(values: list[float]) -> None:
    assert parse_values(values_text(values)) == tuple(sorted(values))


@given(st.text("0123456789.:,;eE+-naif \n", max_size=40))
def test_no_text_does_more_than_be_read_or_refused(text: str) -> None:
    try:
        values = parse_values(text)
    except SpecError as error:
        values, sentence = (), str(error)
    else:
        sentence = "Read."
        assert SweepSpec(l2=values).l2 == values
    assert list(values) == sorted(set(values))
    assert sentence.endswith(".")
    assert "\n" not in sentence


@given(st.floats(1e-6, 900), st.floats(1.1, 1e6), st.integers(2, MOST_VALUES))
def test_a_range_has_equal_ratios_to_three_digits(first: float, ratio: float, count: int) -> None:
    last = min(first * ratio, 1e3)
    values = spaced(first, last, count)
    assert len(values) == count
    np.testing.assert_allclose(values, np.geomspace(first, last, count), rtol=0.0051)
    assume(len(set(values)) == count)
    assert parse_values(f"{first!r}:{last!r}:{count}") == tuple(sorted(values))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("0.0,0e5,1", "λ has 0 more than once; give each value once."),
    ],
)
def test_what_people_type_by_mistake(text: str, sentence: str) -> None:
    with pytest.raises(SpecError) as caught:
        parse_values(text)
    assert str(caught.value) == sentence


def test_lists_of_whole_numbers_have_whole_ranges() -> None:
    assert parse_values("100:2000:5", "n", most=math.inf, whole=True) == (100, 211, 447, 946, 2000)
    with pytest.raises(SpecError, match="too narrow for 4 whole numbers"):
        parse_values("1:3:4", "n", most=math.inf, whole=True)
    with pytest.raises(SpecError, match="n must be at least 0, not -1"):
        parse_values("-1", "n", most=math.inf)
