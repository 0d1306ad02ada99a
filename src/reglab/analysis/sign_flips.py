"""How often chance alone makes the best of several λ look this good: sign-flip max-T over the repeats."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

ALL_UP_TO = 14
"""Repeats up to which all 2^J flips are made; beyond, 2^14 of them are sampled."""
_CHUNK = 2048  # flips at a time: a million statistics of 500 λ
_ROUNDING = 1e-9  # relative: statistics that differ by less are equal


def max_t(differences: Floats, overlap: float) -> Floats:
    """(points,): the two-sided p of each point's mean difference to λ = 0, adjusted for having looked at all points.

    ``differences`` is (points, repeats), NaN where a pair is missing; points with fewer than 2 pairs are NaN and take
    no part. T = |d̄| / (s/√J), s floored at its median over the points, since λ near 0 give almost equal differences
    whose T means nothing. p is the share of the 2^J flips of the repeats' signs whose largest T over the points reaches
    the observed T · √((1/J) / (1/J + r)), r = ``overlap``: flipping signs sees no correlation of the repeats, so the
    observed T is scaled to what it would be without (Westfall & Young 1993; Tusher et al. 2001 for the floor; Nadeau &
    Bengio 2003 for r).
    """
    finite = np.isfinite(differences)
    part = finite.sum(axis=1) > 1
    p = np.full(len(differences), np.nan)
    if part.any():
        kept, n = np.where(finite, differences, 0.0)[part], finite[part].sum(axis=1)
        observed = _statistics(np.ones((1, kept.shape[1])), kept, n)[0] * np.sqrt(1 / (1 + n * overlap))
        p[part] = _exceeded(observed * (1 - _ROUNDING), kept, n)
    return p


def _exceeded(observed: Floats, kept: Floats, n: NDArray[np.int64]) -> Floats:
    """The share of flips whose largest statistic reaches each of ``observed``."""
    signs, largest = flips(kept.shape[1]), []
    for start in range(0, len(signs), _CHUNK):
        largest.append(_statistics(signs[start : start + _CHUNK], kept, n).max(axis=1))
    ordered = np.sort(np.concatenate(largest))
    shares: Floats = 1 - np.searchsorted(ordered, observed, side="left") / len(ordered)
    return shares


def _statistics(signs: Floats, kept: Floats, n: NDArray[np.int64]) -> Floats:
    """(flips, points): T of every point under every flip; 0/0 counts as 0."""
    mean = signs @ kept.T / n
    squares = (kept**2).sum(axis=1)
    s = np.sqrt(np.maximum(squares - n * mean**2, 0.0) / (n - 1))
    floored = np.maximum(s, np.median(s, axis=1, keepdims=True))
    tiny = np.sqrt(squares / n) * 1e-7  # a rounded 0
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.abs(mean) * np.sqrt(n) / np.where(floored > tiny, floored, 0.0)
    return np.where(mean == 0, 0.0, t).astype(np.float64)


@lru_cache(maxsize=4)
def flips(repeats: int, seed: int = 0) -> Floats:
    """(flips, repeats) of ±1, the first row all +1: all of them, or a sample with ``seed``.

    A flip and its opposite have the same |T|, so one of each pair stands for both.
    """
    if repeats <= ALL_UP_TO:
        numbers = np.arange(2 ** max(repeats - 1, 0))[:, None]
        return (1 - 2 * (numbers >> np.arange(repeats) & 1)).astype(np.float64)
    signs = np.random.default_rng(seed).choice([-1.0, 1.0], size=(2**ALL_UP_TO, repeats))
    signs[0] = 1.0
    return signs
