"""The best λ of a sweep, the 1-SE choice, the regime of every other λ, or why no λ is best."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reglab import columns
from reglab.analysis.chance import Chance, at_chance
from reglab.analysis.sweep_table import Floats, Indices, Mask, mean_and_error

UNDERFITS, FITS, OVERFITS, DIVERGED, AT_CHANCE = columns.REGIMES
RULE = (
    "A λ fits where its mean is within one standard error of the best mean (with a single repeat: within half a "
    "point), or where it lies between two λ that do; of the others, it overfits where its training loss is below that "
    "of the best λ, and underfits where not. It does neither where its accuracy is at chance."
)

HIGHER_IS_BETTER = frozenset({columns.TRAIN_ACC, columns.VAL_ACC, columns.CLEAN_ACC, columns.TRUE_ACC})
TIE = 1e-9  # means that differ by less are equal: the rounding of a sum over repeats
_EQUAL = 0.005  # half a point: means that differ by no more are equal where the standard error is not known
_SORT_KEYS = (columns.LAMBDA2, columns.LAMBDA1, columns.LAMBDA)  # np.lexsort: the last key counts most


def chosen(table: pd.DataFrame, measure: str = columns.VAL_ACC, chance: Chance | None = None) -> pd.DataFrame:
    """:func:`sweep_table` with BEST and ONE_SE, each true for at most one point of every penalty mode.

    BEST has the highest mean of ``measure`` (of a loss or a gap the lowest); of equal accuracies that with the lowest
    mean validation loss, then the largest λ. ONE_SE is the largest λ whose mean is within one standard error, that of
    the best point, of the best mean (Breiman et al. 1984; Hastie, Tibshirani and Friedman, The Elements of Statistical
    Learning, 7.10); there is none where that error is not known, as for a single repeat. Of a map it has the second
    value of the best point. Points with a diverged repeat,
    and those at ``chance``, are never chosen.
    """
    (score, between_equals), error = scores(table, measure), table[measure + columns.SE].to_numpy(np.float64)
    eligible = can_be_best(table, measure, chance)
    best, one_se = np.zeros((2, len(table)), dtype=np.bool_)
    for rows in rows_by_mode(table):
        candidates = rows[eligible[rows]]
        if not len(candidates):
            continue
        top = best_of(candidates, score, between_equals)
        best[top] = True
        candidates = candidates[_beside(table, candidates, top)]
        if np.isfinite(error[top]):
            one_se[_largest(candidates, score, float(score[top] - error[top]))] = True
    return table.assign(**{columns.BEST: best, columns.ONE_SE: one_se})


def can_be_best(table: pd.DataFrame, measure: str = columns.VAL_ACC, chance: Chance | None = None) -> Mask:
    """The points with figures, without diverged repeats and above ``chance``."""
    whole: Mask = table[columns.DIVERGED].to_numpy(np.int64) == 0
    return np.isfinite(_scores(table, measure)) & whole & ~at_chance(table, chance)


def paired_one_se(table: pd.DataFrame, values: Floats, measure: str, eligible: Mask) -> Mask:
    """The largest ``eligible`` λ of each penalty mode that is within one paired standard error of the best.

    That is d̄ ≥ −s_d/√n, d the differences to the best over the n repeats that both have; ``table`` is a :func:`chosen`
    one, ``values`` (points, repeats) its ``measure``. Pairing removes what the λ of a repeat have in common, so this
    standard error is usually smaller than that of the best mean. There is none for fewer than 2 pairs.
    """
    oriented = values if measure in HIGHER_IS_BETTER else -values
    best, marked = table[columns.BEST].to_numpy(np.bool_), np.zeros(len(table), dtype=np.bool_)
    for rows in rows_by_mode(table):
        for top in rows[best[rows]]:
            mean, error, n = mean_and_error(oriented[rows] - oriented[top])
            within = (mean >= -error - TIE) & (n > 1) & eligible[rows] & _beside(table, rows, top)
            marked[rows[within][-1:]] = True
    return marked


def regimes(table: pd.DataFrame, measure: str = columns.VAL_ACC, chance: Chance | None = None) -> pd.DataFrame:
    """:func:`chosen` with REGIME: one of :data:`reglab.columns.REGIMES`, or missing.

    "fits" where the mean of ``measure`` is within one standard error, that of the best point, of the best mean (within
    0.005 where the error is not known), or where, but for a grid, the point lies between two that are; else "overfits"
    where the mean training data loss is below the best point's; else "underfits". "at chance" where, given ``chance``,
    nothing was learnt, whatever the losses; "diverged" where all repeats diverged; missing where there are no figures,
    or where something was learnt but no point is best. Each penalty mode has its own best.
    """
    score, error = _scores(table, measure), table[measure + columns.SE].to_numpy(np.float64)
    best, loss = table[columns.BEST].to_numpy(np.bool_), table[columns.TRAIN_LOSS].to_numpy(np.float64)
    n, n_diverged = (table[name].to_numpy(np.int64) for name in (columns.N, columns.DIVERGED))
    untrained = at_chance(table, chance)
    regime: NDArray[np.object_] = np.full(len(table), None, dtype=object)
    for rows in rows_by_mode(table):
        for top in rows[best[rows]]:
            margin = error[top] if np.isfinite(error[top]) else _EQUAL
            fits = (score[rows] >= score[top] - margin - TIE) & ~untrained[rows]
            if _is_line(table.iloc[rows]):
                fits = np.logical_or.accumulate(fits) & np.logical_or.accumulate(fits[::-1])[::-1] & ~untrained[rows]
            names = np.array([FITS, OVERFITS], dtype=object)[:, None]
            regime[rows] = np.select([fits, loss[rows] < loss[top]], names, UNDERFITS)
    regime[~np.isfinite(score)] = None
    regime[untrained] = AT_CHANCE
    regime[(n == 0) & (n_diverged > 0)] = DIVERGED
    return table.assign(**{columns.REGIME: pd.array(regime, dtype="str")})


def best_row(table: pd.DataFrame, measure: str = columns.VAL_ACC, apply: str | None = None) -> int | None:
    """The place of the best point over all penalty modes, or of mode ``apply``; ``None`` if there is none."""
    marked: Mask = table[columns.BEST].to_numpy(np.bool_)
    if apply is not None:
        marked = marked & (table[columns.APPLY] == apply).to_numpy(np.bool_)
    rows = [row for rows in rows_by_mode(table) for row in rows if marked[row]]
    score, between_equals = scores(table, measure)
    return int(max(rows, key=lambda row: (score[row], between_equals[row]))) if rows else None


def rows_by_mode(table: pd.DataFrame) -> list[Indices]:
    """The rows of every penalty mode, each by λ, λ₁, λ₂ and the second axis, ascending."""
    keys = [columns.SECOND] * (columns.SECOND in table) + [*_SORT_KEYS]
    order = np.lexsort([table[name].to_numpy(np.float64) for name in keys])
    modes = table[columns.APPLY].to_numpy(object)[order]
    return [order[modes == mode] for mode in sorted(set(modes))]


@dataclass(frozen=True)
class NoBest:
    """Why no λ is best; ``fallen`` λ are at chance, ``diverged`` λ have runs that diverged."""

    headline: str
    rest: str
    fallen: int
    diverged: int

    @property
    def text(self) -> str:
        return self.headline + self.rest


def why_no_best(table: pd.DataFrame, chance: Chance | None) -> NoBest | None:
    """The reason why a judged sweep has no best point; ``None`` where it has one."""
    if table[columns.BEST].any():
        return None
    diverged = int((table[columns.DIVERGED] > 0).sum())
    fallen = int(((table[columns.DIVERGED] == 0) & (table[columns.REGIME] == AT_CHANCE)).sum())
    if diverged and diverged == len(table):
        return NoBest("Every λ has runs that diverged", ", so none can be chosen.", 0, diverged)
    if not fallen or chance is None:
        return NoBest("There is no verdict", ": no λ has figures.", 0, diverged)
    also = f" At {diverged} λ runs diverged; such a λ is never chosen." if diverged else ""
    without_figures = len(table) - fallen - diverged
    all_ = "all that have figures" if without_figures else "all others" if diverged else "all"
    rest = f": {all_} are at chance, {chance.text}. {chance.rule_text}{also}"
    return NoBest("No λ has learnt anything", rest, fallen, diverged)


def best_of(candidates: Indices, score: Floats, between_equals: Floats) -> int:
    """The one of ``candidates``, which ascend in λ, with the highest score; of equal ones the last by the second."""
    tied = candidates[score[candidates] >= score[candidates].max() - TIE]
    return _largest(tied, between_equals, float(between_equals[tied].max()))


def scores(table: pd.DataFrame, measure: str) -> tuple[Floats, Floats]:
    """What the best point has most of, and what decides between equal ones: of accuracies the validation loss."""
    return _scores(table, measure), _scores(table, columns.VAL_LOSS if measure == columns.VAL_ACC else measure)


def _beside(table: pd.DataFrame, rows: Indices, top: int) -> Mask:
    """Which rows have the second value of ``top``: only λ orders by strength, so a 1-SE choice stays there."""
    if columns.SECOND not in table:
        return np.ones(len(rows), dtype=np.bool_)
    second = table[columns.SECOND].to_numpy(np.float64)
    return np.asarray(second[rows] == second[top])


def _scores(table: pd.DataFrame, measure: str) -> Floats:
    """The mean of ``measure``, negative where lower is better."""
    mean = table[measure].to_numpy(np.float64)
    return mean if measure in HIGHER_IS_BETTER else -mean


def _largest(candidates: Indices, score: Floats, least: float) -> int:
    """The last of ``candidates``, which ascend in λ, that scores at least ``least``."""
    return int(candidates[score[candidates] >= least - TIE][-1])


def _is_line(points: pd.DataFrame) -> bool:
    """Whether the points have an order: one λ varies, or both in proportion; a map has none."""
    if columns.SECOND in points:
        return False
    l1, l2 = (points[name].to_numpy(np.float64) for name in (columns.LAMBDA1, columns.LAMBDA2))
    return bool(np.ptp(l1) == 0 or np.ptp(l2) == 0 or np.allclose(l1 * l2.max(), l2 * l1.max()))
