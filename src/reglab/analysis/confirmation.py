"""A comparison fixed beforehand, on fresh seeds and the locked test images: intervals of accuracies and differences.

The unit is the image: all seeds are scored on the same test images, so n images × J seeds carry the certainty of n
images about the images, and that of J seeds about the seeds.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from reglab.analysis.paired import LEVEL, PairedDifference

Bits = NDArray[np.bool_]
Floats = NDArray[np.float64]

RESAMPLES = 2000
_CHUNK = 200  # resamples at a time: 16 MB for 10,000 images


@dataclass(frozen=True)
class Shift:
    """Validation accuracy less test accuracy, with its 95 % interval: what the choice made look better than it is."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class ConfirmedPoint:
    """The mean test accuracy of ``seeds`` networks on ``images`` test images, with its 95 % Wilson interval.

    ``val_acc`` is their mean validation accuracy, ``shift`` how far it lies above the test accuracy; ``None`` where it
    is not known.
    """

    test_acc: float
    low: float
    high: float
    images: int
    seeds: int
    val_acc: float | None
    shift: Shift | None


def confirmed_point(correct: Bits, val_acc: Sequence[float] = (), n_val: int = 0) -> ConfirmedPoint:
    """From ``correct`` (seeds, images), and the seeds' validation accuracies on ``n_val`` images each."""
    seeds, images = correct.shape
    accuracy = float(correct.mean())
    mean = float(np.mean(val_acc)) if len(val_acc) and n_val else None
    shift = None if mean is None else Shift(mean - accuracy, *newcombe(mean, n_val, accuracy, images))
    return ConfirmedPoint(accuracy, *wilson(accuracy, images), images, seeds, mean, shift)


def confirmed_difference(first: Bits, second: Bits, *, resamples: int = RESAMPLES, seed: int = 0) -> PairedDifference:
    """Mean test accuracy of ``first`` less that of ``second``, both (seeds, images), paired by seed and image.

    The interval is the percentile bootstrap of 2.5 to 97.5 % over ``resamples``; each draws images and seeds with
    replacement, independently of one another: image i of seed s counts as often as i was drawn times s was drawn
    (Owen 2007, the pigeonhole bootstrap). There is no p to adjust, since nothing was picked.
    """
    differences = first.astype(np.float64) - second.astype(np.float64)
    by_seed = differences.mean(axis=1)
    low, high = np.quantile(_resampled(differences, resamples, seed), [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return PairedDifference(float(by_seed.mean()), float(low), float(high), len(by_seed), int((by_seed > 0).sum()))


def _resampled(differences: Floats, resamples: int, seed: int) -> Floats:
    """(resamples,) means."""
    rng, (seeds, images) = np.random.default_rng(seed), differences.shape
    means: list[Floats] = []
    for start in range(0, resamples, _CHUNK):
        count = min(_CHUNK, resamples - start)
        of_seed = rng.multinomial(seeds, np.full(seeds, 1 / seeds), size=count) / seeds
        of_image = rng.multinomial(images, np.full(images, 1 / images), size=count) / images
        means.append(np.einsum("bn,bn->b", of_seed @ differences, of_image))
    return np.concatenate(means)


def wilson(share: float, n: int, level: float = LEVEL) -> tuple[float, float]:
    """(p + z²/2n ∓ z·√(p(1 − p)/n + z²/4n²)) / (1 + z²/n): the interval of a share p of n (Wilson 1927)."""
    z = NormalDist().inv_cdf((1 + level) / 2)
    centre, scale = share + z**2 / (2 * n), 1 + z**2 / n
    half = z * math.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return max(0.0, (centre - half) / scale), min(1.0, (centre + half) / scale)


def newcombe(first: float, n_first: int, second: float, n_second: int, level: float = LEVEL) -> tuple[float, float]:
    """The interval of ``first`` − ``second``, shares of different images, from their Wilson intervals.

    d − √((p₁ − l₁)² + (u₂ − p₂)²) to d + √((u₁ − p₁)² + (p₂ − l₂)²) (Newcombe 1998, method 10).
    """
    (low1, high1), (low2, high2) = wilson(first, n_first, level), wilson(second, n_second, level)
    difference = first - second
    below, above = math.hypot(first - low1, high2 - second), math.hypot(high1 - first, second - low2)
    return difference - below, difference + above
