"""K stratified folds: every image of the run validates exactly once, and every fold trains on the same number of them.

With n training images asked for, T = ⌈n·K/(K − 1)⌉ images are cut, so that ⌊T·(K − 1)/K⌋ = n are left beside any fold;
without, all images are. Folds differ by at most one image, so at most one training image of a fold is left out.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reglab.datasets.dataset import Dataset
from reglab.datasets.stratify import Indices, interleave, shuffled_groups
from reglab.errors import SpecError
from reglab.spec import DataSpec


@dataclass(frozen=True)
class Folds:
    """How ``pool`` images are cut into ``count`` folds, where ``train_size`` are to be left beside each."""

    count: int
    pool: int
    train_size: int | None

    @classmethod
    def of(cls, spec: DataSpec, pool: int) -> Folds:
        """The folds of ``spec``, which names their number."""
        if spec.folds is None:
            raise ValueError("the spec has no folds")
        size = spec.train_size
        if spec.train_share is not None:
            size = round(spec.train_share * cls(spec.folds, pool, None).most)
        return cls(spec.folds, pool, size)

    def cut(self, count: int | None = None) -> int:
        """T: how many images are cut, here or into ``count`` folds."""
        k = count or self.count
        return self.pool if self.train_size is None else -(-self.train_size * k // (k - 1))

    @property
    def most(self) -> int:
        """The largest training size that the pool allows."""
        return self.pool * (self.count - 1) // self.count

    @property
    def left(self) -> int:
        """How many images every fold trains on."""
        return self.cut() * (self.count - 1) // self.count

    @property
    def smallest(self) -> int:
        """How many images the smallest fold validates on."""
        return self.cut() // self.count

    def held(self, fold: int) -> int:
        """How many images ``fold`` validates on: the first T mod K folds have one more."""
        return self.smallest + (fold < self.cut() % self.count)


def fold_indices(
    y: NDArray[np.int64], entry: Dataset, spec: DataSpec, rng: np.random.Generator
) -> tuple[Indices, Indices]:
    """All training and all validation places in ``y`` of the fold of ``spec``; every beginning of either stratified.

    The images are the beginning of one interleaved order of all; scikit-learn's StratifiedKFold cuts them.

    :raises SpecError: where a class has fewer images than there are folds.
    """
    from sklearn.model_selection import StratifiedKFold  # slow to import

    folds, classes = Folds.of(spec, len(y)), len(entry.classes)
    groups, ties = shuffled_groups(y, classes, rng), rng.permutation(classes)
    order = interleave(groups, ties)
    check_folds(spec, entry, folds, lambda n: int(np.bincount(y[order[:n]], minlength=classes).min()))
    used = order[: folds.cut()]
    cuts = list(StratifiedKFold(folds.count, shuffle=True, random_state=spec.seed).split(used, y[used]))
    train, val = (_interleaved(used[places], y, classes, ties) for places in cuts[spec.fold])
    return train[: folds.left], val


def check_folds(spec: DataSpec, entry: Dataset, folds: Folds, smallest: Callable[[int], int]) -> None:
    """Refuse more folds than the smallest class has images; of n images used, that has at most ``smallest(n)``."""
    have = smallest(folds.cut())
    if folds.count > have:
        raise SpecError(
            f"data.folds {folds.count} is too many: each fold needs an image of every class, and the smallest of the "
            f"{len(entry.classes)} classes of {entry.label} has no more than {have} among the {folds.cut():,} images "
            f"used; {_remedy(folds, smallest)}."
        )


def _remedy(folds: Folds, smallest: Callable[[int], int]) -> str:
    """The number of folds that would fit, and the training size."""
    most = next((k for k in range(folds.count - 1, 1, -1) if k <= smallest(folds.cut(k))), None)
    needed = bisect_left(range(folds.pool + 1), folds.count, key=smallest)
    size = (needed - 1) * (folds.count - 1) // folds.count + 1  # the smallest n with T(n) ≥ needed
    ways = [f"at most {most} folds fit"] if most else []
    if folds.train_size is not None and size <= folds.most:
        ways.append(f"set data.train_size to {size:,} or more")
    return ", or ".join(ways) or "these images are too few for folds"


def _interleaved(places: Indices, y: NDArray[np.int64], classes: int, ties: NDArray[np.int64]) -> Indices:
    return interleave([places[y[places] == c] for c in range(classes)], ties)
