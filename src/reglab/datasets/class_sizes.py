"""Training images with chosen sizes of the classes: n_c = max(1, ⌊m·w_c⌋), one m for all classes.

equal      w_c = 1: the same number of each class
long tail  w_c = ρ^(−c/(C − 1)), in the order of the class numbers: class 0 has ρ times as many as the last one
           (Cui et al. 2019; Cao et al. 2019)

The j-th image of class c (j = 1, 2, …) gets the key j/w_c, the first one 0; the order sorts by key. Every beginning
then has such sizes (Jefferson's apportionment), and a longer one contains every shorter one. The order ends at
m = min_c N_c/w_c, where a class of N_c images is used up. With ρ = 100 and 5,000 images a class it thus has 5000, 2997,
1796, …, 83, 50 images, which are those of CIFAR-10-LT.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from reglab.datasets.dataset import Dataset
from reglab.datasets.stratify import Indices, merge
from reglab.errors import SpecError
from reglab.spec import DataSpec

Weights = NDArray[np.float64]

_ROUNDING = 1 + 1e-9  # ρ^(−c/(C − 1)) is rounded: 5000·0.01 counts as 50


def class_weights_of(spec: DataSpec, classes: int) -> Weights | None:
    """w (C,) of ``spec``; None where the training images have the class shares of the data set."""
    if spec.imbalance > 1:
        return np.asarray(spec.imbalance ** (-np.arange(classes) / max(classes - 1, 1)), dtype=np.float64)
    return np.ones(classes) if spec.train_balance == "equal" else None


def order_by_size(groups: Sequence[Indices], ties: NDArray[np.int64], weights: Weights) -> Indices:
    """The order of the images in ``groups``, one a class; empty where a class has none."""
    most = _largest(np.array([len(group) for group in groups]), weights)
    keys = [_keys(len(group), w) for group, w in zip(groups, weights, strict=True)]
    kept = [int(np.searchsorted(own, most * _ROUNDING, "right")) if most else 0 for own in keys]
    ends = list(zip(groups, keys, kept, strict=True))
    return merge([group[:n] for group, _, n in ends], [own[:n] for _, own, n in ends], ties)


def most_images(counts: NDArray[np.int64], weights: Weights) -> int:
    """How many images :func:`order_by_size` has of classes with ``counts`` images."""
    most = _largest(counts, weights)
    return int(np.maximum(1, np.floor(most * _ROUNDING * weights)).sum()) if most else 0


def fitting(spec: DataSpec, entry: Dataset, there: int) -> int:
    """How many images ``spec`` trains on, of an order of so many that are ``there``.

    :raises SpecError: it asks for more, or they are fewer than the classes.
    """
    classes, wanted = len(entry.classes), number_of(spec, there)
    key = f"data.imbalance {spec.imbalance:g}" if spec.imbalance > 1 else "data.train_balance equal"
    if wanted > there:
        raise SpecError(
            f"data.train_size {wanted:,} is more than there are: with {key}, at most {there:,} training images of "
            f"{entry.label} fit, since one class has no more."
        )
    if wanted < classes:
        raise SpecError(
            f"{key} leaves {wanted} images of {entry.label} to train on; there must be at least {classes}, one for "
            "each class."
        )
    return wanted


def number_of(spec: DataSpec, there: int) -> int:
    """``train_size``; else round(``train_share`` · n) of n images that are ``there``, or all of them."""
    if spec.train_size is not None:
        return spec.train_size
    return there if spec.train_share is None else round(spec.train_share * there)


def _largest(counts: NDArray[np.int64], weights: Weights) -> float:
    """m, at which a class is used up; at least 1/max w_c, where every class has one image."""
    return float((counts / weights).min()) if counts.min() else 0.0


def _keys(n: int, weight: float) -> NDArray[np.float64]:
    keys = np.arange(1, n + 1) / weight
    keys[:1] = 0.0
    return keys
