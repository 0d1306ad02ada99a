"""An .npz file as of MedMNIST ({train,val,test}_{images,labels}) or Keras (x_train, y_train, x_test, y_test)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import IO, Any, Literal

import numpy as np
from numpy.typing import NDArray

from reglab.errors import DataError
from reglab.imports.arrays import ArrayHeader, as_images, check_images, chunks_of, header_of
from reglab.imports.entry import Format, Pixels, Reading, Source
from reglab.imports.labels import check_counts, numbered
from reglab.imports.parts import PARTS, Part, part_named
from reglab.imports.text import echoed
from reglab.imports.tree import DAMAGED, BadFile, Member

_MEDMNIST = re.compile(r"(?P<part>\w+)_(?P<kind>images?|labels?)\.npy")
_KERAS = re.compile(r"(?P<kind>[xy])_(?P<part>\w+)\.npy", re.IGNORECASE)
_Kind = Literal["images", "labels"]


def _recognises(source: Source) -> bool:
    members = source.tree.members
    return source.kind == "zip" and any(m.name.endswith(".npy") for m in members[:20])


def _pairs(source: Source) -> dict[Part, dict[_Kind, Member]]:
    """The array files of each part."""
    found: dict[Part, dict[_Kind, Member]] = {}
    for member in source.tree.members:
        match = _MEDMNIST.fullmatch(member.name) or _KERAS.fullmatch(member.name)
        part = part_named(match["part"]) if match else None
        if match and part:
            found.setdefault(part, {})["images" if match["kind"][0] in "ixX" else "labels"] = member
    return found


def _read(source: Source) -> Reading:
    pairs = _pairs(source)
    if set(pairs.get("train", {})) != {"images", "labels"}:
        names = ", ".join(echoed(member.name.removesuffix(".npy")) for member in source.tree.members[:6])
        raise DataError(f"The .npz file needs train_images and train_labels; it has {names or 'no arrays'}.")
    incomplete = next((part for part in pairs if len(pairs[part]) < 2), None)
    if incomplete:
        raise DataError(
            f"The .npz file has {next(iter(pairs[incomplete]))} of the part {incomplete}, and no other half."
        )
    raw: dict[Part, NDArray[Any]] = {}
    for part in (part for part in PARTS if part in pairs):
        raw[part] = _labels(source, pairs[part]["labels"])
        with _open(source, pairs[part]["images"]) as file:
            header = header_of(pairs[part]["images"].name, file, pairs[part]["images"].size)
        _check(header, source)
        check_counts(part, header.shape[0], len(raw[part]))
    classes, labels = numbered(raw, source.limits.classes)
    images = {part: pairs[part]["images"] for part in raw}
    return Reading(sum(map(len, raw.values())), classes, lambda again: _blocks(again, images, labels))


def _labels(source: Source, member: Member) -> NDArray[Any]:
    """Labels (n,) or (n, 1), whole numbers."""
    with _open(source, member) as file:
        header = header_of(member.name, file, member.size)
        if len(header.shape) == 2 and header.shape[1] > 1:
            raise DataError(
                f"{member.name} has {header.shape[1]} labels an image: such multi-label sets cannot be imported, "
                "because RegLab's CNNs choose one class an image."
            )
        if header.dtype.kind not in "ui" or len(header.shape) not in (1, 2) or header.shape[0] > source.limits.images:
            raise DataError(f"{member.name} must hold one whole number an image, {source.limits.images:,} at most.")
        return np.concatenate([np.zeros(0, header.dtype), *(chunk.reshape(-1) for chunk in chunks_of(header, file))])


def _check(header: ArrayHeader, source: Source) -> None:
    if header.dtype != np.uint8:
        raise DataError(f"{header.name} holds {header.dtype.name} values; save pixels as uint8, from 0 to 255.")
    check_images(header.name, header.shape, source.limits.images)


def _blocks(
    source: Source, images: Mapping[Part, Member], labels: Mapping[Part, NDArray[np.int64]]
) -> Iterator[Pixels]:
    for part, member in images.items():
        with _open(source, member) as file:
            at = 0
            for chunk in chunks_of(header_of(member.name, file, member.size), file):
                yield Pixels(part, labels[part][at : at + len(chunk)], as_images(chunk), at)
                at += len(chunk)


@contextmanager
def _open(source: Source, member: Member) -> Iterator[IO[bytes]]:
    try:
        with source.tree.open(member) as file:
            yield file
    except BadFile as fault:
        raise DataError(f"{echoed(member.name)} {fault}.") from None
    except DAMAGED:
        raise DataError(f"{echoed(member.name)} is damaged in the .npz file.") from None


ENTRY = Format(
    name="npz",
    label="NumPy arrays (.npz)",
    order=10,
    about="{train,val,test}_{images,labels} as in MedMNIST, or x_train, y_train, x_test, y_test as in Keras.",
    recognises=_recognises,
    read=_read,
)
