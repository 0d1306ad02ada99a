"""How many images each class has, and what a person should know about it before they read an accuracy."""

from __future__ import annotations

from collections.abc import Sequence

from reglab.number_format import percent

RARE = 0.2
"""A class is rare below this share of an equal one: of ten classes, below 2 % of the images."""

MAJORITY = 0.5
"""The share of one class above which it is named; of two classes, where either has about that, 0.6."""

_MOST = 3  # classes that a sentence lists


def label_remarks(counts: Sequence[int], classes: Sequence[str]) -> list[str]:
    """Sentences on absent and rare classes and on a majority above one half; empty for a usual data set.

    :param counts: images of each of ``classes``.
    """
    total, named = sum(counts), list(zip(counts, classes, strict=True))
    if not total:
        return []
    rare = [f"{name} ({n:,})" for n, name in named if 0 < n < RARE * total / len(classes)]
    most, largest = max(named, key=lambda pair: pair[0])
    remarks = _absent(counts, classes, "image")
    if rare:
        remarks.append(f"Few images show {_listed(rare)}: the accuracy hardly depends on them.")
    if most > max(MAJORITY, 1.2 / len(classes)) * total:
        share = percent(most / total, 0)
        remarks.append(f"{share} of the images show {largest}: always answering that is {share} accurate.")
    return remarks


def recorded_remarks(name: str, train: Sequence[int], val: Sequence[int], *, uneven: bool = False) -> list[str]:
    """:func:`label_remarks` on all images of a run on the data set ``name``, and classes that only one part lacks.

    ``uneven``: training images have class sizes of their own, so that only validation images tell what an accuracy
    depends on.
    """
    if len(train) != len(val) or not _remarks(train, val, [""] * len(train), uneven):
        return []
    from reglab.datasets.dataset import DATASETS  # most runs have usual data, and need no class by name

    entry = DATASETS.find(name)
    return [] if entry is None or len(entry.classes) != len(train) else _remarks(train, val, entry.classes, uneven)


def _remarks(train: Sequence[int], val: Sequence[int], classes: Sequence[str], uneven: bool) -> list[str]:
    every = [a + b for a, b in zip(train, val, strict=True)]
    remarks = label_remarks(val if uneven else every, classes)
    if uneven and train and max(train) - min(train) > 1:
        sizes = sorted(zip(train, classes, strict=True), key=lambda pair: pair[0])
        (least, smallest), (most, largest) = sizes[0], sizes[-1]
        remarks.append(f"Training images are uneven on purpose: {most:,} of {largest} to {least:,} of {smallest}.")
    for part, counts in (("training", train), ("validation", val)):
        remarks += _absent([n or not total for n, total in zip(counts, every, strict=True)], classes, part)
    return remarks


def _absent(counts: Sequence[int], classes: Sequence[str], what: str) -> list[str]:
    absent = [name for n, name in zip(counts, classes, strict=True) if not n]
    images = what if what == "image" else f"{what} image"
    return [f"No {images} shows {_listed(absent)}."] if absent else []


def _listed(names: Sequence[str]) -> str:
    if len(names) > _MOST:
        return f"{', '.join(names[:_MOST])} or {len(names) - _MOST} other classes"
    return f"{', '.join(names[:-1])} or {names[-1]}" if len(names) > 1 else names[0]
