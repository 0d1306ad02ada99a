"""What runs predict for their validation images: the vocabulary that training, store and analysis share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


Which = Literal["last", "best"]
"""The last epoch, or the one of lowest validation loss."""


@dataclass(frozen=True, eq=False)
class EpochScores:
    """One epoch on n validation images: ln p of the true class, (n,) float16 in nats, and whether it is the top one."""

    log_prob: NDArray[np.float16]
    correct: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class ValScores:
    """A run's validation images epoch by epoch, row e − 1 for epoch e.

    ``index`` (n,) int64: their places in the pool. ``log_prob`` (epochs, n) float16: ln p of the true class, in nats.
    ``correct`` (epochs, n) bool: whether the true class has the highest score; its mean over n is the accuracy.
    """

    index: NDArray[np.int64]
    log_prob: NDArray[np.float16]
    correct: NDArray[np.bool_]


@dataclass(frozen=True)
class NoiseCurve:
    """At ``epoch``, ``correct[i]`` of ``images`` validation images are classified correctly with noise ``sigmas[i]``.

    σ is the standard deviation of the noise, in units of the pixel range.
    """

    epoch: int
    images: int
    sigmas: tuple[float, ...]
    correct: tuple[int, ...]
