"""Fields with one line a class: the confusion map of asymmetric label noise, and shares of wrong labels by class."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reglab.errors import SpecError, shown
from reglab.number_text import NotANumber, number_text, read_number


@dataclass(frozen=True)
class ClassMap:
    """A field that belongs to this ``kind`` of label noise; its lines are like ``example``."""

    kind: str
    example: str
    separator: str
    numbers: bool


MAPS: Mapping[str, ClassMap] = {
    "data.noise_map": ClassMap("asymmetric", "3 -> 8", "->", numbers=False),
    "data.noise_by_class": ClassMap("per_class", "3: 0.4", ":", numbers=True),
}
"""Dotted setting → its field."""


def map_text(setting: str, values: Mapping[str, Any]) -> str:
    """``{"3": "8"}`` as one ``3 -> 8`` a line, ``{"3": 0.4}`` as ``3: 0.4``."""
    separator = " -> " if MAPS[setting].separator == "->" else ": "
    return "\n".join(
        f"{name}{separator}{number_text(own) if MAPS[setting].numbers else own}" for name, own in values.items()
    )


def map_from(setting: str, title: str, text: str | None) -> dict[str, Any]:
    """The reverse of :func:`map_text`; a colon may stand for the arrow.

    :raises SpecError: a line is not that, or a class has two.
    """
    own, found = MAPS[setting], dict[str, Any]()
    for line in filter(str.strip, (text or "").splitlines()):
        separator = own.separator if own.separator in line else ":"
        name, _, value = (part.strip() for part in line.rpartition(separator))
        if not name or not value:
            raise SpecError(f"{title}: cannot read {shown(line.strip())}; write a line such as {own.example}.")
        if name in found:
            raise SpecError(f"{title}: {shown(name)} has two lines; keep one of them.")
        found[name] = _number(title, name, value) if own.numbers else value
    return found


def is_idle(setting: str, noise_kind: Any) -> bool:
    """Whether ``setting`` is a map of another kind of label noise; its text then stays, unread."""
    return setting in MAPS and noise_kind != MAPS[setting].kind


def _number(title: str, name: str, value: str) -> float:
    try:
        return read_number(value)
    except NotANumber as error:
        raise SpecError(f"{title}: {shown(name)}: {error}") from None
