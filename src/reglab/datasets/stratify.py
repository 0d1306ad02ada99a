"""Orders whose every beginning has the shares of the classes.

The j-th image of a class with n_c images (j = 0, 1, …) gets the key (j + ½)/n_c, the first one 0; the order sorts by
key. A beginning of length m then is Webster's (Sainte-Laguë's) apportionment of m seats, with at least one seat a class
once m reaches the number of classes: sizes are exact, and a longer beginning contains every shorter one. (The method of
largest remainders has exact sizes too, but a class can lose a seat when m grows, so its subsets do not nest.)
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.int64]


def shuffled_groups(y: NDArray[np.int64], n_classes: int, rng: np.random.Generator) -> list[Indices]:
    """For each class, the indices of its images in ``y``, shuffled."""
    return [rng.permutation(np.flatnonzero(y == c)) for c in range(n_classes)]


def interleave(groups: Sequence[Indices], ties: NDArray[np.int64]) -> Indices:
    """One order of all members; within a group their order is kept, ``ties`` (one rank a group) decides equal keys."""
    return merge(groups, [_keys(len(group)) for group in groups], ties)


def merge(groups: Sequence[Indices], keys: Sequence[NDArray[np.float64]], ties: NDArray[np.int64]) -> Indices:
    """The members of all groups by their ``keys``, which ascend within each group; ``ties`` decides equal keys."""
    ranks = np.repeat(ties, [len(group) for group in groups])
    return np.concatenate(groups)[np.lexsort((ranks, np.concatenate(keys)))]


def _keys(n: int) -> NDArray[np.float64]:
    keys = (np.arange(n) + 0.5) / max(n, 1)
    keys[:1] = 0.0
    return keys


def shares(counts: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    """How many of ``n`` images each class gives, each within one of n·n_c/Σn_c: the method of largest remainders."""
    exact = n * counts / counts.sum()
    whole: NDArray[np.int64] = np.floor(exact).astype(np.int64)
    largest = np.argsort(whole - exact, kind="stable")[: n - whole.sum()]
    whole[largest] += 1
    return whole
