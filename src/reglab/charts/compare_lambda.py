"""Sweep against sweep: each a U-curve over λ in its own colour, mean ± one standard error, the best λ with a ring."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from reglab import columns
from reglab.charts.base import Draft, Floats, draft, each_run, empty, uid_of, values_of
from reglab.charts.gap import Measure
from reglab.charts.lambda_axis import LambdaAxis, lambda_axis, lambda_text
from reglab.charts.style import RunStyle
from reglab.number_format import percent, short

HINT = "Curves over λ appear when runs at several λ have figures."
_TITLES: Mapping[Measure, tuple[str, str, str]] = {
    "loss": ("Validation loss against λ", "nats", "~g"),
    "accuracy": ("Validation accuracy against λ", "share classified correctly", ".0%"),
}


class Series(NamedTuple):
    """One curve, extracted once, λ ascending."""

    style: RunStyle
    lambdas: NDArray[np.float64]
    at: Floats
    value: Floats
    error: Floats
    n: NDArray[np.int64]
    best: NDArray[np.bool_]


def compare_lambda_chart(
    series: pd.DataFrame, styles: Mapping[str, RunStyle], *, measure: Measure = "loss", symbol: str = "λ"
) -> go.Figure:
    """``series``: rows of :class:`reglab.analysis.lambda_series.LambdaSeries`; styled series only, in that order."""
    title, unit, ticks = _TITLES[measure]
    subtitle = f"{unit}; mean ± standard error, rings: the best λ of each"
    drawn = series_of(series, styles)
    if not drawn:
        return empty(title, subtitle, HINT)
    axis = LambdaAxis.of(series[columns.LAMBDA])
    made = draft(title, subtitle, x=symbol)
    made.update_layout(showlegend=False, meta={"legend": True}, margin={"l": 52, "b": 44, "r": 16})
    lambda_axis(made, axis, symbol)
    made.update_yaxes(tickformat=ticks, uirevision=measure)
    for one in drawn:
        _add_series(made, one, axis, measure, symbol)
    return made.figure()


def series_of(series: pd.DataFrame, styles: Mapping[str, RunStyle]) -> list[Series]:
    """Every styled series with a finite value."""
    found = []
    axis = LambdaAxis.of(series[columns.LAMBDA]) if len(series) else LambdaAxis(())
    for style, own in each_run(series, styles):
        rows = own.sort_values(columns.LAMBDA, kind="stable")
        lambdas, value = rows[columns.LAMBDA].to_numpy(np.float64), values_of(rows, columns.VALUE)
        facts = (
            values_of(rows, columns.HIGH) - value,
            rows[columns.N].to_numpy(),
            rows[columns.BEST].to_numpy(np.bool_),
        )
        found += [Series(style, lambdas, axis.at(lambdas), value, *facts)] if np.isfinite(value).any() else []
    return found


def _add_series(made: Draft, one: Series, axis: LambdaAxis, measure: Measure, symbol: str) -> None:
    """Points joined by a line, with bars; a faint one leads over the break from λ = 0."""
    colour, name = one.style.colour, one.style.text
    zeros = int((one.lambdas == 0).sum()) if axis.break_at is not None else 0
    bars = {"type": "data", "array": one.error, "color": colour, "thickness": 1.4, "width": 4}
    if 0 < zeros < len(one.at):
        both = slice(zeros - 1, zeros + 1)
        look = {"color": colour, "width": 1.1, "dash": "1px,4px"}
        trace = {"mode": "lines", "hoverinfo": "skip", "line": look}
        made.add_scatter(x=one.at[both], y=one.value[both], uid=uid_of(one.style.run, "bridge"), **trace)
    pause = [zeros] if 0 < zeros < len(one.at) else []
    texts = [_hover(name, one, row, measure, symbol) for row in range(len(one.at))]
    gap = np.float32(np.nan)
    made.add_scatter(
        x=np.insert(one.at, pause, np.float32(axis.break_at or 0)),
        y=np.insert(one.value, pause, gap),
        uid=uid_of(one.style.run),
        name=name,
        mode="lines+markers",
        line={"color": colour, "width": 2.2, "dash": one.style.dash},
        marker={"color": colour, "size": 7, "line": {"width": 0}},
        error_y={**bars, "array": np.insert(one.error, pause, gap)} if np.isfinite(one.error).any() else None,
        hovertext=[*texts[:zeros], *([""] if pause else []), *texts[zeros:]],
        hoverinfo="text",
    )
    if one.best.any():
        marker = {"symbol": "circle-open", "size": 17, "color": colour, "line": {"width": 2}}
        trace = {"mode": "markers", "marker": marker, "hoverinfo": "skip", "uid": uid_of(one.style.run, "best")}
        made.add_scatter(x=one.at[one.best], y=one.value[one.best], **trace)


def _hover(name: str, one: Series, row: int, measure: Measure, symbol: str) -> str:
    def number(value: float) -> str:
        return percent(value) if measure == "accuracy" else f"{short(value, 3)} nats"

    error = float(one.error[row])
    spread = f" ± {number(error)}" if np.isfinite(error) else ""
    count = int(one.n[row])
    runs = "one run" if count == 1 else f"mean of {count} runs"
    place = f"{symbol} = {lambda_text(float(one.lambdas[row]))}"
    return f"<b>{name}</b><br>{place}: {number(float(one.value[row]))}{spread}<br>{runs}"
