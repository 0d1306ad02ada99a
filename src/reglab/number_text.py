"""Numbers in text, as people type them: 0.01, 1e-2, .01, and with a decimal comma or a typographic minus.

A text that could mean two numbers ("1,000") is refused, never guessed.
"""

from __future__ import annotations

import math
import re

from reglab.errors import SpecError, clipped, shown
from reglab.number_format import exact

_MINUS = str.maketrans(dict.fromkeys("−–‐‑", "-"))
_NUMBER = re.compile(r"[-+]?([0-9]+([.,][0-9]*)?|[.,][0-9]+)(e[-+]?[0-9]+)?", re.ASCII | re.IGNORECASE)
_GROUPED = re.compile(r"[-+]?[1-9][0-9]{0,2},[0-9]{3}(e[-+]?[0-9]+)?", re.ASCII | re.IGNORECASE)
_LONGEST = 100  # characters; the longest float has 24


class NotANumber(SpecError):
    """A text that is no number. The message of :func:`read_number` is a clause for behind "NAME: "."""


def read_number(text: str) -> float:
    """The finite number that ``text`` spells, with a decimal point or a decimal comma.

    :raises NotANumber: for anything else, for "1,000" (1 or 1000?), NaN, infinities, and what no float can hold.
    """
    return float(plain_number(text)) + 0.0  # −0 is 0


def plain_number(text: str) -> str:
    """The same number as ``float``, ``Decimal`` and YAML spell it: "1,5e−3" is "1.5e-3".

    :raises NotANumber: as :func:`read_number`.
    """
    word = text.strip().translate(_MINUS) if len(text) <= _LONGEST else ""
    if _GROUPED.fullmatch(word):
        either = " or ".join(number_text(float(word.replace(",", mark))) for mark in (".", ""))
        raise NotANumber(f"{shown(text.strip())} could mean {either}; write {either}.")
    if not _NUMBER.fullmatch(word) or word[-1] == ",":
        raise NotANumber(_unreadable(text, word))
    plain = word.replace(",", ".")
    if math.isinf(float(plain)):
        raise NotANumber(f"{shown(text.strip())} is too large; write a smaller number.")
    if float(plain) == 0 and any(digit in plain.lower().partition("e")[0] for digit in "123456789"):
        raise NotANumber(f"{shown(text.strip())} is too small to differ from 0; write 0 or a larger number.")
    return plain


def read_named(typed: object, name: str) -> float:
    """What was typed into the field or option ``name``; a number stands for itself.

    :raises NotANumber: naming it, where it is empty or no number.
    """
    if isinstance(typed, int | float):
        return float(typed)
    if not isinstance(typed, str) or not typed.strip():
        raise NotANumber(f"{name} is empty; fill it in.")
    try:
        return read_number(typed)
    except NotANumber as error:
        raise NotANumber(f"{name}: {error}") from None


def split_list(text: str, name: str) -> list[str]:
    """The items of a list of numbers or ranges.

    A comma separates them unless semicolons or spaces do; then it is a decimal comma.

    :raises NotANumber: for "0,01", naming the list ``name``: it could be 0.01, or 0 and 01.
    """
    text = ":".join(part.strip() for part in text.split(":"))
    words = text.replace(";", " ").split()
    if ";" in text or (len(words) > 1 and not any(word.startswith(",") or word.endswith(",") for word in words)):
        return [item for word in words if (item := word.rstrip(","))]
    items = [item.strip() for item in text.split(",") if item.strip()]
    for before, item in zip(["", *items], items, strict=False):
        _check_zeros(before, item, name)
    return items


def number_text(value: float) -> str:
    """``value`` as :func:`reglab.number_format.exact` prints it, with the minus that people type."""
    return exact(value).replace("−", "-")


def _unreadable(text: str, word: str) -> str:
    if word.strip("+-").lower() in ("nan", "inf", "infinity", "∞"):
        return f"{shown(text.strip())} is not a finite number; write a number such as 0.03."
    if sum(map(word.count, ",.")) > 1 and not word.strip("+-0123456789.,"):
        return f"cannot read {shown(text.strip())}; write the number without thousands separators, as in 1000.5."
    return f"cannot read {shown(text.strip())}; give a number such as 0, 0.03 or 1e-3."


def _check_zeros(before: str, item: str, name: str) -> None:
    """Refuse "01" between commas: nobody writes it, and the decimal comma of "0,01" is likely to be meant."""
    neighbour = before.rpartition(":")[2]
    for part in item.split(":"):
        digits = part.translate(_MINUS).lstrip("+-")
        if digits[:1] == "0" and digits[1:2].isdigit():
            if not neighbour.translate(_MINUS).lstrip("+-").isdecimal():
                raise NotANumber(f"{name}: {shown(part)} begins with a 0; write decimals with a point, as in 0.01.")
            raise NotANumber(
                f"{name}: {shown(f'{neighbour},{part}')} could be one number or two; write {clipped(neighbour)}."
                f"{clipped(part)}, or separate the values by semicolons, as in 0,001;0,01."
            )
        neighbour = ""
