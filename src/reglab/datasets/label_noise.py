"""Wrong training labels, exactly as many as the spec says, drawn from a generator of their own.

symmetric   round(share·n) of n labels become another class, each other one equally likely
asymmetric  of each class c in the map, round(share·n_c) labels become the class that c is mapped to
per class   of each class c, round(share_c·n_c) labels become another class, each other one equally likely

Every image of the data set draws a rank and a wrong class; the lowest ranks are flipped, of all images or of each
class. With the same seed, a larger share therefore flips the same labels in the same way, and more.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from reglab.datasets.dataset import Dataset
from reglab.errors import SpecError, shown, suggestion
from reglab.spec import DataSpec

Labels = NDArray[np.int64]
Flips = NDArray[np.bool_]
Value = TypeVar("Value")


def noisy_labels(
    spec: DataSpec, entry: Dataset, y: Labels, index: NDArray[np.int64], rng: np.random.Generator
) -> tuple[Labels, Flips]:
    """The labels of images ``index`` of the labels ``y`` with the noise of ``spec``, and which of them are wrong.

    :raises SpecError: the spec names a class that the data set does not have.
    """
    classes = len(entry.classes)
    if spec.noise_kind == "symmetric":
        return flip_labels(y, index, classes, spec.label_noise, rng)
    target, share = _targets_and_shares(spec, entry)
    rank, shift = rng.random(len(y)), rng.integers(1, classes, size=len(y))
    true, flipped = y[index], np.zeros(len(index), dtype=np.bool_)
    for c in range(classes):
        own = np.flatnonzero(true == c)
        flipped[own[np.argsort(rank[index[own]])[: round(share[c] * len(own))]]] = True
    wrong = (true + shift[index]) % classes if target is None else target[true]
    return np.where(flipped, wrong, true), flipped


def flip_labels(
    y: Labels, index: NDArray[np.int64], n_classes: int, share: float, rng: np.random.Generator
) -> tuple[Labels, Flips]:
    """Symmetric noise: the labels of images ``index`` of ``y``, and which of them were flipped."""
    rank, shift = rng.random(len(y)), rng.integers(1, n_classes, size=len(y))
    flipped = np.zeros(len(index), dtype=np.bool_)
    flipped[np.argsort(rank[index])[: round(share * len(index))]] = True
    true = y[index]
    return np.where(flipped, (true + shift[index]) % n_classes, true), flipped


def check_noise(spec: DataSpec, entry: Dataset) -> None:
    """Refuse classes that the data set does not have."""
    if spec.noise_kind != "symmetric":
        _targets_and_shares(spec, entry)


def confusion_map(spec: DataSpec, entry: Dataset) -> dict[int, int]:
    """Class number → the wrong class of asymmetric noise: the spec's map, else the data set's own confusions, else
    c → c + 1, the last class → 0.

    :raises SpecError: a class is unknown, named twice, or mapped to itself.
    """
    if not spec.noise_map:
        classes = len(entry.classes)
        return dict(entry.confusions) or {c: (c + 1) % classes for c in range(classes)}
    found = _by_class(spec.noise_map, "data.noise_map", entry)
    targets = {c: class_number(name, "data.noise_map", entry) for c, name in found.items()}
    for c, target in targets.items():
        if c == target:
            raise SpecError(f"data.noise_map maps {shown(entry.classes[c])} to itself; map it to another class.")
    return targets


def class_number(name: str, key: str, entry: Dataset) -> int:
    """The number of the class with this name or, where no class has it, this number.

    :raises SpecError: there is no such class.
    """
    if name in entry.classes:
        return entry.classes.index(name)
    if name.isascii() and name.isdecimal() and len(name) < 6 and int(name) < len(entry.classes):
        return int(name)
    raise SpecError(
        f"{key} names {shown(name)}{suggestion(name, list(entry.classes))}, which is no class of {entry.label}; give "
        f"a class's name or its number, 0 to {len(entry.classes) - 1}."
    )


def _targets_and_shares(spec: DataSpec, entry: Dataset) -> tuple[Labels | None, list[float]]:
    """(the wrong class of each class, or None where it is drawn; the share of each class that is flipped)."""
    classes = len(entry.classes)
    if spec.noise_kind == "asymmetric":
        targets = confusion_map(spec, entry)
        return (
            np.array([targets.get(c, c) for c in range(classes)]),
            [spec.label_noise if c in targets else 0.0 for c in range(classes)],
        )
    own = _by_class(spec.noise_by_class, "data.noise_by_class", entry)
    return None, [own.get(c, spec.label_noise) for c in range(classes)]


def _by_class(named: Mapping[str, Value], key: str, entry: Dataset) -> dict[int, Value]:
    found: dict[int, Value] = {}
    for name, value in named.items():
        number = class_number(name, key, entry)
        if number in found:
            raise SpecError(f"{key} has class {shown(entry.classes[number])} twice, by its name and by its number.")
        found[number] = value
    return found
