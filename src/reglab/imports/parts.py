"""The parts of a set, train, val and test, by the names that people and archives give them."""

from __future__ import annotations

import re
from typing import Final, Literal, TypeAlias

Part: TypeAlias = Literal["train", "val", "test"]
PARTS: Final[tuple[Part, ...]] = ("train", "val", "test")

_NAMES: dict[str, Part] = {
    **dict.fromkeys(("train", "training", "trn"), PARTS[0]),
    **dict.fromkeys(("val", "valid", "validation", "dev"), PARTS[1]),
    **dict.fromkeys(("test", "testing", "t10k", "tst"), PARTS[2]),
}


def part_named(name: str) -> Part | None:
    """The part that ``name`` is a name of."""
    return _NAMES.get(name.strip().lower())


def part_in(name: str) -> Part | None:
    """The part that the file name ``name`` speaks of, as in ``train-00000-of-00002.parquet``."""
    words = re.split(r"[^a-z0-9]+", name.lower())
    return next((_NAMES[word] for word in words if word in _NAMES), None)
