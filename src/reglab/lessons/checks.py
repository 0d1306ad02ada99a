"""Typed input, read exactly or refused with one sentence that says what to type instead."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction

from reglab import number_format
from reglab.errors import RegLabError, shown
from reglab.number_text import NotANumber, plain_number, read_number, split_list

_PLAIN = str.maketrans("[]()", "    ")
_LARGEST, _SMALLEST = Decimal("1e9"), Decimal("1e-9")
_DIGITS = 15
MAX_WEIGHTS = 50
_MAX_TEXT = 2000


class BadInput(RegLabError):
    """A value on the Learn page that no lesson can be computed from."""


def read_weights(text: str) -> tuple[Fraction, ...]:
    """``"1, -0.5, 2e-3"`` → exact fractions; brackets are ignored.

    :raises BadInput: for an empty or too long list, or an item that is not a number.
    """
    if len(text) > _MAX_TEXT:
        raise BadInput(f"The list of weights is {len(text):,} characters long; type at most {_MAX_TEXT:,}.")
    try:
        items = split_list(text.translate(_PLAIN), "Weights")
    except NotANumber as error:
        raise BadInput(str(error)) from None
    if not items:
        raise BadInput("Type at least one weight, for example 1, 2, 3, 4.")
    if len(items) > MAX_WEIGHTS:
        raise BadInput(f"These are {len(items):,} weights; type at most {MAX_WEIGHTS}.")
    return tuple(exact(item, f"Weight {place}") for place, item in enumerate(items, 1))


def exact(typed: str | float, name: str) -> Fraction:
    """The typed number as an exact fraction: 0.1 is one tenth, not the nearest binary number.

    :raises BadInput: naming the field, unless it is 0 or a number of at most 15 digits from 1e-9 to 1e9 in size.
    """
    text = typed if isinstance(typed, str) else repr(typed)
    try:
        value = Decimal(plain_number(text))
    except NotANumber as error:
        raise BadInput(f"{name}: {error}") from None
    if value and not _SMALLEST <= value.copy_abs() <= _LARGEST:
        raise BadInput(f"{name} must be 0, or from 1e-9 to 1e9 in size, not {shown(text.strip())}.")
    if len(value.normalize().as_tuple().digits) > _DIGITS:
        raise BadInput(f"{name} has more than {_DIGITS} digits; round it.")
    return Fraction(value)


def within(typed: str | float | None, name: str, low: float, high: float, *, above: bool = False) -> float:
    """The typed number, if it lies between ``low`` (``above``: excluded) and ``high``.

    :raises BadInput: naming the field and the range.
    """
    lowest, highest = number_format.exact(low), number_format.exact(high)
    if typed is None or (isinstance(typed, str) and not typed.strip()):
        raise BadInput(f"{name} is empty; type a number up to {highest}.")
    try:
        value = read_number(typed) if isinstance(typed, str) else float(typed)
    except NotANumber as error:
        raise BadInput(f"{name}: {error}") from None
    if not math.isfinite(value) or value > high or value < low or (above and value == low):
        span = f"above {lowest} and at most {highest}" if above else f"from {lowest} to {highest}"
        raise BadInput(f"{name} must be {span}, not {number_format.exact(value)}.")
    return value
