"""What is wrong with images and labels, before anything is trained on them: one report, a pure function of both.

Absent and rare classes, the majority share, equal and near copies (:mod:`reglab.datasets.copies`) across the parts and
within them, equal images with different labels, constant and black images. Each finding has its count, examples and
what to do.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from reglab.datasets.composition import MAJORITY
from reglab.datasets.copies import Copies, Pictures, find_copies
from reglab.datasets.dataset import Progress, silent
from reglab.datasets.split import choose
from reglab.number_format import percent
from reglab.spec import TEST_FRACTION, DataSpec

FEW = 5
"""Images below which a class is rare."""

GRAVE = {"leak": 0.01, "near_leak": 0.05}
"""Share of leaked images from which it is a problem: similar images are near copies by chance."""

EXAMPLES, GROUP = 6, 4
"""Examples of a finding, and images of an example."""

Kind = Literal["absent", "few", "majority", "leak", "near_leak", "conflict", "repeated", "near", "constant", "black"]
Level = Literal["problem", "warning", "note"]


@dataclass(frozen=True)
class Place:
    """An image: the part that it is in, its place in the data set's images of that part, and its class."""

    part: str
    place: int
    label: int


@dataclass(frozen=True)
class Finding:
    """``count`` things of one kind: one ``sentence`` on what was found, what to do, and groups of images to look at."""

    kind: Kind
    level: Level
    count: int
    sentence: str
    remedy: str
    examples: tuple[tuple[Place, ...], ...] = ()


@dataclass(frozen=True)
class Health:
    """The report: the images of each part, those of each class in it, the share of the largest class, and findings, the
    gravest first.
    """

    images: dict[str, int]
    counts: dict[str, tuple[int, ...]]
    majority: tuple[str, float]
    findings: tuple[Finding, ...]

    def record(self) -> dict[str, Any]:
        """The report as JSON."""
        return asdict(self)


_SPLIT = (
    "name", "digest", "validation", "val_fraction", "test_fraction", "seed", "folds", "fold", "blocks", "block",
)  # fmt: skip

USUAL = DataSpec(train_size=None, test_fraction=TEST_FRACTION)
"""The split of a report that names no other."""


def whole(spec: DataSpec) -> DataSpec:
    """The split of ``spec`` with all images as they are: what makes data scarce, uneven or noisy is left out."""
    return DataSpec(train_size=None, **{name: getattr(spec, name) for name in _SPLIT})


def dataset_health(name: str, folder: Path, progress: Progress = silent, spec: DataSpec | None = None) -> Health:
    """The health of data set ``name`` in the split of ``spec``, by default the usual one, with all images.

    :raises DataError: it cannot be loaded.
    """
    chosen = choose(whole(spec or USUAL.model_copy(update={"name": name})), folder, progress)
    x, y, test = chosen.images.x.numpy(), chosen.images.y.numpy(), chosen.test
    parts = [Pictures("training", x, y, chosen.train), Pictures("validation", x, y, chosen.val)]
    if len(test.index):
        parts.append(Pictures("test", test.images.x.numpy(), test.images.y.numpy(), test.index))
    return health(parts, chosen.entry.classes, progress)


def health(parts: Sequence[Pictures], classes: Sequence[str], progress: Progress = silent) -> Health:
    """The report on ``parts`` of a data set, in the order in which a leak counts: training before validation and test.

    Parts without images are left out.
    """
    parts = [part for part in parts if len(part.places)]
    found = _All(parts, classes, find_copies(parts, progress))
    findings = [*found.leaks(), *found.conflicts(), *found.classes_of(), *found.flat(), *found.repeated()]
    order = ("problem", "warning", "note")
    counts = {part.name: tuple(part_counts(part, len(classes)).tolist()) for part in parts}
    progress("Done", 1.0)
    return Health(
        {part.name: len(part.places) for part in parts},
        counts,
        found.majority,
        tuple(sorted(findings, key=lambda one: order.index(one.level))),
    )


def part_counts(part: Pictures, n_classes: int) -> NDArray[np.int64]:
    """Images of each class in ``part``."""
    return np.bincount(part.labels[part.places], minlength=n_classes)


class _All:
    """All images of all parts, one after another: their labels, parts and copies."""

    def __init__(self, parts: Sequence[Pictures], classes: Sequence[str], copies: Copies) -> None:
        self.parts, self.classes, self.copies = parts, classes, copies
        self.labels = np.concatenate([part.labels[part.places] for part in parts])
        self.places = np.concatenate([part.places for part in parts])
        self.part = np.repeat(np.arange(len(parts)), [len(part.places) for part in parts])
        self.total = np.bincount(self.labels, minlength=len(classes))

    @property
    def majority(self) -> tuple[str, float]:
        largest = int(self.total.argmax())
        return self.classes[largest], float(self.total[largest] / self.total.sum())

    def leaks(self) -> Iterator[Finding]:
        """Images of a later part that have a copy in an earlier one: equal ones, and those that are only near."""
        for number in range(1, len(self.parts)):
            own = self.part == number
            equal = own & self._in_earlier(self.copies.exact, number)
            near = own & self._in_earlier(self.copies.near, number) & ~equal
            part, n = self.parts[number].name, int(own.sum())
            before = " or ".join(one.name for one in self.parts[:number])
            for kind, which, verb in (("leak", equal, "equal"), ("near_leak", near, "nearly equal")):
                if which.any():
                    yield self._leak(kind, which, part, n, f"{verb} to a {before} image")  # type: ignore[arg-type]

    def _leak(self, kind: Kind, which: NDArray[np.bool_], part: str, n: int, what: str) -> Finding:
        count = int(which.sum())
        groups = self.copies.exact if kind == "leak" else self.copies.near
        sentence = (
            f"{count:,} of {n:,} {part} images ({percent(count / n)}) {'is' if count == 1 else 'are'} {what}: "
            f"{part} accuracy is too high and the gap too small."
        )
        remedy = (
            "Remove the copies, or keep all copies of an image in one part."
            if kind == "leak"
            else "Look at the examples: views of one object or patient belong into one part."
        )
        level: Level = "problem" if count >= GRAVE[kind] * n else "warning"
        return Finding(kind, level, count, sentence, remedy, self._examples(groups, which))

    def conflicts(self) -> Iterator[Finding]:
        """Equal images with different labels."""
        groups = self.copies.exact
        several = np.zeros(int(groups.max()) + 1, np.bool_)
        first = np.full(len(several), -1)
        first[groups[::-1]] = self.labels[::-1]
        several[groups[self.labels != first[groups]]] = True
        which = several[groups]
        if which.any():
            count = int(which.sum())
            sentence = f"{count:,} images have an equal one with another label: no network can fit both."
            yield Finding(
                "conflict", "problem", count, sentence, "Correct or remove them.", self._examples(groups, which)
            )

    def classes_of(self) -> Iterator[Finding]:
        """Classes without or with few images, in all and in training, and a majority."""
        name, share = self.majority
        absent = self._named(self.total == 0)
        if absent:
            yield Finding(
                "absent", "problem", len(absent), f"No image shows {_listed(absent)}.", "Leave the class out."
            )
        few = self._named((self.total > 0) & (self.total < FEW))
        if few:
            sentence = f"Fewer than {FEW} images show {_listed(few)}: its accuracy says little."
            yield Finding("few", "warning", len(few), sentence, "Add images, or join the class with another.")
        untrained = self._named((self.total > 0) & (part_counts(self.parts[0], len(self.classes)) == 0))
        if untrained:
            sentence = f"No {self.parts[0].name} image shows {_listed(untrained)}."
            yield Finding("absent", "problem", len(untrained), sentence, "Add images of it, or leave the class out.")
        if share > max(MAJORITY, 1.2 / len(self.classes)):
            part = percent(share, 0)
            sentence = f"{part} of the images show {name}: always answering that is {part} accurate."
            remedy = "Read balanced accuracy; weight the classes in the loss."
            yield Finding("majority", "warning", int(self.total.max()), sentence, remedy)

    def flat(self) -> Iterator[Finding]:
        """Images of a single grey or colour, the black ones apart."""
        flat = self.copies.darkest == self.copies.brightest
        black = flat & (self.copies.brightest == 0)
        each = np.arange(len(flat))
        for kind, which, what in (("black", black, "all black"), ("constant", flat & ~black, "of a single value")):
            if which.any():
                count = int(which.sum())
                sentence = f"{count:,} image{' is' if count == 1 else 's are'} {what}: they show nothing."
                examples = self._examples(each, which)
                yield Finding(kind, "warning", count, sentence, "Remove them; a file may be damaged.", examples)  # type: ignore[arg-type]

    def repeated(self) -> Iterator[Finding]:
        """Copies within a part: images beyond the first of equal ones, and images with a near one."""
        for number, part in enumerate(self.parts):
            own = self.part == number
            equal = own & self._again(self.copies.exact, own)
            near = own & self._again(self.copies.near, own) & ~self._again(self.copies.exact, own)
            for kind, which, what in (("repeated", equal, "repeat"), ("near", near, "nearly repeat")):
                if which.any():
                    count, n = int(which.sum()), int(own.sum())
                    verb = what + ("s" if count == 1 else "")
                    sentence = f"{count:,} of {n:,} {part.name} images {verb} another one of them."
                    remedy = "They count several times; more than a few bring less than their number suggests."
                    groups = self.copies.exact if kind == "repeated" else self.copies.near
                    yield Finding(kind, "note", count, sentence, remedy, self._examples(groups, which))  # type: ignore[arg-type]

    def _again(self, groups: NDArray[np.int64], own: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Images of ``own`` whose group has an earlier image of ``own``."""
        at = np.flatnonzero(own)
        again = np.ones(len(groups), np.bool_)
        again[at[np.unique(groups[at], return_index=True)[1]]] = False
        return again & own

    def _in_earlier(self, groups: NDArray[np.int64], number: int) -> NDArray[np.bool_]:
        earlier = np.zeros(int(groups.max()) + 1, np.bool_)
        earlier[groups[self.part < number]] = True
        return earlier[groups]

    def _examples(self, groups: NDArray[np.int64], which: NDArray[np.bool_]) -> tuple[tuple[Place, ...], ...]:
        """The first groups that have one of the images ``which``, each with its first images."""
        chosen = dict.fromkeys(groups[which][: 50 * EXAMPLES].tolist())
        return tuple(self._group(np.flatnonzero(groups == group), which) for group in list(chosen)[:EXAMPLES])

    def _group(self, members: NDArray[np.int64], which: NDArray[np.bool_]) -> tuple[Place, ...]:
        wanted = members[np.argsort(~which[members], kind="stable")[:1]]
        shown = np.unique(np.concatenate([wanted, members[: GROUP - 1]]))
        return tuple(
            Place(self.parts[int(self.part[at])].name, int(self.places[at]), int(self.labels[at])) for at in shown
        )

    def _named(self, which: NDArray[np.bool_]) -> list[str]:
        return [self.classes[number] for number in np.flatnonzero(which).tolist()]


def _listed(names: Sequence[str], most: int = 3) -> str:
    if len(names) > most:
        return f"{', '.join(names[:most])} or {len(names) - most} other classes"
    return f"{', '.join(names[:-1])} or {names[-1]}" if len(names) > 1 else names[0]
