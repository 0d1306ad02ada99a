"""How much of the y axis the U-curve shows: the bend, not the collapse.

One collapsed λ (accuracy of guessing) would flatten the bend into a line, so the axis ends where the others do, in
few coarse steps that a growing curve rarely crosses. What lies beyond is drawn at the edge, as an arrow with its value;
what diverged, as a cross.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reglab import columns
from reglab.charts.base import uid_of, values_of
from reglab.charts.draft import Draft
from reglab.charts.gap import Measure
from reglab.charts.lambda_axis import LambdaAxis, lambda_text
from reglab.charts.sweep_parts import Mode, colours_of, lambdas_of, points_of
from reglab.number_format import PERCENT, percent, short

FLOORS = (0.0, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95)
_TOPS = (1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 10.0)
_COLLAPSED = 0.5  # below this share of the mode from guessing to the best accuracy
_BEYOND = 2.5  # times the median validation loss
_PAD = 0.04
_APART = 0.15  # of the axis, from one text at the edge to the next


@dataclass(frozen=True)
class Range:
    """The values from ``low`` to ``high`` are shown; ``edge`` is where what lies beyond is drawn."""

    low: float
    high: float
    at_top: bool

    @property
    def shown(self) -> tuple[float, float]:
        """The axis, a little longer, so that points at its ends are whole."""
        pad = _PAD * (self.high - self.low)
        return (self.low, self.high + pad) if self.at_top else (self.low - pad, self.high + pad)

    @property
    def edge(self) -> float:
        """Where arrows and crosses are drawn."""
        inside = 0.01 * (self.high - self.low)
        return self.high - inside if self.at_top else self.low + inside

    def beyond(self, values: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Which values lie beyond the edge."""
        return values > self.shown[1] if self.at_top else values < self.shown[0]


def range_of(table: pd.DataFrame, measure: Measure, chance: float | None = None) -> Range:
    """Accuracy: from a round number to 1. Loss: from 0 to a round number."""
    if measure == "accuracy":
        return Range(accuracy_floor(table, chance), 1.0, at_top=False)
    return Range(0.0, _loss_top(table), at_top=True)


def accuracy_floor(table: pd.DataFrame, chance: float | None = None) -> float:
    """The largest of FLOORS below which only collapsed points lie."""
    val, train = values_of(table, columns.VAL_ACC), values_of(table, columns.TRAIN_ACC)
    if not np.isfinite(val).any():
        return FLOORS[0]
    best, guessing = float(np.nanmax(val)), chance or 0.0
    kept = val >= min(best, guessing + _COLLAPSED * (best - guessing))  # the best may be below guessing
    errors = np.nan_to_num(values_of(table, columns.VAL_ACC + columns.SE))
    lowest = float(np.nanmin(np.fmin(val - errors, train)[kept]))
    return max(floor for floor in FLOORS if floor == 0 or floor <= lowest)


def _loss_top(table: pd.DataFrame) -> float:
    """A round number above all losses but those that leave the others far behind."""
    val, train = values_of(table, columns.VAL_LOSS), values_of(table, columns.TRAIN_LOSS)
    known = val[np.isfinite(val)]
    if not len(known):
        return 1.0
    errors = np.nan_to_num(values_of(table, columns.VAL_LOSS + columns.SE))
    both = np.fmax(val + errors, train)
    kept = both[np.isfinite(both) & (val <= _BEYOND * np.median(known))]
    most = max(float(kept.max(initial=0)), 1e-6)
    power = 10.0 ** np.floor(np.log10(most))
    return float(power * min(top for top in _TOPS if top * power >= most * (1 - 1e-6)))


def add_outside(
    made: Draft,
    axis: LambdaAxis,
    modes: Sequence[tuple[Mode, pd.DataFrame]],
    column: str,
    span: Range,
    symbol: str,
) -> None:
    """At the edge: an arrow with its value for each point beyond it, a cross for each that diverged.

    Values too near each other to be written side by side are written as one, from the least to the most.
    """
    parts = [(mode, rows[span.beyond(values_of(rows, column))]) for mode, rows in modes]
    written = _written(axis, [(rows, values_of(rows, column)) for _, rows in parts], span)
    arrow = "triangle-up" if span.at_top else "triangle-down"
    for (mode, rows), texts in zip(parts, written, strict=True):
        told = [_value(value, span) for value in values_of(rows, column)]
        _add_edge(made, axis, mode, rows, span, "outside", _said(rows, symbol, told), arrow, texts)
    for mode, rows in modes:
        gone = rows[np.isnan(values_of(rows, column)) & (rows[columns.DIVERGED].to_numpy(np.float64) > 0)]
        told = [f"diverged: {_runs(row)}" for _, row in gone.iterrows()]
        _add_edge(made, axis, mode, gone, span, "diverged", _said(gone, symbol, told), "x")


def _written(
    axis: LambdaAxis, parts: Sequence[tuple[pd.DataFrame, NDArray[np.float32]]], span: Range
) -> list[list[str]]:
    """What is written at each point of each part: neighbours share one text, at the middle one of them."""
    texts = [[""] * len(rows) for rows, _ in parts]
    places = sorted(
        (axis.share(value), part, row)
        for part, (rows, _) in enumerate(parts)
        for row, value in enumerate(lambdas_of(rows))
    )
    while places:
        near = [place for place in places if place[0] - places[0][0] < _APART]
        values = [float(parts[part][1][row]) for _, part, row in near]
        _, part, row = near[len(near) // 2]
        texts[part][row] = _joined(min(values), max(values), span)
        places = places[len(near) :]
    return texts


def _joined(least: float, most: float, span: Range) -> str:
    """One value, or both ends: "10 %", "10–18 %"."""
    ends = _value(least, span), _value(most, span)
    return ends[0] if ends[0] == ends[1] else f"{ends[0].removesuffix(PERCENT)}–{ends[1]}"


def _add_edge(
    made: Draft, axis: LambdaAxis, mode: Mode, rows: pd.DataFrame, span: Range, name: str, told: list[str],
    symbol: str, texts: list[str] | None = None,
) -> None:  # fmt: skip
    if rows.empty:
        return
    made.add_scatter(
        x=axis.at(lambdas_of(rows)), y=np.full(len(rows), span.edge, dtype=np.float32), uid=uid_of(mode.apply, name),
        mode="markers" if texts is None else "markers+text", text=texts, textfont={"size": 11},
        textposition="bottom center" if span.at_top else "top center", customdata=points_of(rows), hovertext=told,
        hoverinfo="text", showlegend=False, name=name, cliponaxis=False,  # the last text reaches into the margin
        marker={"symbol": symbol, "size": 8, "color": colours_of(rows), "line": {"width": 0}},
    )  # fmt: skip


def _value(value: float, span: Range) -> str:
    return short(value, 3) if span.at_top else percent(value, 0)


def _runs(row: pd.Series) -> str:
    diverged, n = int(row[columns.DIVERGED]), row[columns.N]
    total = diverged + (int(n) if np.isfinite(n) else 0)
    return "the run" if total == 1 else f"{diverged} of {total} runs"


def _said(rows: pd.DataFrame, symbol: str, what: list[str]) -> list[str]:
    return [
        f"<b>{symbol} = {lambda_text(value)}</b>, {apply}<br>{text}"
        for value, apply, text in zip(rows[columns.LAMBDA], rows[columns.APPLY], what, strict=True)
    ]
