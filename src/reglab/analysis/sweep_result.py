"""A whole sweep, judged: as a table, as the verdict that the page words, and as the object that commands print."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from reglab import columns
from reglab.analysis.chance import Chance
from reglab.analysis.differences import DIFFERENCE_COLUMNS, differences_of
from reglab.analysis.paired import PairedDifference
from reglab.analysis.select import (
    HIGHER_IS_BETTER,
    best_row,
    can_be_best,
    chosen,
    paired_one_se,
    regimes,
    rows_by_mode,
)
from reglab.analysis.sweep_table import Counted, counted, table_of, with_columns
from reglab.sweep import EpochRule, Point

Edge = Literal["low", "high"]

_LAMBDAS = {"lambda": columns.LAMBDA, "l1": columns.LAMBDA1, "l2": columns.LAMBDA2, "apply": columns.APPLY}
_LOSSES = (columns.TRAIN_LOSS, columns.VAL_LOSS, columns.TRAIN_ACC, columns.VAL_ACC, columns.GAP_LOSS, columns.GAP_ACC)
_JUDGED = (columns.AT_EPOCH, columns.BEST, columns.ONE_SE, columns.ONE_SE_PAIRED, columns.REGIME, *DIFFERENCE_COLUMNS)


def judged_table(
    lanes: pd.DataFrame,
    epochs: pd.DataFrame,
    measure: str = columns.VAL_ACC,
    epoch: int | None = None,
    chance: Chance | None = None,
    *,
    rule: EpochRule = "last",
    overlap: float = 0.0,
    tested: bool = True,
) -> pd.DataFrame:
    """:func:`sweep_table` with BEST, both 1-SE choices, REGIME, and the paired differences to λ = 0.

    Every run counts at its epoch ≤ ``epoch`` by ``rule``. Points that can be chosen have an interval and an adjusted p
    if ``tested``, with r = ``overlap`` (see :func:`reglab.analysis.differences.differences_of`).
    """
    return judged_figures(counted(lanes, epochs, epoch, rule), measure, chance, overlap=overlap, tested=tested)


def judged_figures(
    figures: Counted, measure: str, chance: Chance | None, *, overlap: float, tested: bool
) -> pd.DataFrame:
    """:func:`judged_table` of figures that are already known to count."""
    table = chosen(table_of(figures), measure, chance)
    eligible = can_be_best(table, measure, chance)
    differences = differences_of(figures, measure, overlap, eligible & tested)
    added = {name: differences[name] for name in DIFFERENCE_COLUMNS}  # both are by apply, then λ
    beside = paired_one_se(table, figures.of(measure), measure, eligible)
    return regimes(with_columns(table, {**added, columns.ONE_SE_PAIRED: beside}), measure, chance)


def result_of_sweep(table: pd.DataFrame, measure: str = columns.VAL_ACC) -> dict[str, Any]:
    """``{"best", "one_se", "table"}`` of a :func:`judged_table`, with plain numbers; missing ones are ``None``.

    Every entry has λ as "lambda", "l1", "l2" and "apply", the means with their standard errors ("val_acc_se"), "gap…",
    and the judgement. "best" is the best over all penalty modes, "one_se" the 1-SE choice of the same mode.
    """
    rows = [_entry(row) for row in table.to_dict("records")]
    best = best_row(table, measure)
    one_se = None
    if best is not None:
        same = table[columns.APPLY] == table[columns.APPLY].iloc[best]
        one_se = next((rows[row] for row in np.flatnonzero(same & table[columns.ONE_SE])), None)
    return {"best": None if best is None else rows[best], "one_se": one_se, "table": rows}


def _entry(row: Mapping[Hashable, Any]) -> dict[str, Any]:
    entry = {key: plain(row[name]) for key, name in _LAMBDAS.items()}
    entry |= {"second": plain(row[columns.SECOND])} if columns.SECOND in row else {}
    for name in (columns.N, columns.DIVERGED, *_LOSSES, *columns.MEMORY):
        entry[name] = plain(row[name])
        if name in columns.METRICS:
            entry[name + columns.SE] = plain(row[name + columns.SE])
    entry |= {columns.BALANCED_ACC: plain(row[columns.BALANCED_ACC])} if columns.BALANCED_ACC in row else {}
    return entry | {name: plain(row[name]) for name in _JUDGED}


def plain(value: Any) -> Any:
    """A value that JSON knows: NaN and missing become ``None``."""
    value = value.item() if isinstance(value, np.generic) else value
    return None if isinstance(value, float) and not math.isfinite(value) else value


@dataclass(frozen=True)
class SweepVerdict:
    """The best point of one penalty mode, and how certain it is.

    ``mean`` ± ``error`` is its ``measure`` over ``n`` repeats, on average at ``epoch``. ``difference`` is the paired
    one to λ = 0, from ``low`` to ``high`` over ``pairs``, and the best does better in ``better_in`` of them;
    ``p_adjusted`` is its two-sided p, adjusted for the number of λ; ``None`` where not known or not tested. ``one_se``
    is by the usual standard error, ``one_se_paired`` by that of the paired difference to the best. ``edge``: the best
    λ is the lowest above 0 or the highest of the sweep, so that a wider range may hold a better one. ``regimes`` ascend
    in λ.
    """

    apply: str
    measure: str
    best: Point
    mean: float
    error: float | None
    n: int
    epoch: float
    one_se: Point | None
    one_se_paired: Point | None
    difference: float | None
    low: float | None
    high: float | None
    pairs: int
    better_in: int
    p_adjusted: float | None
    edge: Edge | None
    regimes: tuple[tuple[Point, str], ...]
    diverged: tuple[Point, ...]

    @property
    def paired(self) -> PairedDifference | None:
        """The difference to λ = 0; ``None`` for λ = 0 itself, and where there is no λ = 0."""
        if self.difference is None or self.best.value == 0:
            return None
        higher = self.measure in HIGHER_IS_BETTER
        facts = (self.difference, self.low, self.high, self.pairs, self.better_in, self.p_adjusted)
        return PairedDifference(*facts, higher_is_better=higher)

    def of_regime(self, regime: str) -> tuple[Point, ...]:
        """The points of ``regime``, ascending."""
        return tuple(point for point, found in self.regimes if found == regime)


def sweep_verdict(table: pd.DataFrame, measure: str = columns.VAL_ACC, apply: str | None = None) -> SweepVerdict | None:
    """The verdict of a :func:`judged_table` on ``apply``, or on the mode with the best point; ``None`` without one."""
    best = best_row(table, measure, apply)
    if best is None:
        return None
    own = next(table.iloc[rows] for rows in rows_by_mode(table) if best in rows)
    row = table.iloc[best]
    known = own[own[columns.REGIME].notna()]
    return SweepVerdict(
        apply=str(row[columns.APPLY]),
        measure=measure,
        best=_points(table.iloc[[best]])[0],
        mean=float(row[measure]),
        error=plain(row[measure + columns.SE]),
        n=int(row[columns.N]),
        epoch=float(row[columns.AT_EPOCH]),
        one_se=next(iter(_points(own[own[columns.ONE_SE]])), None),
        one_se_paired=next(iter(_points(own[own[columns.ONE_SE_PAIRED]])), None),
        difference=plain(row[columns.DIFFERENCE]),
        low=plain(row[columns.LOW]),
        high=plain(row[columns.HIGH]),
        pairs=int(row[columns.PAIRS]),
        better_in=int(row[columns.BETTER_IN]),
        p_adjusted=plain(row[columns.P_ADJUSTED]),
        edge=_edge(own, row),
        regimes=tuple(zip(_points(known), known[columns.REGIME].tolist(), strict=True)),
        diverged=_points(own[own[columns.DIVERGED] > 0]),
    )


def _points(rows: pd.DataFrame) -> tuple[Point, ...]:
    return tuple(
        Point(*values)
        for values in zip(*(rows[name].tolist() for name in columns.point_columns(rows)[1:]), strict=True)
    )


def _edge(points: pd.DataFrame, best: pd.Series) -> Edge | None:
    """Whether the best point has the highest or the lowest value above 0 of an axis."""
    edges: set[Edge] = set()
    strengths = [name for name in (columns.LAMBDA1, columns.LAMBDA2) if points[name].nunique() > 1]
    for name in (*(strengths or [columns.LAMBDA]), *columns.point_columns(points)[len(columns.POINT) :]):
        values = np.unique(points[name].to_numpy(np.float64))
        if len(values) > 1 and best[name] > 0:
            edges |= {"high"} if best[name] == values[-1] else set()
            edges |= {"low"} if best[name] == values[values > 0][0] else set()
    return "high" if "high" in edges else "low" if edges else None
