"""What an import has understood, before anything is saved, and what a person may choose then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reglab.imports.entry import Asked, Colour, Fit
from reglab.imports.limits import Limits
from reglab.imports.parts import PARTS, Part
from reglab.imports.spool import Spool


@dataclass(frozen=True)
class Choices:
    """How the set is saved: its ``name`` in specs, texts for people, ``side`` pixels, ``colour``, and ``fit``.

    ``classes``: names for the classes, in the order of those found; None keeps them.
    """

    name: str
    label: str
    side: int
    colour: Colour
    fit: Fit = "crop"
    about: str = ""
    licence: str = ""
    source: str = ""
    classes: tuple[str, ...] | None = None


@dataclass(frozen=True)
class BadFiles:
    """``total`` files cannot be used; ``named``: (name, reason) of the first of them; ``reasons``: how many of each."""

    total: int
    named: tuple[tuple[str, str], ...]
    reasons: Mapping[str, int]


@dataclass(frozen=True)
class Duplicates:
    """Images whose pixels are equal at the size of ``side``.

    ``within``: copies of another image of the same part; ``across``: images that also are in another part, so that
    the gap between the parts misleads; ``conflicts``: images with equal pixels and different labels. ``examples``:
    the names of such images, a few groups.
    """

    side: int
    within: int
    across: int
    conflicts: int
    examples: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, eq=False)
class Images:
    """Each image that was found: ``labels`` and parts by number, and the ``slots`` of those that can be used."""

    labels: NDArray[np.int64]
    parts: NDArray[np.int8]
    slots: NDArray[np.int64]

    def of(self, part: Part) -> NDArray[np.int64]:
        """The slots of the images of ``part``, in their order."""
        inside: NDArray[np.bool_] = self.parts[self.slots] == PARTS.index(part)
        return np.extract(inside, self.slots)


@dataclass(frozen=True, eq=False)
class Found:
    """What was understood: the ``format``'s label, ``classes``, images of each class by part, ``sizes`` of the files.

    ``sizes``: (width, height, images), the most frequent first; ``smallest`` and ``largest`` by pixels.
    ``proposed`` saves the set as it is best; ``remarks`` are sentences about what is done to the images.
    """

    format: str
    path: Path
    classes: tuple[str, ...]
    counts: Mapping[Part, tuple[int, ...]]
    sizes: tuple[tuple[int, int, int], ...]
    smallest: tuple[int, int]
    largest: tuple[int, int]
    bad: BadFiles
    duplicates: Duplicates
    remarks: tuple[str, ...]
    proposed: Choices
    asked: Asked = field(repr=False)
    limits: Limits = field(repr=False)
    images: Images = field(repr=False)
    spool: Spool = field(repr=False)

    @property
    def total(self) -> int:
        """Images that can be used."""
        return len(self.images.slots)
