"""Image sets of Hugging Face saved as Parquet: a column of image bytes, one of labels, parts by the files' names."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reglab.errors import DataError
from reglab.imports.entry import Files, Format, Reading, Source
from reglab.imports.frames import received
from reglab.imports.parts import PARTS, Part, part_in
from reglab.imports.text import class_names, echoed, in_order
from reglab.imports.tree import Data, FolderTree, Member

_BATCH = 64


def _recognises(source: Source) -> bool:
    if source.kind == "file":
        return source.head.startswith(b"PAR1")
    return any(member.name.lower().endswith(".parquet") for member in source.tree.members)


def _read(source: Source) -> Reading:
    if not isinstance(source.tree, FolderTree):
        raise DataError("Parquet files are read from a folder or one by one; unpack the zip file.")
    files = _files(source)
    raw: dict[Part, list[int | str]] = {}
    names: list[str] | None = None
    for part, members in files.items():
        for member in members:
            names, labels = _labels(source, member)
            raw.setdefault(part, []).extend(labels)
    values = {value for labels in raw.values() for value in labels}
    if len({type(value) for value in values}) > 1:
        raise DataError("Some Parquet files have text as labels, others numbers.")
    if len(values) > source.limits.classes:
        raise DataError(
            f"The labels have {len(values):,} values; at most {source.limits.classes:,} classes are imported."
        )
    ordered, classes = _classes(values, names)
    places = {value: place for place, value in enumerate(ordered)}
    labels_of = {part: np.array([places[value] for value in labels], np.int64) for part, labels in raw.items()}
    total = sum(map(len, raw.values()))
    return Reading(total, classes, lambda again: _blocks(again, files, labels_of))


def _files(source: Source) -> dict[Part, list[Member]]:
    """The files of each part; those that name none are training files."""
    members = [member for member in source.tree.members if source.kind == "file" or member.name.endswith(".parquet")]
    parts: dict[Part, list[Member]] = {}
    for member in members:
        if member.fault:
            raise DataError(f"{echoed(member.name)} {member.fault}.")
        parts.setdefault(part_in(PurePosixPath(member.name).name) or "train", []).append(member)
    if len(members) == 1:
        return {"train": members}
    return {part: parts[part] for part in PARTS if part in parts}


def _classes(values: set[int | str], names: list[str] | None) -> tuple[list[Any], tuple[str, ...]]:
    """The labels in order, and the names of their classes."""
    ordered: list[Any] = in_order(list(map(str, values))) if any(isinstance(v, str) for v in values) else sorted(values)
    if names is None:
        return ordered, class_names([str(value) for value in ordered])
    if wrong := next((value for value in ordered if not 0 <= value < len(names)), None):
        raise DataError(f"A Parquet file has the label {wrong} and names {len(names)} classes.")
    return ordered, class_names([names[value] for value in ordered])


def _labels(source: Source, member: Member) -> tuple[list[str] | None, list[int | str]]:
    labels: list[int | str] = []
    frames = _frames(source, member, "labels")
    facts, _ = next(frames)
    if facts["rows"] > source.limits.images:
        raise DataError(f"{echoed(member.name)} has {facts['rows']:,} rows; at most {source.limits.images:,} are read.")
    for batch, _ in frames:
        labels += batch
        if len(labels) > source.limits.images:
            raise DataError(f"{echoed(member.name)} has more than {source.limits.images:,} rows.")
    return facts["names"], labels


def _blocks(
    source: Source, files: Mapping[Part, Sequence[Member]], labels: Mapping[Part, NDArray[np.int64]]
) -> Iterator[Files]:
    for part, members in files.items():
        at = 0
        for member in members:
            for first, data in _batches(source, member):
                own = labels[part][at : at + len(data)].tolist()
                if len(own) < len(data):
                    raise DataError(f"{echoed(member.name)} has more images than labels.")
                yield Files(part, own, [f"{member.name}, row {first + n + 1:,}" for n in range(len(data))], data)
                at += len(data)


def _batches(source: Source, member: Member) -> Iterator[tuple[int, list[Data]]]:
    """(number of the first row, images or reasons), some rows at a time."""
    waiting: list[Data] = []
    size = 0
    first = 0
    for described, blob in _frames(source, member, "images"):
        at = 0
        for each in described:
            waiting.append(each if isinstance(each, str) else blob[at : at + each])
            at += 0 if isinstance(each, str) else each
        size += at
        if len(waiting) >= _BATCH or size > 4 * 2**20:
            yield first, waiting
            first, waiting, size = first + len(waiting), [], 0
    if waiting:
        yield first, waiting


def _frames(source: Source, member: Member, what: str) -> Iterator[tuple[Any, bytes]]:
    """The answers of :mod:`reglab.imports.parquet_rows` about a file.

    :raises DataError: it refuses the file, or did not survive it.
    """
    assert isinstance(source.tree, FolderTree)
    path: Path = source.tree.root / member.name
    command = [sys.executable, "-m", "reglab.imports.parquet_rows", str(path), what, source.asked.label or ""]
    environment = {**os.environ, "ARROW_DEFAULT_MEMORY_POOL": "system", "MALLOC_ARENA_MAX": "1", "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
    ) as process:
        try:
            while (frame := _next(process)) is not None:
                if isinstance(frame[0], dict) and "refused" in frame[0]:
                    raise DataError(f"{echoed(member.name)} {frame[0]['refused']}.")
                yield frame
            if process.wait():
                raise DataError(f"{echoed(member.name)} cannot be read: it is damaged, or needs too much memory.")
        finally:
            process.kill()


def _next(process: subprocess.Popen[bytes]) -> tuple[Any, bytes] | None:
    try:
        return received(process.stdout)
    except EOFError:
        return None


ENTRY = Format(
    name="parquet",
    label="Parquet (Hugging Face)",
    order=30,
    about="An image dataset as Parquet: image bytes and a label, parts by file names (train-, validation-, test-).",
    recognises=_recognises,
    read=_read,
)
