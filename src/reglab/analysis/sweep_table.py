"""Runs of a sweep as rows, and the means of their figures over the repeats of each point (apply, λ, λ₁, λ₂, …).

The order of rows makes no difference.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reglab import columns
from reglab.analysis.epoch_rules import last_rows, rows_by_rule
from reglab.sweep import EpochRule, LaneSpec

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]
Mask = NDArray[np.bool_]

FIGURES = (*columns.METRICS, columns.EPOCH)


class SweepRun(Protocol):
    """The part of a run that the table reads; the store's ``Run`` is one."""

    @property
    def id(self) -> str: ...
    @property
    def state(self) -> str: ...


def runs_table(lanes: Sequence[LaneSpec], runs: Sequence[SweepRun]) -> pd.DataFrame:
    """:data:`reglab.columns.LANE_COLUMNS`, a row a run, in order; the i-th run is that of the i-th lane.

    Lanes with a second axis have SECOND, too.
    """
    pairs = list(zip(lanes, runs, strict=True))
    numbers = [(lane.point.value, lane.point.l1, lane.point.l2) for lane, _ in pairs]
    values = np.array(numbers, dtype=np.float64).reshape(-1, 3)
    second = [lane.point.second for lane, _ in pairs if lane.point.second is not None]
    table = {
        columns.RUN: pd.array([run.id for _, run in pairs], dtype="str"),
        **dict(zip(columns.POINT[1:], values.T, strict=True)),
        **({columns.SECOND: np.array(second, dtype=np.float64)} if second else {}),
        columns.APPLY: pd.array([lane.apply for lane, _ in pairs], dtype="str"),
        columns.REPEAT: np.array([lane.repeat for lane, _ in pairs], dtype=np.int64),
        columns.STATE: pd.array([run.state for _, run in pairs], dtype="str"),
    }
    return pd.DataFrame(table)


def sweep_table(
    lanes: pd.DataFrame, epochs: pd.DataFrame, epoch: int | None = None, rule: EpochRule = "last"
) -> pd.DataFrame:
    """x̄ and s/√n of every metric over the repeats of a point, at the epoch ≤ ``epoch`` by ``rule``: a row a point.

    Ordered by apply, then λ, then the second axis. N counts the repeats with finite losses that did not diverge,
    DIVERGED those that did. The mean of metric m is in column m, its standard error (n − 1 in s; NaN for n < 2) in
    m + SE; AT_EPOCH is the mean of the epochs at which the repeats count.
    """
    return table_of(counted(lanes, epochs, epoch, rule))


def table_of(figures: Counted) -> pd.DataFrame:
    """:func:`sweep_table` of figures that are already known to count."""
    points = figures.points
    mean, error, n = mean_and_error(figures.values)
    added = {
        columns.N: n[:, columns.METRICS.index(columns.VAL_LOSS)],
        columns.DIVERGED: figures.diverged,
        **dict(zip(columns.METRICS, mean.T, strict=False)),
        **{name + columns.SE: error[:, place] for place, name in enumerate(columns.METRICS)},
        columns.AT_EPOCH: mean[:, -1],
    }
    return with_columns(points.frame(), added)


@dataclass(frozen=True, eq=False)
class Points:
    """``keys``: the columns ``names`` of every point, ascending; ``point`` and ``repeat``: the places of each lane.

    ``names`` are those of :func:`reglab.columns.point_columns`: apply, λ, λ₁, λ₂, and the second axis if there is one.
    """

    names: tuple[str, ...]
    keys: tuple[tuple[Any, ...], ...]
    point: Indices
    repeat: Indices
    repeats: int

    def frame(self) -> pd.DataFrame:
        """The columns ``names``, a row a point."""
        numbers = np.array([key[1:] for key in self.keys], dtype=np.float64).reshape(-1, len(self.names) - 1)
        modes = pd.array([key[0] for key in self.keys], dtype="str")
        return pd.DataFrame({columns.APPLY: modes, **dict(zip(self.names[1:], numbers.T, strict=True))})

    @property
    def reference(self) -> Indices:
        """The place of each point's reference: λ = 0 of its penalty mode and second value; −1 where there is none."""
        zeros = {(key[0], *key[4:]): place for place, key in enumerate(self.keys) if key[1] == 0}
        return np.array([zeros.get((key[0], *key[4:]), -1) for key in self.keys], dtype=np.int64)

    def spread(self, values: Floats) -> Floats:
        """``values`` of lanes (L, …) as (points, repeats, …); NaN where there is no lane."""
        laid = np.full((len(self.keys), self.repeats, *values.shape[1:]), np.nan)
        laid[self.point, self.repeat] = values
        return laid


def points_of(lanes: pd.DataFrame) -> Points:
    """The points of ``lanes`` (:data:`reglab.columns.LANE_COLUMNS`), by apply and then λ, λ₁, λ₂, second."""
    names = columns.point_columns(lanes)
    keys = list(zip(*(lanes[name].tolist() for name in names), strict=True))
    places = {key: place for place, key in enumerate(sorted(set(keys)))}
    repeats, repeat = np.unique(lanes[columns.REPEAT].to_numpy(np.int64), return_inverse=True)
    return Points(names, tuple(places), np.array([places[key] for key in keys], dtype=np.int64), repeat, len(repeats))


def with_columns(frame: pd.DataFrame, added: Mapping[str, Any]) -> pd.DataFrame:
    """``frame.assign(**added)``, for new columns: several times faster."""
    return pd.concat([frame, pd.DataFrame(dict(added), index=frame.index)], axis=1)


def mean_and_error(values: Floats) -> tuple[Floats, Floats, Indices]:
    """x̄ and s/√n over axis 1, s² = Σ(x − x̄)²/(n − 1), and n, the number of finite values.

    NaN where nothing is finite; the error is NaN for n < 2 too.
    """
    finite = np.isfinite(values)
    n = finite.sum(axis=1)
    kept = np.where(finite, values, 0.0)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        mean = kept.sum(axis=1) / n
        deviations = np.where(finite, values - mean[:, None], 0.0)
        error = np.sqrt(np.square(deviations).sum(axis=1) / np.where(n > 1, n - 1, 0) / n)
    return mean, error, n


@dataclass(frozen=True, eq=False)
class Counted:
    """The figures that count: ``values`` (points, repeats, FIGURES); ``diverged`` (points,) repeats do not count."""

    points: Points
    values: Floats
    diverged: Indices

    def of(self, name: str) -> Floats:
        """(points, repeats): one of the FIGURES."""
        return self.values[:, :, FIGURES.index(name)]


def counted(lanes: pd.DataFrame, epochs: pd.DataFrame, epoch: int | None = None, rule: EpochRule = "last") -> Counted:
    """The figures of each lane at its epoch by ``rule``, ≤ ``epoch``.

    NaN unless the lane's losses are finite and it has not diverged by then: a diverged lane counts under no rule.
    """
    points = points_of(lanes)
    diverged = (lanes[columns.STATE] == "diverged").to_numpy(np.bool_)
    if diverged.any():
        diverged = diverged & (last_rows(lanes, epochs, epoch) == last_rows(lanes, epochs))
    figures = _figures_at(epochs, rows_by_rule(lanes, epochs, rule, points.point, epoch), FIGURES)
    losses = figures[:, [FIGURES.index(name) for name in (columns.TRAIN_LOSS, columns.VAL_LOSS)]]
    figures[diverged | np.isnan(losses).any(axis=1)] = np.nan
    gone = np.bincount(points.point, diverged, len(points.keys)).astype(np.int64)
    return Counted(points, points.spread(figures), gone)


def _figures_at(frame: pd.DataFrame, rows: Indices, names: Sequence[str]) -> Floats:
    """(rows, names); NaN where the row is −1 or the figure is not finite."""
    values = np.full((len(rows), len(names)), np.nan)
    there = rows >= 0
    for place, name in enumerate(names):
        values[there, place] = frame[name].to_numpy(np.float64)[rows[there]]
    values[~np.isfinite(values)] = np.nan
    return values
