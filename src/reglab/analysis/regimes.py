"""Which λ underfits, fits or overfits, by a rule that is stated where it is used; and where training collapses."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reglab import columns
from reglab.analysis.chance import Chance, at_chance
from reglab.analysis.choosing import paths, scores
from reglab.analysis.points import Floats

UNDERFITS, FITS, OVERFITS, GONE, AT_CHANCE = columns.REGIMES

EQUAL = 0.005
"""Means that differ by no more count as equal where the standard error is not known: half a point."""

RULE = (
    "A λ fits where its mean is within one standard error of the best mean (with a single repeat: within half a "
    "point), or where it lies between two λ that do; of the others, it overfits where its training loss is below that "
    "of the best λ, and underfits where not. It does neither where its accuracy is at chance."
)


def regimes(table: pd.DataFrame, measure: str = columns.VAL_ACC, chance: Chance | None = None) -> pd.DataFrame:
    """``table`` of a path, with BEST, with REGIME: one of :data:`reglab.columns.REGIMES`, or missing.

    "fits" where the mean of ``measure`` is within one standard error, that of the best point, of the best mean: the
    best itself always, and where the error is not known those within 0.005 of it (half a point of accuracy); also
    where it is not but lies between two λ that fit, whose dip is noise (not in a grid, which has no order); else
    "overfits" where the mean training data loss is below the best point's; else "underfits". "at chance" where, given
    ``chance``, nothing was learnt, whatever the losses; "diverged" where all repeats diverged; missing where there are
    no figures, or where something was learnt but no point is best. Each penalty mode has its own best.
    """
    score, error = scores(table, measure), table[measure + columns.SE].to_numpy(np.float64)
    best, loss = table[columns.BEST].to_numpy(np.bool_), table[columns.TRAIN_LOSS].to_numpy(np.float64)
    dead = at_chance(table, chance)
    regime: NDArray[np.object_] = np.full(len(table), None, dtype=object)
    for rows in paths(table):
        for top in rows[best[rows]]:
            margin = error[top] if np.isfinite(error[top]) else EQUAL
            fits = (score[rows] >= score[top] - margin - 1e-9) & ~dead[rows]
            if _is_line(table.iloc[rows]):
                fits = _filled(fits) & ~dead[rows]
            regime[rows] = _regimes(fits, loss[rows], loss[top])
    regime[~np.isfinite(score)] = None
    regime[dead] = AT_CHANCE
    regime[_all_diverged(table)] = GONE
    return table.assign(**{columns.REGIME: pd.array(regime, dtype="str")})


def collapsed(table: pd.DataFrame) -> pd.DataFrame:
    """The points of a judged path at which nothing was learnt."""
    return table[(table[columns.REGIME] == AT_CHANCE).to_numpy(np.bool_)]


def _is_line(path: pd.DataFrame) -> bool:
    """Whether the points have an order: one λ varies, or both in proportion."""
    l1, l2 = (path[name].to_numpy(np.float64) for name in (columns.LAMBDA1, columns.LAMBDA2))
    return bool(np.ptp(l1) == 0 or np.ptp(l2) == 0 or np.allclose(l1 * l2.max(), l2 * l1.max()))


def _filled(fits: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """True from the first true to the last."""
    return np.asarray(np.logical_or.accumulate(fits) & np.logical_or.accumulate(fits[::-1])[::-1])


def _regimes(fits: NDArray[np.bool_], loss: Floats, best_loss: float) -> NDArray[np.object_]:
    return np.select([fits, loss < best_loss], np.array([FITS, OVERFITS], dtype=object)[:, None], UNDERFITS)


def _all_diverged(table: pd.DataFrame) -> NDArray[np.bool_]:
    n, gone = (table[name].to_numpy(np.int64) for name in (columns.N, columns.DIVERGED))
    every: NDArray[np.bool_] = (n == 0) & (gone > 0)
    return every
