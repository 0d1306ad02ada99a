"""The y range of the U-curve: the bend, not the collapse.

One collapsed λ (accuracy of guessing) would flatten the bend into a line, so the axis ends where the others do, in
few coarse steps that a growing curve rarely crosses. What lies beyond is drawn at the edge, as an arrow with its value;
what diverged, as a cross.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reglab import columns
from reglab.charts.base import SMALL, Draft, Floats, round_above, uid_of
from reglab.charts.gap import Measure
from reglab.charts.lambda_axis import lambda_text
from reglab.charts.sweep_points import Points, add_at_edge
from reglab.number_format import PERCENT, percent, short

FLOORS = (0.0, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95)
_TOPS = (1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 10.0)
_COLLAPSED = 0.5  # below this share of the distance from guessing to the best accuracy
_BEYOND = 2.0  # times the median validation loss
_PAD = 0.04
_APART = 0.15  # of the axis, from one text at the edge to the next

Labels = list[str] | None


@dataclass(frozen=True)
class Range:
    """The values from ``low`` to ``high`` are shown; what lies beyond is drawn at ``edge``."""

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
        """The height of arrows and crosses."""
        inside = 0.01 * (self.high - self.low)
        return self.high - inside if self.at_top else self.low + inside

    def beyond(self, values: Floats) -> NDArray[np.bool_]:
        """Which values lie beyond the edge."""
        return values > self.shown[1] if self.at_top else values < self.shown[0]

    def text(self, value: float) -> str:
        """The text at an arrow: an accuracy in per cent or a loss."""
        return short(value, 3) if self.at_top else percent(value, 0)


def range_of(every: Sequence[Points], measure: Measure, chance: float | None = None) -> Range:
    """Accuracy: from a round number to 1. Loss: from 0 to a round number."""
    names = (columns.VAL_ACC, columns.TRAIN_ACC) if measure == "accuracy" else (columns.VAL_LOSS, columns.TRAIN_LOSS)
    val, train, errors = (
        np.concatenate([own.values[name] for own in every]) for name in (*names, names[0] + columns.SE)
    )
    errors = np.nan_to_num(errors)
    if measure == "accuracy":
        return Range(accuracy_floor(val, train, errors, chance or 0.0), 1.0, at_top=False)
    return Range(0.0, _loss_top(val, train, errors), at_top=True)


def accuracy_floor(val: Floats, train: Floats, errors: Floats, guessing: float) -> float:
    """The largest of FLOORS below which only collapsed points lie."""
    if not np.isfinite(val).any():
        return FLOORS[0]
    best = float(np.nanmax(val))
    kept = val >= min(best, guessing + _COLLAPSED * (best - guessing))  # the best may be below guessing
    lowest = float(np.nanmin(np.fmin(val - errors, train)[kept]))
    return max(floor for floor in FLOORS if floor == 0 or floor <= lowest)


def _loss_top(val: Floats, train: Floats, errors: Floats) -> float:
    """A round number above all losses but those that leave the others far behind."""
    known = val[np.isfinite(val)]
    if not len(known):
        return 1.0
    both = np.fmax(val + errors, train)
    kept = both[np.isfinite(both) & (val <= _BEYOND * np.median(known))]
    most = max(float(kept.max(initial=0)), 1e-6)
    return round_above(most, _TOPS)


def add_outside(made: Draft, every: Sequence[Points], column: str, span: Range, symbol: str) -> None:
    """At the edge: an arrow with its value for each point beyond it, a cross for each that diverged.

    Values too near each other to be written side by side are written as one, from the least to the most.
    """
    places = [np.flatnonzero(span.beyond(own.values[column])) for own in every]
    for own, rows, labels in zip(every, places, _labels(every, places, column, span), strict=True):
        texts = [span.text(value) for value in own.values[column][rows]]
        _add_edge(made, own, rows, span, "outside", _hover(own, rows, symbol, texts), labels)
    for own in every:
        diverged = own.rows[columns.DIVERGED].to_numpy(np.float64)
        rows = np.flatnonzero(np.isnan(own.values[column]) & (diverged > 0))
        counts = zip(diverged[rows], own.rows[columns.N].to_numpy(np.float64)[rows], strict=True)
        texts = [f"diverged: {_runs(int(gone), n)}" for gone, n in counts]
        counts_of = {"name": f"diverged, {own.mode.apply}" if len(every) > 1 else "diverged", "y": texts}
        _add_edge(made, own, rows, span, "diverged", _hover(own, rows, symbol, texts), meta=counts_of)


def _labels(every: Sequence[Points], places: Sequence[NDArray[np.int64]], column: str, span: Range) -> list[list[str]]:
    """The text at each point beyond the edge; neighbours share one, "10–18 %", at the middle one of them."""
    texts = [[""] * len(rows) for rows in places]
    left = sorted(
        (every[part].axis.share(every[part].lambdas[row]), part, number)
        for part, rows in enumerate(places)
        for number, row in enumerate(rows)
    )
    while left:
        near = [place for place in left if place[0] - left[0][0] < _APART]
        values = [float(every[part].values[column][places[part][number]]) for _, part, number in near]
        _, part, number = near[len(near) // 2]
        low, high = span.text(min(values)), span.text(max(values))
        texts[part][number] = low if low == high else f"{low.removesuffix(PERCENT)}–{high}"
        left = left[len(near) :]
    return texts


def _add_edge(
    made: Draft,
    own: Points,
    rows: NDArray[np.int64],
    span: Range,
    name: str,
    hover: list[str],
    labels: Labels = None,
    meta: dict[str, Any] | None = None,
) -> None:
    """Arrows with ``labels``, or crosses without any."""
    if not len(rows):
        return
    symbol = "x" if labels is None else "triangle-up" if span.at_top else "triangle-down"
    text: dict[str, Any] = {
        "text": labels,
        "textfont": {"size": SMALL},
        "textposition": "bottom center" if span.at_top else "top center",
        "mode": "markers" if labels is None else "markers+text",
        "cliponaxis": False,  # the last text reaches into the margin
    }
    add_at_edge(
        made, own, rows, span.edge, symbol, hover, uid=uid_of(own.mode.apply, name), name=name, meta=meta, **text
    )


def _runs(diverged: int, n: float) -> str:
    total = diverged + (int(n) if np.isfinite(n) else 0)
    return "the run" if total == 1 else f"{diverged} of {total} runs"


def _hover(own: Points, rows: NDArray[np.int64], symbol: str, texts: list[str]) -> list[str]:
    return [
        f"<b>{symbol} = {lambda_text(value)}</b>, {own.mode.apply}<br>{text}"
        for value, text in zip(own.lambdas[rows], texts, strict=True)
    ]
