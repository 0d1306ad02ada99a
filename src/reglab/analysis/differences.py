"""Paired differences to λ = 0: runs of a repeat share weights, split and batches, so they differ in λ alone."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd

from reglab import columns
from reglab.analysis.sweep_table import Floats, Points, counted, mean_and_error, points_of, with_columns


def paired_differences(
    lanes: pd.DataFrame,
    epochs: pd.DataFrame,
    measure: str = columns.VAL_ACC,
    epoch: int | None = None,
    resamples: int = 10_000,
    seed: int = 0,
    level: float = 0.95,
) -> pd.DataFrame:
    """d̄ = mean over repeats of (``measure`` at λ − at λ = 0 of the same repeat, mode and second value), a row a point.

    N pairs have both figures. LOW and HIGH are the percentile bootstrap: the (1 ∓ ``level``)/2 quantiles of d̄ over
    ``resamples`` draws of N repeats with replacement, from a generator with ``seed``, the same draws for every λ.
    The difference is NaN without a λ = 0, the interval for fewer than 2 pairs.
    """
    points, (figures, _) = points_of(lanes), counted(lanes, epochs, epoch, (measure,))
    differences = _to_zero(points, points.spread(figures[:, 0]))
    mean, _, n = mean_and_error(differences)
    low, high = _interval(differences, resamples, seed, level)
    added = {columns.DIFFERENCE: mean, columns.N: n, columns.LOW: low, columns.HIGH: high}
    return with_columns(points.frame(), added)


def _to_zero(points: Points, values: Floats) -> Floats:
    """``values`` (points, repeats) less those of each point's reference; NaN where there is none."""
    zero = points.reference
    return np.where(zero[:, None] >= 0, values - values[zero], np.nan)


def _interval(differences: Floats, resamples: int, seed: int, level: float) -> Floats:
    """Low and high (2, points) of the bootstrapped means; points with the same number of pairs are resampled alike."""
    finite = np.isfinite(differences)
    n = finite.sum(axis=1)
    interval = np.full((2, len(n)), np.nan)
    for pairs in np.unique(n[n > 1]):
        rows = np.flatnonzero(n == pairs)
        kept = differences[rows][finite[rows]].reshape(len(rows), pairs)
        means = kept @ _weights(int(pairs), resamples, seed)
        interval[:, rows] = _quantiles(means, np.array([(1 - level) / 2, (1 + level) / 2])).T
    return interval


def _quantiles(values: Floats, shares: Floats) -> Floats:
    """The quantiles of each row, linear between neighbours; ``np.quantile`` without its copies. Reorders ``values``."""
    places = shares * (values.shape[1] - 1)
    below = np.floor(places).astype(np.int64)
    above = np.minimum(below + 1, values.shape[1] - 1)
    values.partition(np.unique([below, above]), axis=1)
    quantiles: Floats = values[:, below] + (places - below) * (values[:, above] - values[:, below])
    return quantiles


@lru_cache(maxsize=8)
def _weights(n: int, resamples: int, seed: int) -> Floats:
    """(n, resamples): how often each draw of n out of n has each repeat, over n."""
    picks = np.random.default_rng(seed).integers(0, n, size=(resamples, n))
    places = picks + n * np.arange(resamples)[:, None]
    times = np.bincount(places.ravel(), minlength=n * resamples).reshape(resamples, n)
    weights: Floats = np.ascontiguousarray(times.T) / n
    return weights
