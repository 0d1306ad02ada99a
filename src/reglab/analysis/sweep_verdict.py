"""What a path says, as data: a page only puts it in words."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from reglab import columns
from reglab.analysis.choosing import best_row, paths
from reglab.sweep import Point

Edge = Literal["low", "high"]


@dataclass(frozen=True)
class SweepVerdict:
    """The best point of one way of applying the penalty, and how sure that is.

    ``mean`` ± ``error`` is its ``measure`` over ``n`` repeats; ``difference`` the paired one to λ = 0, from ``low`` to
    ``high`` over ``pairs``; ``None`` is what there is not. ``edge``: the best λ is the lowest above 0 or the highest of
    the path, so that a wider range may hold a better one. ``regimes`` ascend in λ.
    """

    apply: str
    measure: str
    best: Point
    mean: float
    error: float | None
    n: int
    one_se: Point | None
    difference: float | None
    low: float | None
    high: float | None
    pairs: int
    edge: Edge | None
    regimes: tuple[tuple[Point, str], ...]
    diverged: tuple[Point, ...]

    @property
    def overlap(self) -> bool | None:
        """Whether the interval of the difference includes 0: by these repeats, λ may as well do nothing."""
        return None if self.low is None or self.high is None else self.low <= 0 <= self.high

    def of_regime(self, regime: str) -> tuple[Point, ...]:
        """The points of ``regime``, ascending."""
        return tuple(point for point, found in self.regimes if found == regime)


def sweep_verdict(table: pd.DataFrame, measure: str = columns.VAL_ACC, apply: str | None = None) -> SweepVerdict | None:
    """The verdict of a :func:`judged_sweep` on ``apply``, or on the mode with the best point; ``None`` without one."""
    best = best_row(table, measure, apply)
    if best is None:
        return None
    own = next(table.iloc[rows] for rows in paths(table) if best in rows)
    row = table.iloc[best]
    beside = _points(own[own[columns.ONE_SE]])
    mean, error, difference, low, high = (_number(row[name]) for name in (
        measure, measure + columns.SE, columns.DIFFERENCE, columns.LOW, columns.HIGH,
    ))  # fmt: skip
    known = own[own[columns.REGIME].notna()]
    return SweepVerdict(
        apply=str(row[columns.APPLY]), measure=measure, best=_points(table.iloc[[best]])[0],
        mean=math.nan if mean is None else mean, error=error, n=int(row[columns.N]),
        one_se=beside[0] if beside else None,
        difference=difference, low=low, high=high, pairs=int(row[columns.PAIRS]), edge=_edge(own, row),
        regimes=tuple(zip(_points(known), known[columns.REGIME].tolist(), strict=True)),
        diverged=_points(own[own[columns.DIVERGED] > 0]),
    )  # fmt: skip


def _points(rows: pd.DataFrame) -> tuple[Point, ...]:
    values = (rows[name].tolist() for name in (columns.LAMBDA, columns.LAMBDA1, columns.LAMBDA2))
    return tuple(Point(*three) for three in zip(*values, strict=True))


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _edge(path: pd.DataFrame, best: pd.Series) -> Edge | None:
    """Whether the best λ₁ or λ₂ is the highest or the lowest above 0 of those that the path varies."""
    edges: set[Edge] = set()
    for name in (columns.LAMBDA1, columns.LAMBDA2):
        values = np.unique(path[name].to_numpy(np.float64))
        if len(values) > 1 and best[name] > 0:
            edges |= {"high"} if best[name] == values[-1] else set()
            edges |= {"low"} if best[name] == values[values > 0][0] else set()
    return "high" if "high" in edges else "low" if edges else None
