"""Wrong labels on purpose: exactly round(p·n) of n training labels become another class, each one equally likely."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def flip_labels(
    y: NDArray[np.int64], index: NDArray[np.int64], n_classes: int, share: float, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The labels of images ``index`` of the pool labels ``y`` after flipping, and which of them were flipped.

    Every image of the pool draws a rank and a wrong class; the lowest ranks are flipped. With the same ``rng`` state, a
    larger share therefore flips the same labels in the same way, and more.
    """
    rank, shift = rng.random(len(y)), rng.integers(1, n_classes, size=len(y))
    flipped = np.zeros(len(index), dtype=np.bool_)
    flipped[np.argsort(rank[index])[: round(share * len(index))]] = True
    true = y[index]
    return np.where(flipped, (true + shift[index]) % n_classes, true), flipped
