"""Class folders of image files, as torchvision's ImageFolder reads them, perhaps below train, val and test."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from reglab.errors import DataError
from reglab.imports.entry import Files, Format, Reading, Source
from reglab.imports.parts import PARTS, Part, part_named
from reglab.imports.text import class_names, echoed, in_order
from reglab.imports.tree import Member

_BATCH, _BATCH_BYTES = 64, 4 * 2**20
_NAMED = 5


class _Placed(NamedTuple):
    part: Part
    folder: str
    member: Member


def _recognises(source: Source) -> bool:
    return source.kind != "file"


def _read(source: Source) -> Reading:
    placed, loose, depth = _placed(source.tree.members)
    if not placed:
        what = f"; it has {echoed(loose[0].name)}" if loose else ""
        raise DataError(
            f"{echoed(source.path.name)} has no folder of images for each class, as cats/1.png and dogs/1.png{what}."
        )
    folders = in_order(list({one.folder for one in placed}))
    if len(folders) > source.limits.classes:
        raise DataError(f"There are {len(folders):,} class folders; at most {source.limits.classes:,} are imported.")
    if len(placed) > source.limits.images:
        raise DataError(f"There are {len(placed):,} files; at most {source.limits.images:,} images are imported.")
    numbers = {folder: number for number, folder in enumerate(folders)}
    bad = tuple((one.name, one.fault or "lies in no class folder") for one in loose)
    empty = [name.split("/")[-1] for name in source.tree.empty if len(name.split("/")) in (depth + 1, depth + 2)]
    empty = [name for name in in_order(list(dict.fromkeys(empty))) if name not in numbers and not part_named(name)]
    remarks = tuple(f"The folder {echoed(name)} is empty and makes no class." for name in empty[:_NAMED])
    return Reading(len(placed), class_names(folders), lambda again: _blocks(again, placed, numbers), bad, remarks)


def _placed(members: Sequence[Member]) -> tuple[list[_Placed], list[Member], int]:
    """The files with their part and class folder, by part; those in no class folder; and how many outer folders all
    share.
    """
    inside = [(member, member.name.split("/")) for member in members]
    depth = _common(names for _, names in inside if len(names) > 1)
    parted = _parted([names[depth:] for _, names in inside])
    placed, loose = [], []
    for member, names in inside:
        rest = names[depth:]
        part = part_named(rest[0]) if parted and rest else None
        rest = rest[1:] if part else rest
        if len(rest) < 2 or (parted and part is None):
            loose.append(member)
        else:
            placed.append(_Placed(part or "train", rest[0], member))
    return sorted(placed, key=lambda one: (PARTS.index(one.part), one.member.name)), loose, depth


def _common(files: Iterator[list[str]]) -> int:
    """How many outer folders all files share, below which there still are folders of most of them."""
    paths = list(files)
    depth = 0
    while paths and len({names[depth] for names in paths}) == 1:
        deep = [names for names in paths if len(names) > depth + 2]
        if 2 * len(deep) <= len(paths):
            break
        paths, depth = deep, depth + 1
    return depth


def _parted(paths: list[list[str]]) -> bool:
    """Whether the outer folders are parts: one for training, and others that are parts too."""
    outer = Counter(names[0] for names in paths if len(names) > 2)
    parts = {part_named(name) for name in outer}
    return "train" in parts and len(parts - {None}) > 1


def _blocks(source: Source, placed: Sequence[_Placed], numbers: dict[str, int]) -> Iterator[Files]:
    batch: list[_Placed] = []
    size = 0
    for one in placed:
        if batch and (one.part != batch[0].part or len(batch) >= _BATCH or size + one.member.size > _BATCH_BYTES):
            yield _files(source, batch, numbers)
            batch, size = [], 0
        batch.append(one)
        size += one.member.size
    if batch:
        yield _files(source, batch, numbers)


def _files(source: Source, batch: Sequence[_Placed], numbers: dict[str, int]) -> Files:
    most = source.limits.member_bytes
    labels, names = [numbers[one.folder] for one in batch], [one.member.name for one in batch]
    return Files(batch[0].part, labels, names, [source.tree.data(one.member, most) for one in batch])


ENTRY = Format(
    name="image_folder",
    label="Class folders of images",
    order=90,
    about="A folder or zip file with one folder of images a class, perhaps below train, val and test (ImageFolder).",
    recognises=_recognises,
    read=_read,
)
