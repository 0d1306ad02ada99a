"""How many images each class has, and what a person should know about it before they read an accuracy."""

from __future__ import annotations

from collections.abc import Sequence

from reglab.datasets.dataset import DATASETS

RARE = 0.2
"""A class is rare below this share of an equal one: of ten classes, below 2 % of the images."""

MAJORITY = 0.5
"""The share of one class above which it is named."""

_MOST = 3  # classes that a sentence lists


def label_remarks(counts: Sequence[int], classes: Sequence[str], part: str = "") -> list[str]:
    """Sentences on absent and rare classes and on a majority above one half; empty for a usual data set.

    :param counts: images of each of ``classes``; :param part: which images, such as "training".
    """
    total, images = sum(counts), f"{part} image".strip()
    if not total:
        return []
    named = list(zip(counts, classes, strict=True))
    absent = [name for n, name in named if n == 0]
    rare = [f"{name} ({n:,})" for n, name in named if 0 < n < RARE * total / len(classes)]
    most, largest = max(named, key=lambda pair: pair[0])
    remarks = []
    if absent:
        remarks.append(f"No {images} shows {_listed(absent, 'or')}.")
    if rare:
        remarks.append(f"Few {images}s show {_listed(rare, 'or')}: the accuracy hardly depends on them.")
    if most > MAJORITY * total:
        share = f"{100 * most / total:.0f} %"
        remarks.append(f"{share} of the {images}s show {largest}: always answering that is {share} accurate.")
    return remarks


def recorded_remarks(name: str, train: Sequence[int], val: Sequence[int]) -> list[str]:
    """:func:`label_remarks` on the training and the validation images of a run on the data set ``name``."""
    entry = DATASETS.entries.get(name)
    parts = (("training", train), ("validation", val))
    return [
        remark
        for part, counts in parts
        if entry is not None and len(counts) == len(entry.classes)
        for remark in label_remarks(counts, entry.classes, part)
    ]


def _listed(names: Sequence[str], last: str) -> str:
    if len(names) > _MOST:
        return f"{', '.join(names[:_MOST])} {last} {len(names) - _MOST} other classes"
    return f"{', '.join(names[:-1])} {last} {names[-1]}" if len(names) > 1 else names[0]
