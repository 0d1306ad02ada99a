"""Lists of values as people type them: values and ranges between commas, ``0,1e-4:1e-1:8``."""

from __future__ import annotations

import math
from collections.abc import Sequence

from reglab.errors import SpecError, shown
from reglab.number_text import number_text, read_named, split_list

MOST_VALUES = 200
"""λ values of one sweep; a curve needs 9 to 30."""

LARGEST = 1e3
"""The largest λ."""

_DIGITS = 9  # of a range's count; more are no count


def parse_values(text: str, symbol: str = "λ", *, most: float = LARGEST, whole: bool = False) -> tuple[float, ...]:
    """The values in ``text``, ascending: values and ranges between commas, "0,1e-4:1e-1:8" for example.

    A range FIRST:LAST:COUNT has COUNT values at equal ratios, rounded to three significant digits, or to integers
    where ``whole``. Values between semicolons or spaces may have decimal commas: "0,001; 0,01".

    :raises SpecError: where it is empty, holds anything else, a value below 0 or above ``most``, or one value twice.
    """
    items = split_list(text, symbol)
    if not items:
        raise SpecError(f"{symbol} is empty; give values such as 0,1e-3,1e-2 or a range such as 1e-4:1e-1:9.")
    try:
        check_count(symbol, len(items))
        values = [value for item in items for value in _item(item, symbol, most, whole=whole)]
        check_count(symbol, len(values))
        check_values(symbol, values, most)
    except ValueError as error:
        raise SpecError(f"{error}.") from None
    return tuple(sorted(values))


def spaced(first: float, last: float, count: int) -> tuple[float, ...]:
    """``count`` values from ``first`` to ``last`` at equal ratios, rounded to three significant digits."""
    if count == 1:
        return (first,)
    start, step = math.log(first), (math.log(last) - math.log(first)) / (count - 1)  # no ratio can overflow
    return tuple(float(f"{math.exp(start + step * i):.3g}") for i in range(count))


def values_text(values: Sequence[float]) -> str:
    """``values`` as :func:`parse_values` reads them: "0, 1e-4, 0.03"."""
    return ", ".join(map(number_text, values))


def _item(text: str, symbol: str, most: float, *, whole: bool) -> tuple[float, ...]:
    parts = text.split(":")
    if len(parts) == 1:
        return (read_named(text, symbol),)
    if (
        len(parts) != 3
        or not all(parts)
        or not (parts[2].isascii() and parts[2].isdecimal() and len(parts[2]) <= _DIGITS)
    ):
        raise SpecError(f"{symbol}: cannot read {shown(text)}; a range is FIRST:LAST:COUNT, such as 1e-4:1e-1:9.")
    first, last, count = read_named(parts[0], symbol), read_named(parts[1], symbol), int(parts[2])
    if not 0 < first < last:
        raise SpecError(
            f"{symbol}: the range {shown(text)} must rise from above 0; write 0 apart, as in 0,1e-4:1e-1:8."
        )
    if not 2 <= count <= MOST_VALUES:
        raise SpecError(f"{symbol}: a range has 2 to {MOST_VALUES} values, not {count:,}; 9 to 30 show the curve.")
    check_values(symbol, (first, last), most)
    values = tuple(map(round, spaced(first, last, count))) if whole else spaced(first, last, count)
    if len(set(values)) < count:
        kind = "whole numbers" if whole else "values of three digits each"
        raise SpecError(f"{symbol}: the range {shown(text)} is too narrow for {count} {kind}.")
    return values


def check_count(symbol: str, count: int) -> None:
    """Raise :class:`ValueError` where a sweep takes fewer values of ``symbol``."""
    if count > MOST_VALUES:
        raise ValueError(
            f"{count:,} values of {symbol} are more than the {MOST_VALUES} that a sweep takes; 9 to 30 show the curve"
        )


def check_values(symbol: str, values: Sequence[float], most: float = LARGEST) -> None:
    """Raise :class:`ValueError` where a value is not from 0 to ``most``, or is there twice."""
    for value in values:
        if not math.isfinite(value) or not 0 <= value <= most:
            limits = f"from 0 to {number_text(most)}" if math.isfinite(most) else "at least 0"
            raise ValueError(f"{symbol} must be {limits}, not {number_text(value)}")
    check_once(symbol, values)


def check_once(symbol: str, values: Sequence[float]) -> None:
    """Raise :class:`ValueError` where a value is there twice."""
    twice = next((value for value in values if list(values).count(value) > 1), None)
    if twice is not None:
        raise ValueError(f"{symbol} has {number_text(twice)} more than once; give each value once")
