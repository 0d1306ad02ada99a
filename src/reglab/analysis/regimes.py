"""Which λ underfits, fits or overfits, by a rule that is stated where it is used; and where training collapses."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reglab import columns
from reglab.analysis.choosing import paths, scores
from reglab.analysis.points import Floats

UNDERFITS, FITS, OVERFITS, GONE = columns.REGIMES

EQUAL = 0.005
"""Means that differ by no more count as equal where the standard error is not known: half a point."""

CHANCE = 0.03
"""How far above chance, 1/classes, an accuracy still says that nothing was learnt: three points."""

RULE = (
    "A λ fits where its mean is within one standard error of the best mean (with a single repeat: within half a "
    "point); of the others, it overfits where its training loss is below that of the best λ, and underfits where not."
)


def regimes(table: pd.DataFrame, measure: str = columns.VAL_ACC) -> pd.DataFrame:
    """``table`` of a path, with BEST, with REGIME: one of :data:`reglab.columns.REGIMES`, or missing.

    "fits" where the mean of ``measure`` is within one standard error, that of the best point, of the best mean: the
    best itself always, and where the error is not known those within 0.005 of it (half a point of accuracy); else
    "overfits" where the mean training data loss is below the best point's; else "underfits". "diverged" where all
    repeats diverged; missing where there are no figures, or no best point. Each way of applying has its own best.
    """
    score, error = scores(table, measure), table[measure + columns.SE].to_numpy(np.float64)
    best, loss = table[columns.BEST].to_numpy(np.bool_), table[columns.TRAIN_LOSS].to_numpy(np.float64)
    regime: NDArray[np.object_] = np.full(len(table), None, dtype=object)
    for rows in paths(table):
        for top in rows[best[rows]]:
            margin = error[top] if np.isfinite(error[top]) else EQUAL
            regime[rows] = _regimes(score[rows] >= score[top] - margin - 1e-9, loss[rows], loss[top])
    regime[~np.isfinite(score)] = None
    regime[_all_diverged(table)] = GONE
    return table.assign(**{columns.REGIME: pd.array(regime, dtype="str")})


def collapsed(table: pd.DataFrame, classes: int) -> pd.DataFrame:
    """The points whose mean validation accuracy is at chance, ≤ 1/``classes`` + 0.03: nothing was learnt."""
    accuracy = table[columns.VAL_ACC].to_numpy(np.float64)
    return table[accuracy <= 1 / classes + CHANCE]


def _regimes(fits: NDArray[np.bool_], loss: Floats, best_loss: float) -> NDArray[np.object_]:
    return np.select([fits, loss < best_loss], np.array([FITS, OVERFITS], dtype=object)[:, None], UNDERFITS)


def _all_diverged(table: pd.DataFrame) -> NDArray[np.bool_]:
    n, gone = (table[name].to_numpy(np.int64) for name in (columns.N, columns.DIVERGED))
    every: NDArray[np.bool_] = (n == 0) & (gone > 0)
    return every
