"""Understanding a set of images: everything is read once and decoded, nothing is saved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median_low

import numpy as np

from reglab.datasets.dataset import Progress, silent
from reglab.errors import DataError
from reglab.imports import decoding
from reglab.imports.decoders import Batch, Seen, decoded
from reglab.imports.decoding import Target, resized, size_of
from reglab.imports.duplicates import duplicates_of
from reglab.imports.entry import FORMATS, Asked, Files, Format, Pixels, Reading, Source
from reglab.imports.found import BadFiles, Choices, Found, Images
from reglab.imports.limits import LEAST_SIDE, MOST_SIDE, Limits
from reglab.imports.pace import Pace
from reglab.imports.parts import PARTS, Part
from reglab.imports.spool import DIGEST_BYTES, Spool, room_left
from reglab.imports.text import cleaned, counted, echoed, proposed_name
from reglab.imports.tree import BadFile, content, head_of, kind_of, opened_tree
from reglab.number_format import gib

_NAMED = 20
_SIDES = (224, 192, 160, 128, 96, 64, 48, 32, 28)
_SAMPLE = 200
_HEAD = 64 * 1024
_MOST = 64 * 2**20
_REMARKS = {
    decoding.ANIMATED: "{} more than one frame; the first is taken.",
    decoding.DEEP: "{} 16 bits a pixel; the upper 8 are kept.",
    decoding.TURNED: "{} turned as the EXIF data say.",
    decoding.CMYK: "{} CMYK, converted to RGB without a colour profile.",
    decoding.CLEAR: "{} transparent; the colours behind the transparency are taken.",
    decoding.MISNAMED: "{} of another kind than the ending says; the content counts.",
}
_HAVE = (decoding.ANIMATED, decoding.DEEP)


def understand(
    path: Path,
    limits: Limits | None = None,
    progress: Progress = silent,
    asked: Asked | None = None,
    scratch: Path | None = None,
    room: int | None = None,
) -> Found:
    """What is at ``path``: a file, a zip file or a folder. Nothing is written but a file without a name in ``scratch``.

    ``room``: bytes that such files of this process may take together.

    :raises DataError: one sentence: nothing there can be imported, or it is more than ``limits`` allow.
    """
    path = _resolved(path)
    with opened_source(path, limits or Limits(), asked or Asked()) as source:
        entry = recognised(source)
        reading = entry.read(source)
        if not reading.total:
            raise DataError(f"{echoed(path.name)} holds no images.")
        target = _fitting(_first_target(source, reading), reading.total, room_left(scratch, room), asked)
        look = _Look(reading, Spool(target, scratch, reading.total), Pace(progress, "Reading", reading.total))
        look.at_all(source)
    return look.found(entry, source)


@contextmanager
def opened_source(path: Path, limits: Limits, asked: Asked) -> Iterator[Source]:
    """The files at ``path``, for as long as the block lasts."""
    kind = kind_of(path)
    with opened_tree(path, limits) as tree:
        yield Source(path, kind, head_of(path, _HEAD) if kind == "file" else b"", tree, limits, asked)


def recognised(source: Source) -> Format:
    """The format of ``source``.

    :raises DataError: none knows it.
    """
    entry = next((entry for entry in FORMATS.entries.values() if entry.recognises(source)), None)
    if entry is None:
        known = ", ".join(entry.label for entry in FORMATS.entries.values())
        what = _kind_of_file(source)
        raise DataError(f"{echoed(source.path.name)} {what}; a set of images is one of: {known}.")
    return entry


def _kind_of_file(source: Source) -> str:
    if not source.head:
        return "is empty"
    try:
        with decoding.quiet():
            size_of(content(source.tree.data(source.tree.members[0], _MOST)), source.limits.pixels)
    except BadFile as fault:
        if "archive" in str(fault):
            return "is an archive other than a zip file"
        return "is not recognised" if "no image" in str(fault) else str(fault)
    except IndexError:
        return "is a hidden file"
    return "is a single image"


def _resolved(path: Path) -> Path:
    try:
        return path.resolve(strict=True)
    except (OSError, ValueError, RuntimeError) as error:
        why = getattr(error, "strerror", None) or "it is no path"
        raise DataError(f"{echoed(str(path))} cannot be read: {why}.") from None


def _first_target(source: Source, reading: Reading) -> Target:
    """The form in which the images are decoded: as asked, else as a sample of them has it."""
    sizes: list[tuple[int, int]] = []
    coloured = False
    for block in reading.blocks(source):
        if isinstance(block, Pixels):
            own = [(block.pixels.shape[2], block.pixels.shape[1], block.pixels.shape[3] == 3)]
        else:
            own = list(_headers(block, source.limits))
        sizes += [(width, height) for width, height, _ in own]
        coloured |= any(colours for _, _, colours in own)
        if isinstance(block, Pixels) or len(sizes) >= _SAMPLE:
            break
    asked = source.asked
    coloured = coloured if asked.colour is None else asked.colour == "rgb"
    return Target(asked.side or proposed_side(sizes), 3 if coloured else 1, asked.fit, source.limits.pixels)


def _fitting(target: Target, images: int, room: int, asked: Asked | None) -> Target:
    """``target``, or one with a smaller side where so many images would take more than ``room`` bytes.

    :raises DataError: even the smallest, or the one that was ``asked`` for, takes more.
    """
    fixed = asked is not None and asked.side is not None
    sides = (target.side,) if fixed else (target.side, *_SIDES, LEAST_SIDE)
    for side in sides:
        smaller = replace(target, side=side)
        if side <= target.side and images * smaller.bytes <= room:
            return smaller
    raise DataError(
        f"{images:,} images of {side}×{side} pixels need {gib(images * smaller.bytes)} while they are read, and "
        f"there is room for {gib(max(0, room))}."
    )


def _headers(block: Files, limits: Limits) -> Iterator[tuple[int, int, bool]]:
    """Width, height and whether there may be colours, of the images whose headers can be read."""
    with decoding.quiet():
        for data in block.data:
            with suppress(BadFile):
                yield size_of(content(data), limits.pixels)


def proposed_side(sizes: Sequence[tuple[int, int]]) -> int:
    """The side of saved images: their own where all are square and alike, else a usual one that half of them reach."""
    own = set(sizes)
    if len(own) == 1 and (only := next(iter(own)))[0] == only[1] and LEAST_SIDE <= only[0] <= MOST_SIDE:
        return only[0]
    middle = median_low([min(size) for size in sizes]) if sizes else _SIDES[-1]
    return next((side for side in _SIDES if side <= middle), max(LEAST_SIDE, min(middle, MOST_SIDE)))


@dataclass
class _Look:
    """What is collected while all images are decoded once."""

    reading: Reading
    spool: Spool
    pace: Pace
    labels: list[int] = field(default_factory=list)
    parts: list[int] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    digests: dict[int, bytes] = field(default_factory=dict)
    sizes: Counter[tuple[int, int]] = field(default_factory=Counter)
    marks: Counter[int] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    bad: list[tuple[int, str, str]] = field(default_factory=list)
    done: int = 0

    def at_all(self, source: Source) -> None:
        """Decode everything; what cannot be used is counted."""
        for name, reason in self.reading.bad:
            self._refuse(-1, name, reason)
        for batch, seen in decoded(self._batches(source), self.spool, self.reading.total):
            for number, one in enumerate(seen):
                self._note(batch, number, one)
            self._advance(len(seen))

    def _batches(self, source: Source) -> Iterator[Batch]:
        """The encoded images; decoded ones are put into the spool at once."""
        for block in self.reading.blocks(source):
            first = len(self.labels)
            self.labels += [int(label) for label in block.labels]
            self.parts += [PARTS.index(block.part)] * len(block.labels)
            if isinstance(block, Files):
                self.names += [echoed(name) for name in block.names]
                yield Batch(first, block.names, block.data)
            else:
                self.names += [f"{block.part} image {block.first + n + 1:,}" for n in range(len(block.labels))]
                self._put(first, block)

    def _put(self, first: int, block: Pixels) -> None:
        n, height, width, channels = block.pixels.shape
        target = self.spool.target
        if (height, width, channels) == (target.side, target.side, target.channels):
            digests = self.spool.put_all(first, np.ascontiguousarray(block.pixels))
            coloured = channels == 3 and bool((block.pixels != block.pixels[..., :1]).any())
        else:
            made = [resized(pixels, target) for pixels in block.pixels]
            digests = [self.spool.put(first + number, image) for number, (image, _) in enumerate(made)]
            coloured = any(colours for _, colours in made)
        self.digests.update(enumerate(digests, first))
        self.marks[decoding.COLOURED] += coloured
        self.sizes[width, height] += n
        self._advance(n)

    def _advance(self, images: int) -> None:
        self.done += images
        self.pace.report(self.done)

    def _note(self, batch: Batch, number: int, seen: Seen) -> None:
        slot = batch.first + number
        if seen.fault is not None:
            self._refuse(slot, batch.names[number], seen.fault)
            return
        self.digests[slot] = bytes.fromhex(seen.digest)
        self.sizes[seen.width, seen.height] += 1
        if seen.marks:
            for mark in (decoding.COLOURED, *_REMARKS):
                self.marks[mark] += bool(seen.marks & mark)

    def _refuse(self, slot: int, name: str, reason: str) -> None:
        self.reasons[reason] += 1
        if len(self.bad) < 50 * _NAMED:
            self.bad.append((slot, echoed(name), reason))

    def found(self, entry: Format, source: Source) -> Found:
        """What was understood of all this."""
        bad = BadFiles(self.reasons.total(), self._named(), dict(self.reasons.most_common()))
        if not self.digests:
            first = f"; the first, {bad.named[0][0]}, {bad.named[0][1]}" if bad.named else ""
            raise DataError(f"None of the {bad.total:,} files can be used{first}.")
        images, classes, counts, dropped = self._classes()
        digests = np.frombuffer(b"".join(self.digests[slot] for slot in images.slots.tolist()), f"V{DIGEST_BYTES}")
        by_pixels = sorted(self.sizes, key=lambda size: (size[0] * size[1], size))
        return Found(
            format=entry.label,
            path=source.path,
            classes=classes,
            counts=counts,
            sizes=tuple((*size, count) for size, count in self.sizes.most_common(12)),
            smallest=by_pixels[0],
            largest=by_pixels[-1],
            bad=bad,
            duplicates=duplicates_of(digests, images, self.names, self.spool.target.side),
            remarks=(*self.reading.remarks, *dropped, *self._remarks()),
            proposed=self._proposed(source),
            asked=source.asked,
            limits=source.limits,
            images=images,
            spool=self.spool,
        )

    def _named(self) -> tuple[tuple[str, str], ...]:
        return tuple((name, reason) for _, name, reason in sorted(self.bad)[:_NAMED])

    def _classes(self) -> tuple[Images, tuple[str, ...], dict[Part, tuple[int, ...]], list[str]]:
        """The images by class, those classes left out that have none; and sentences about them.

        :raises DataError: no training images are left, or fewer than two classes.
        """
        slots = np.array(sorted(self.digests), np.int64)
        labels, parts = np.array(self.labels, np.int64), np.array(self.parts, np.int8)
        present = np.unique(labels[slots])
        names = [self.reading.classes[number] for number in present]
        if len(present) < 2:
            raise DataError(f"There is one class, {echoed(names[0])}; two are needed to tell images apart.")
        lost = [self.reading.classes[number] for number in sorted(set(range(len(self.reading.classes))) - set(present))]
        images = Images(np.searchsorted(present, labels), parts, slots)
        counts: dict[Part, tuple[int, ...]] = {}
        for part in PARTS:
            own = images.labels[images.of(part)]
            if len(own):
                counts[part] = tuple(np.bincount(own, minlength=len(present)).tolist())
        if "train" not in counts:
            raise DataError("There are no training images that can be used.")
        missing = [name for name, count in zip(names, counts["train"], strict=True) if not count]
        return images, tuple(names), counts, [
            *(f"The class {echoed(name)} has no image that can be used and is left out." for name in lost[:5]),
            *(f"The class {echoed(name)} has no training image." for name in missing[:5]),
        ]  # fmt: skip

    def _remarks(self) -> list[str]:
        return [
            text.format(f"{counted(self.marks[mark], 'image')} {_verb(self.marks[mark], mark)}")
            for mark, text in _REMARKS.items()
            if self.marks[mark]
        ]

    def _proposed(self, source: Source) -> Choices:
        asked, name = source.asked, proposed_name(source.path)
        colour = asked.colour or ("rgb" if self.marks[decoding.COLOURED] else "grey")
        side = asked.side or proposed_side(list(self.sizes.elements()))
        return Choices(name, cleaned(source.path.stem) or name, side, colour, asked.fit)


def _verb(count: int, mark: int) -> str:
    one, more = ("has", "have") if mark in _HAVE else ("is", "are")
    return one if count == 1 else more
