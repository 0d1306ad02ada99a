"""idx files as of MNIST, gzipped or not, under any of their usual names, in a folder, a zip file or by themselves."""

from __future__ import annotations

import gzip
import math
import re
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import IO, Literal

import numpy as np
from numpy.typing import NDArray

from reglab.errors import DataError
from reglab.imports.arrays import check_images
from reglab.imports.entry import Format, Pixels, Reading, Source
from reglab.imports.labels import check_counts, numbered
from reglab.imports.parts import PARTS, Part, part_in
from reglab.imports.text import echoed
from reglab.imports.tree import DAMAGED, BadFile, FolderTree, Member

_Kind = Literal["images", "labels"]
_MAGIC = re.compile(rb"\0\0\x08[\1-\4]")
_GZIP = b"\x1f\x8b"
_CHUNK = 4 * 2**20


def _recognises(source: Source) -> bool:
    if source.kind == "file":
        return bool(_MAGIC.match(source.head)) or (source.head.startswith(_GZIP) and bool(_kind(source.path.name)))
    return {kind for member in source.tree.members if (kind := _kind(member.name))} == {"images", "labels"}


def _kind(name: str) -> _Kind | None:
    """Whether a file of this name has images or labels: ``train-images-idx3-ubyte.gz``, ``t10k-labels.idx1-ubyte``."""
    file = name.rpartition("/")[2].lower()
    if "idx" not in file and "ubyte" not in file:
        return None  # most files, by the cheapest look
    words = re.split(r"[^a-z0-9]+", file)
    if not {"idx1", "idx3", "idx4", "idx", "ubyte"} & set(words):
        return None
    return next((kind for kind in ("images", "labels") if kind in words or kind[:-1] in words), None)


def _pairs(source: Source) -> dict[Part, dict[_Kind, Member]]:
    """The files of each part; of a single file, those beside it that belong to it."""
    tree = source.tree
    members = tree.members if source.kind != "file" else _beside(source)
    found: dict[Part, dict[_Kind, Member]] = {}
    for member in members:
        kind, part = _kind(member.name), part_in(PurePosixPath(member.name).name) or "train"
        if kind and kind not in found.setdefault(part, {}):
            found[part][kind] = member
    return found


def _beside(source: Source) -> list[Member]:
    """The file itself and its partners in the same folder, which are named like it but for what they hold."""
    if not isinstance(source.tree, FolderTree):
        return list(source.tree.members)
    names = [path.name for path in sorted(source.path.parent.iterdir()) if _kind(path.name)]
    own = part_in(source.path.name)
    names = [name for name in names if part_in(name) == own]
    return [source.tree.member(name) for name in names]


def _read(source: Source) -> Reading:
    pairs = {part: pair for part, pair in _pairs(source).items() if pair}
    if "train" not in pairs and len(pairs) == 1:
        pairs = {"train": next(iter(pairs.values()))}  # a lone pair is what there is to train on
    for part, pair in pairs.items():
        if len(pair) < 2:
            raise DataError(f"The idx file with {next(iter(pair))} of the part {part} lacks its other half.")
    if "train" not in pairs:
        raise DataError("There is no pair of idx files such as train-images-idx3-ubyte and train-labels-idx1-ubyte.")
    raw: dict[Part, NDArray[np.uint8]] = {}
    for part in (part for part in PARTS if part in pairs):
        raw[part] = _labels(source, pairs[part]["labels"])
        with _opened(source, pairs[part]["images"]) as (_, shape):
            _check(pairs[part]["images"], shape, source)
        check_counts(part, shape[0], len(raw[part]))
    classes, labels = numbered(raw, source.limits.classes)
    images = {part: pairs[part]["images"] for part in raw}
    return Reading(sum(map(len, raw.values())), classes, lambda again: _blocks(again, images, labels))


def _labels(source: Source, member: Member) -> NDArray[np.uint8]:
    with _opened(source, member) as (file, shape):
        if len(shape) != 1 or shape[0] > source.limits.images:
            raise DataError(
                f"{echoed(member.name)} must hold one label an image, {source.limits.images:,} at most; it has "
                f"{'×'.join(map(str, shape))} values."
            )
        data = file.read(shape[0] + 1)
        _check_length(member, len(data), shape[0])
    return np.frombuffer(data, np.uint8)


def _check(member: Member, shape: tuple[int, ...], source: Source) -> None:
    check_images(echoed(member.name), shape, source.limits.images)
    if len(shape) == 4 and shape[3] not in (1, 3):
        raise DataError(f"{echoed(member.name)} holds {'×'.join(map(str, shape))} values; channels must come last.")


def _blocks(
    source: Source, images: Mapping[Part, Member], labels: Mapping[Part, NDArray[np.int64]]
) -> Iterator[Pixels]:
    for part, member in images.items():
        with _opened(source, member) as (file, shape):
            one, at = math.prod(shape[1:]), 0
            while at < shape[0]:
                n = min(max(1, _CHUNK // max(1, one)), shape[0] - at)
                data = file.read(n * one)
                _check_length(member, len(data), n * one)
                pixels = np.frombuffer(data, np.uint8).reshape(n, *shape[1:3], shape[3] if len(shape) == 4 else 1)
                yield Pixels(part, labels[part][at : at + n], pixels, at)
                at += n
            _check_length(member, len(file.read(1)), 0)


def _check_length(member: Member, has: int, wanted: int) -> None:
    if has != wanted:
        fault = "is truncated" if has < wanted else "is too long"
        raise DataError(f"{echoed(member.name)} {fault}: its header promises other than it has.")


@contextmanager
def _opened(source: Source, member: Member) -> Iterator[tuple[IO[bytes], tuple[int, ...]]]:
    """The values of an idx file, unpacked on the fly, and their shape."""
    name = echoed(member.name)
    try:
        with source.tree.open(member) as raw, _unpacked(raw) as file:
            magic = file.read(4)
            if not _MAGIC.fullmatch(magic):
                raise DataError(f"{name} is no idx file of unsigned bytes.")
            head = file.read(4 * magic[3])
            if len(head) < 4 * magic[3]:
                raise DataError(f"{name} is truncated.")
            yield file, struct.unpack(f">{magic[3]}I", head)
    except BadFile as fault:
        raise DataError(f"{name} {fault}.") from None
    except (*DAMAGED, gzip.BadGzipFile):
        raise DataError(f"{name} is truncated or damaged.") from None


def _unpacked(raw: IO[bytes]) -> IO[bytes]:
    zipped = raw.read(2) == _GZIP
    raw.seek(0)
    return gzip.GzipFile(fileobj=raw) if zipped else raw  # type: ignore[return-value]


ENTRY = Format(
    name="idx",
    label="idx files",
    order=20,
    about="Pairs as of MNIST: train-images-idx3-ubyte and train-labels-idx1-ubyte, t10k- for the test part.",
    recognises=_recognises,
    read=_read,
)
