"""A format of image sets: how it is recognised, and what it reads from the files of one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from reglab.imports.limits import Limits
from reglab.imports.parts import Part
from reglab.imports.tree import Data, Tree
from reglab.registry import Registry

Fit: TypeAlias = Literal["crop", "pad", "stretch"]
"""How an image that is not square becomes square: its middle, black margins, or another aspect ratio."""

Colour: TypeAlias = Literal["grey", "rgb"]


@dataclass(frozen=True)
class Asked:
    """What a person has decided before anything is read; None is left to what the files say.

    ``label``: the column with the labels of a table: its name, or first or last.
    """

    side: int | None = None
    colour: Colour | None = None
    fit: Fit = "crop"
    label: str | None = None


@dataclass(frozen=True)
class Source:
    """The files of a set: ``path``, what it is, its first bytes where it is a file, and its ``tree``."""

    path: Path
    kind: Literal["folder", "zip", "file"]
    head: bytes
    tree: Tree
    limits: Limits
    asked: Asked


@dataclass(frozen=True, eq=False)
class Files:
    """Encoded images of one part: ``labels`` are places in the names of the classes.

    ``data``: each image's bytes, where it is, or the reason why it cannot be read.
    """

    part: Part
    labels: Sequence[int]
    names: Sequence[str]
    data: Sequence[Data]


@dataclass(frozen=True, eq=False)
class Pixels:
    """Decoded images of one part: ``pixels`` (n, H, W, C), C 1 or 3; ``first``: place of the first in its part."""

    part: Part
    labels: NDArray[np.int64]
    pixels: NDArray[np.uint8]
    first: int


Block: TypeAlias = Files | Pixels


@dataclass(frozen=True)
class Reading:
    """What a format has found: ``total`` images of the ``classes``, which ``blocks(source)`` gives, as often as asked.

    ``bad``: files that are no part of the set, with the reasons; ``remarks``: sentences about how it was read.
    """

    total: int
    classes: tuple[str, ...]
    blocks: Callable[[Source], Iterator[Block]] = field(repr=False)
    bad: tuple[tuple[str, str], ...] = ()
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Format:
    """One format. ``recognises(source)`` looks at names and first bytes only; the first that does ``read``s it.

    ``read`` raises :class:`reglab.errors.DataError` with one sentence.
    """

    name: str
    label: str
    order: int
    about: str
    recognises: Callable[[Source], bool] = field(repr=False)
    read: Callable[[Source], Reading] = field(repr=False)


FORMATS: Registry[Format] = Registry("format", "reglab.imports", Format)
