"""Which λ of a path: the best one, and the simplest one within one standard error of it."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reglab import columns
from reglab.analysis.chance import Chance, at_chance
from reglab.analysis.points import Floats, Indices

HIGHER_IS_BETTER = frozenset({columns.TRAIN_ACC, columns.VAL_ACC, columns.CLEAN_ACC, columns.TRUE_ACC})
_TIE = 1e-9  # means that differ by less are equal: the rounding of a sum over repeats
_SIMPLEST_LAST = (columns.LAMBDA2, columns.LAMBDA1, columns.LAMBDA)  # np.lexsort: the last key counts most


def chosen(table: pd.DataFrame, measure: str = columns.VAL_ACC, chance: Chance | None = None) -> pd.DataFrame:
    """``table`` of a path with BEST and ONE_SE, each true for at most one point of every way of applying the penalty.

    BEST has the highest mean of ``measure`` (of a loss or a gap the lowest); of equal ones it is the largest λ, the
    simplest. ONE_SE is the largest λ whose mean is within one standard error, that of the best point, of the best mean
    (Breiman et al. 1984; Hastie, Tibshirani and Friedman, The Elements of Statistical Learning, 7.10); there is none
    where that error is not known, as for a single repeat. Points of which a repeat diverged are never chosen, nor,
    where ``chance`` is given, those at chance.
    """
    score, error = scores(table, measure), table[measure + columns.SE].to_numpy(np.float64)
    fit = np.isfinite(score) & (table[columns.DIVERGED].to_numpy(np.int64) == 0) & ~at_chance(table, chance)
    best, one_se = np.zeros((2, len(table)), dtype=np.bool_)
    for rows in paths(table):
        candidates = rows[fit[rows]]
        if not len(candidates):
            continue
        top = _simplest(candidates, score, float(score[candidates].max()))
        best[top] = True
        if np.isfinite(error[top]):
            one_se[_simplest(candidates, score, float(score[top] - error[top]))] = True
    return table.assign(**{columns.BEST: best, columns.ONE_SE: one_se})


def scores(table: pd.DataFrame, measure: str) -> Floats:
    """The mean of ``measure``, negative where lower is better."""
    mean = table[measure].to_numpy(np.float64)
    return mean if measure in HIGHER_IS_BETTER else -mean


def paths(table: pd.DataFrame) -> list[Indices]:
    """The rows of every way of applying the penalty, each by λ, λ₁, λ₂ ascending."""
    order = np.lexsort([table[name].to_numpy(np.float64) for name in _SIMPLEST_LAST])
    names = table[columns.APPLY].to_numpy(object)[order]
    return [order[names == name] for name in sorted(set(names))]


def best_row(table: pd.DataFrame, measure: str = columns.VAL_ACC, apply: str | None = None) -> int | None:
    """The place of the best point over all ways of applying the penalty, or of ``apply``; ``None``: there is none."""
    marked: NDArray[np.bool_] = table[columns.BEST].to_numpy(np.bool_)
    if apply is not None:
        marked = marked & (table[columns.APPLY] == apply).to_numpy(np.bool_)
    rows = [row for path in paths(table) for row in path if marked[row]]
    score = scores(table, measure)
    return int(max(rows, key=lambda row: score[row])) if rows else None


def _simplest(candidates: Indices, score: Floats, least: float) -> int:
    """The last of ``candidates``, which ascend in λ, that scores at least so much."""
    return int(candidates[score[candidates] >= least - _TIE][-1])
