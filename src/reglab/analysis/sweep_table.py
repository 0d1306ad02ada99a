"""A sweep as a path: the mean of every figure over the repeats, with its standard error, against λ."""

from __future__ import annotations

import numpy as np
import pandas as pd

from reglab import columns
from reglab.analysis.points import mean_and_error, points_of, with_columns
from reglab.analysis.sweep_runs import counted


def sweep_table(lanes: pd.DataFrame, epochs: pd.DataFrame, epoch: int | None = None) -> pd.DataFrame:
    """x̄ and s/√n of every metric over the repeats of a point, at the last epoch ≤ ``epoch``: a row a point.

    Ordered by apply, then λ. N repeats count: those that have finite losses and did not diverge; the diverged ones are
    in DIVERGED. The mean of metric m is in column m, its standard error (n − 1 in s; NaN for n < 2) in m + SE.
    """
    points = points_of(lanes)
    figures, gone = counted(lanes, epochs, epoch, columns.METRICS)
    mean, error, n = mean_and_error(points.spread(figures))
    added = {
        columns.N: n[:, columns.METRICS.index(columns.VAL_LOSS)],
        columns.DIVERGED: np.bincount(points.point, gone, len(points.keys)).astype(np.int64),
        **dict(zip(columns.METRICS, mean.T, strict=True)),
        **{name + columns.SE: error[:, place] for place, name in enumerate(columns.METRICS)},
    }
    return with_columns(points.frame(), added)
