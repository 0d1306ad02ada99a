"""Typed input, read exactly, or refused with one sentence that says what to type instead."""

from __future__ import annotations

import math
import re
from decimal import Decimal, InvalidOperation
from fractions import Fraction

from reglab.errors import RegLabError

_SPLIT = re.compile(r"[\s,;]+")
_PLAIN = str.maketrans("[]()−–", "    --")
_LARGEST, _SMALLEST = Decimal("1e9"), Decimal("1e-9")
_DIGITS = 15
MAX_WEIGHTS = 50
_MAX_TEXT = 2000


class BadInput(RegLabError):
    """A value on the Learn page that no lesson can be computed from."""


def read_weights(text: str) -> tuple[Fraction, ...]:
    """``"1, -0.5, 2e-3"`` → exact fractions; commas, semicolons, spaces and lines separate, brackets are passed over.

    :raises BadInput: where nothing, too much, or something that is not a number is written.
    """
    if len(text) > _MAX_TEXT:
        raise BadInput(f"The list of weights is {len(text):,} characters long; type at most {_MAX_TEXT:,}.")
    words = [word for word in _SPLIT.split(text.translate(_PLAIN)) if word]
    if not words:
        raise BadInput("Type at least one weight, for example 1, 2, 3, 4.")
    if len(words) > MAX_WEIGHTS:
        raise BadInput(f"These are {len(words):,} weights; type at most {MAX_WEIGHTS}.")
    return tuple(exact(word, f"Weight {place}") for place, word in enumerate(words, 1))


def exact(typed: str | float, name: str) -> Fraction:
    """What was typed as an exact fraction: 0.1 is one tenth, not the nearest binary number.

    :raises BadInput: naming the field, where it is no finite number of at most 15 digits from 1e-9 to 1e9 in size.
    """
    word = typed if isinstance(typed, str) else repr(typed)
    shown = word if len(word) <= 20 else word[:19] + "…"
    try:
        value = Decimal(word.replace("_", "?"))  # Python reads 1_0 as 10; people do not
    except InvalidOperation:
        raise BadInput(f"{name} {shown!r} is not a number; write it like 1, -0.5 or 2e-3.") from None
    if not value.is_finite():
        raise BadInput(f"{name} must be a finite number, not {shown}.")
    if value and not _SMALLEST <= value.copy_abs() <= _LARGEST:
        raise BadInput(f"{name} must be 0, or from 1e-9 to 1e9 in size, not {shown}.")
    if len(value.normalize().as_tuple().digits) > _DIGITS:
        raise BadInput(f"{name} has more than {_DIGITS} digits; round it.")
    return Fraction(value)


def within(value: float | None, name: str, low: float, high: float, *, above: bool = False) -> float:
    """``value`` where it is a number from ``low`` (``above``: without it) to ``high``.

    :raises BadInput: naming the field and the range.
    """
    if value is None:
        raise BadInput(f"{name} is empty; type a number up to {high:g}.")
    if not math.isfinite(value) or value > high or value < low or (above and value == low):
        span = f"above {low:g} and at most {high:g}" if above else f"from {low:g} to {high:g}"
        raise BadInput(f"{name} must be {span}, not {value:g}.")
    return float(value)
