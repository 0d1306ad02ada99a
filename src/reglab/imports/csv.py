"""CSV files of pixels: one image a row, with a label column, with or without a header, as on Kaggle.

A row has side² grey pixels, or 3·side² coloured ones in the order of rows, columns, channels. Cells are text until they
are numbers: nothing in a file is a formula here.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

import numpy as np
from numpy.typing import NDArray

from reglab.errors import DataError, shown
from reglab.imports.entry import Format, Pixels, Reading, Source
from reglab.imports.parts import PARTS, Part, part_in
from reglab.imports.text import class_names, echoed, in_order
from reglab.imports.tree import DAMAGED, BadFile, Member

_LABELS = ("label", "labels", "class", "target", "y", "category", "emotion")
_MOST_SIDE = 224
_LINE = 4 * (3 * _MOST_SIDE**2 + 64)  # characters of a row at most
_CELLS = 2_000_000  # that are parsed at a time
_FEWEST = 17  # columns: 4×4 pixels and a label


@dataclass(frozen=True)
class _Layout:
    """The form of a file's rows: ``label`` is the place of the label, ``columns`` the number of cells."""

    header: tuple[str, ...] | None
    delimiter: str
    columns: int
    label: int
    side: int
    channels: int


def _recognises(source: Source) -> bool:
    if source.kind == "file":
        return b"\0" not in source.head and _delimiter(source.head.decode("utf-8", "replace")) is not None
    names = [member.name for member in source.tree.members]
    return bool(names) and any(name.lower().endswith(".csv") for name in names) and len(_tables(source)) == len(names)


def _tables(source: Source) -> dict[Part, Member]:
    """The file of each part; a single one is the training part."""
    members = source.tree.members
    if len(members) == 1:
        return {"train": members[0]}
    found = {
        part: m for m in members if m.name.lower().endswith(".csv") and (part := part_in(PurePosixPath(m.name).name))
    }
    return {part: found[part] for part in PARTS if part in found}


def _read(source: Source) -> Reading:
    tables = _tables(source)
    if "train" not in tables:
        raise DataError("There are several CSV files, and none with train in its name.")
    layouts, raw = {}, {}
    for part, member in tables.items():
        layouts[part] = _layout(source, member)
        raw[part] = [cell for _, cell, _ in _rows(source, member, layouts[part])]
    forms = {(one.side, one.channels) for one in layouts.values()}
    if len(forms) > 1:
        raise DataError("The CSV files have different numbers of columns.")
    values = in_order(list({cell for cells in raw.values() for cell in cells}))
    if len(values) > source.limits.classes:
        column = _named(layouts["train"], layouts["train"].label)
        raise DataError(
            f"The label {column} has {len(values):,} different values; at most {source.limits.classes:,} classes are "
            "imported. Name the label column if it is another."
        )
    numbers = {value: number for number, value in enumerate(values)}
    labels = {part: np.array([numbers[cell] for cell in cells], np.int64) for part, cells in raw.items()}
    total = sum(map(len, labels.values()))
    one = layouts["train"]
    remarks = (
        f"The label is {_named(one, one.label)}; the other {one.columns - 1:,} columns are {one.side}×{one.side} pixels"
        + (" of 3 channels, the channels of a pixel beside each other." if one.channels == 3 else "."),
    )
    blocks = lambda again: _blocks(again, tables, layouts, labels)  # noqa: E731
    return Reading(total, class_names(values), blocks, remarks=remarks)


def _layout(source: Source, member: Member) -> _Layout:
    """The form of the file ``member``, from its first two rows, and from all labels where two columns could be them."""
    lines = _lines(source, member)
    _, first = next(lines, (0, ""))
    delimiter = _delimiter(first) or ","
    top = _cells(first, delimiter)
    columns = len(top)
    _, second = next(lines, (0, ""))
    if not second:
        raise DataError(f"{echoed(member.name)} has no rows below its first line.")
    words = [cell.strip().lower() for cell in top if not _is_number(cell)]
    header = tuple(top) if len(words) > 1 or set(words) & {*_LABELS, (source.asked.label or "").lower()} else None
    side, channels = _form(member, columns)
    label = _label(source, member, header, delimiter, columns)
    return _Layout(header, delimiter, columns, label, side, channels)


def _form(member: Member, columns: int) -> tuple[int, int]:
    """Side and channels of images of ``columns`` − 1 pixels; side² is never 3·side² of another side."""
    for channels in (1, 3):
        side = math.isqrt((columns - 1) // channels)
        if side * side * channels == columns - 1 and 4 <= side <= _MOST_SIDE:
            return side, channels
    raise DataError(
        f"{echoed(member.name)} has {columns:,} columns; a label and side² pixels, or 3·side² for colours, are needed."
    )


def _label(source: Source, member: Member, header: tuple[str, ...] | None, delimiter: str, columns: int) -> int:
    """The place of the label column: as asked, by its name, or the first or last, whichever looks like labels."""
    asked, last = source.asked.label, columns - 1
    if asked in ("first", "last"):
        return 0 if asked == "first" else last
    names = [name.strip().lower() for name in header or ()]
    for name in (asked.strip().lower(),) if asked else _LABELS:
        if name in names:
            return names.index(name)
    if asked:
        raise DataError(f"{echoed(member.name)} has no column {shown(asked)}.")
    kinds: list[set[str]] = [set(), set()]
    for number, line in _lines(source, member):
        if number > 1 or header is None:
            cells = (line.partition(delimiter)[0], line.rpartition(delimiter)[2])
            for kind, cell in zip(kinds, cells, strict=True):
                kind.add(cell.strip().strip('"'))
    first, end = (_plausible(kind, source.limits.classes) for kind in kinds)
    if first == end and first:
        raise DataError(
            f"The first and the last column of {echoed(member.name)} could both be the label; name the label column: "
            "first or last."
        )
    if not first and not end:
        raise DataError(f"Neither the first nor the last column of {echoed(member.name)} looks like labels; name it.")
    return 0 if first else last


def _plausible(values: set[str], most: int) -> bool:
    """Whether a column with these values can be the label: at least two, and few; not those of a pixel in a corner."""
    if any(value and not _is_number(value) for value in values):
        return len(values) <= most
    return 2 <= len(values) <= most and max(map(float, values)) == len(values) - 1 + min(map(float, values))


def _lines(source: Source, member: Member) -> Iterator[tuple[int, str]]:
    """(number from 1, line) of the lines that are not empty."""
    name = echoed(member.name)
    try:
        with source.tree.open(member) as raw:
            text = io.TextIOWrapper(raw, "utf-8-sig", newline=None)
            number = 0
            while line := text.readline(_LINE + 1):
                number += 1
                if len(line) > _LINE:
                    raise DataError(f"Line {number:,} of {name} has more than {_LINE:,} characters.")
                if number > source.limits.images + 1:
                    raise DataError(f"{name} has more than {source.limits.images:,} rows.")
                if line.strip():
                    yield number, line.rstrip("\n")
    except UnicodeDecodeError:
        raise DataError(f"{name} is not UTF-8 text.") from None
    except BadFile as fault:
        raise DataError(f"{name} {fault}.") from None
    except DAMAGED:
        raise DataError(f"{name} is damaged in the zip file.") from None


def _rows(source: Source, member: Member, layout: _Layout) -> Iterator[tuple[int, str, str]]:
    """(line number, label, the other cells as text) of each row."""
    lines = _lines(source, member)
    if layout.header is not None:
        next(lines)
    for number, line in lines:
        if line.count(layout.delimiter) == layout.columns - 1 and '"' not in line:
            label, rest = _parted(line, layout)
        else:
            cells = _cells(line, layout.delimiter)
            if len(cells) != layout.columns:
                raise DataError(
                    f"Line {number:,} of {echoed(member.name)} has {len(cells):,} cells; "
                    f"the first has {layout.columns:,}."
                )
            label, rest = cells.pop(layout.label), layout.delimiter.join(cells)
        if not label.strip():
            raise DataError(f"Line {number:,} of {echoed(member.name)} has no label.")
        yield number, label.strip(), rest


def _parted(line: str, layout: _Layout) -> tuple[str, str]:
    if layout.label == 0:
        label, _, rest = line.partition(layout.delimiter)
    elif layout.label == layout.columns - 1:
        rest, _, label = line.rpartition(layout.delimiter)
    else:
        cells = line.split(layout.delimiter)
        label = cells.pop(layout.label)
        rest = layout.delimiter.join(cells)
    return label, rest


def _blocks(
    source: Source,
    tables: Mapping[Part, Member],
    layouts: Mapping[Part, _Layout],
    labels: Mapping[Part, NDArray[np.int64]],
) -> Iterator[Pixels]:
    for part, member in tables.items():
        layout, at = layouts[part], 0
        step = max(1, _CELLS // layout.columns)
        rows: list[tuple[int, str]] = []
        for number, _, rest in _rows(source, member, layout):
            rows.append((number, rest))
            if len(rows) == step:
                yield _block(part, member, layout, labels[part], at, rows)
                at, rows = at + len(rows), []
        if rows:
            yield _block(part, member, layout, labels[part], at, rows)


def _block(
    part: Part, member: Member, layout: _Layout, labels: NDArray[np.int64], at: int, rows: Sequence[tuple[int, str]]
) -> Pixels:
    try:
        lines = [rest for _, rest in rows]
        values = np.loadtxt(lines, np.float64, comments=None, delimiter=layout.delimiter, ndmin=2)
        fine = bool(((values >= 0) & (values <= 255) & (values == np.floor(values))).all())
    except ValueError:
        fine = False
    if not fine:
        raise DataError(_first_fault(member, layout, rows))
    shape = (len(rows), layout.side, layout.side, layout.channels)
    return Pixels(part, labels[at : at + len(rows)], values.astype(np.uint8).reshape(shape), at)


def _first_fault(member: Member, layout: _Layout, rows: Sequence[tuple[int, str]]) -> str:
    """The sentence about the first cell that is no pixel."""
    for number, rest in rows:
        for place, cell in enumerate(rest.split(layout.delimiter)):
            if not (_is_number(cell) and 0 <= float(cell) <= 255 and float(cell) == math.floor(float(cell))):
                column = _named(layout, place + (place >= layout.label))
                return (
                    f"Line {number:,} of {echoed(member.name)} has {shown(cell.strip())} in {column}; pixels are whole "
                    "numbers from 0 to 255."
                )
    return f"{echoed(member.name)} has cells that are no pixels from 0 to 255."


def _named(layout: _Layout, column: int) -> str:
    name = f" ({echoed(layout.header[column])})" if layout.header else ""
    return f"column {column + 1:,}{name}"


def _delimiter(text: str) -> str | None:
    """The separator of the first line, where it has enough of it."""
    line = text.partition("\n")[0]
    counts = {mark: line.count(mark) for mark in (",", ";", "\t")}
    best = max(counts, key=lambda mark: counts[mark])
    return best if counts[best] >= _FEWEST - 1 else None


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return line.split(delimiter)


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


ENTRY = Format(
    name="csv",
    label="CSV of pixels",
    order=40,
    about="One image a row, pixels from 0 to 255 and a label column, with a header or without one (as on Kaggle).",
    recognises=_recognises,
    read=_read,
)
