"""Each kind of number as it is printed."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reglab.number_format import column, decimals, exact, exact_percent, fixed, gib, percent, points, printf, short

finite = st.floats(allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"), (-0.0, "0"), (400.0, "400"), (0.03, "0.03"), (0.001, "0.001"), (1e-4, "1e-4"), (2.5e-5, "2.5e-5"),
        (-0.5, "−0.5"), (-1e-4, "−1e-4"), (1e5, "100000"), (1e7, "1e7"), (0.1 + 0.2, "0.30000000000000004"),
        (math.inf, "∞"), (-math.inf, "−∞"), (math.nan, "–"),
    ],
)  # fmt: skip
def test_a_setting_keeps_every_digit(value: float, text: str) -> None:
    assert exact(value) == text


@given(finite)
def test_a_setting_can_be_read_back(value: float) -> None:
    assert float(exact(value).replace("−", "-")) == value


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.53333, "0.5333"), (-12.5, "−12.5"), (3.2e-5, "3.2e-5"), (123456, "123500"), (None, "–"), (-1e-9, "−1e-9")],
)
def test_a_measured_number_has_four_digits(value: float | None, text: str) -> None:
    assert short(value) == text


@pytest.mark.parametrize(
    ("value", "sign", "text"),
    [(0.81, False, "0.810"), (-0.2, False, "−0.200"), (-0.0004, False, "0.000"), (0.81, True, "+0.810"),
     (-1e-9, True, "0.000"), (math.nan, True, "–"), (None, False, "–")],
)  # fmt: skip
def test_decimals_line_up_and_zero_has_no_sign(value: float | None, sign: bool, text: str) -> None:
    assert fixed(value, 3, sign=sign) == text


@pytest.mark.parametrize(
    ("values", "digits", "texts"),
    [
        ((8.1, 12.34), 3, ["8.1", "12.3"]), ((6.2, 5.25), 3, ["6.20", "5.25"]), ((812.4, 5.3), 4, ["812.4", "5.3"]),
        ((4000.2, 5.3), 4, ["4000.2", "5.3"]), ((8.1, 0.0512), 3, ["8.100", "0.051"]),
        ((8.1, 1e-9), 3, ["8.1000", "0.0000"]),
        ((0.000312,), 3, ["0.000312"]), ((0.0, None, math.nan, math.inf), 4, ["0", "–", "–", "∞"]), ((), 4, []),
    ],
)  # fmt: skip
def test_the_numbers_of_a_column_have_the_same_decimals(
    values: tuple[float | None, ...], digits: int, texts: list[str]
) -> None:
    assert column(values, digits) == texts
    assert printf(values, digits) == f"%.{decimals(values, digits)}f"


def test_a_share_in_per_cent() -> None:
    assert percent(0.7834) == "78.3\u202f%"
    assert [exact_percent(share) for share in (0.125, 0.07, 0.002, 1)] == [
        f"{number}\u202f%" for number in ("12.5", "7", "0.2", "100")
    ]
    assert percent(0.2, 0) == "20\u202f%"
    assert percent(-0.0001) == "0.0\u202f%"
    assert percent(None) == percent(math.nan) == "–"
    assert (points(0.068), points(-0.068), points(0.068, sign=False)) == ("+6.8", "−6.8", "6.8")


def test_bytes_have_the_unit_that_fits() -> None:
    assert [gib(size) for size in (0, 1, 1023, 1024, 474_536, 2**20, 20 * 2**20, 0.1 * 2**30, 1.5 * 2**30)] == [
        "0 bytes", "1 byte", "1023 bytes", "1 KiB", "463 KiB", "1 MiB", "20 MiB", "0.1 GiB", "1.5 GiB",
    ]  # fmt: skip
