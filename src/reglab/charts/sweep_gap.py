"""The generalisation gap against λ, over a zero line: how much of what was learnt does not carry over to new images."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from reglab import columns
from reglab.charts.base import add_hint, draft, empty, values_of
from reglab.charts.gap import Measure
from reglab.charts.lambda_axis import TOP, LambdaAxis, lambda_axis
from reglab.charts.style import GREY
from reglab.charts.sweep_parts import add_band, add_bridge, add_line, crowding, each_mode, errors_of
from reglab.charts.sweep_text import WRONG, said, with_wrong_labels

_COLUMNS: dict[Measure, str] = {"loss": columns.GAP_LOSS, "accuracy": columns.GAP_ACC}
_SUBTITLES: dict[Measure, str] = {
    "loss": "validation − training loss, nats",
    "accuracy": "training − validation accuracy",
}
HINT = "The gap appears while the networks train."
_STEPS = (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)


def sweep_gap_chart(table: pd.DataFrame, *, measure: Measure = "accuracy", symbol: str = "λ₂") -> go.Figure:
    """``table`` as of :func:`reglab.charts.sweep.sweep_chart`; above 0 is overfitting."""
    title, column = f"Gap against {symbol}", _COLUMNS[measure]
    if table.empty:
        return empty(title, _SUBTITLES[measure], HINT)
    made = draft(title, _SUBTITLES[measure] + (f"<br>{WRONG}" if with_wrong_labels(table) else ""), x=symbol)
    axis, modes = LambdaAxis.of(table[columns.LAMBDA]), each_mode(table)
    lambda_axis(made, axis, symbol)
    made.update_layout(margin={"t": TOP})  # level with the U-curve
    unit = "%" if measure == "accuracy" else "nats"
    made.add_hline(0, line={"color": GREY, "width": 1.2}, layer="below")
    for mode, rows in modes:
        values, errors = values_of(rows, column), errors_of(rows, column)
        add_band(made, axis, rows, values - errors, values + errors, f"{mode.apply}-band", legendgroup=mode.apply)
        add_bridge(made, axis, rows, values, f"{mode.apply}-bridge", legendgroup=mode.apply)
        texts = said(rows, column, "gap", symbol, unit, mode=mode if len(modes) > 1 else None)
        add_line(
            made, axis, mode, rows, values, texts, uid=mode.apply, line={"width": 2.4, "dash": mode.val}, errors=errors,
            scale=crowding(axis), name=mode.apply, showlegend=len(modes) > 1, legendgroup=mode.apply,
        )  # fmt: skip
    if not np.isfinite(values_of(table, column)).any():
        add_hint(made, HINT)
    low, high = _span(table, column)
    made.update_yaxes(
        range=[low, high], tickformat=_percents(high - low) if measure == "accuracy" else "~g", uirevision=measure
    )
    return made.figure()


def _percents(span: float) -> str:
    """So many decimals that no two ticks of an axis so long read the same."""
    return f".{0 if span > 0.07 else 1 if span > 0.007 else 2}%"


def _span(table: pd.DataFrame, column: str) -> tuple[float, float]:
    """Round numbers around all values and 0, so that the axis rarely moves while they grow."""
    values, errors = values_of(table, column), np.nan_to_num(errors_of(table, column))
    known = np.isfinite(values)
    high = _round(float((values + errors)[known].max(initial=0)))
    low = _round(-float((values - errors)[known].min(initial=0)))
    high = high or (0.1 if not low else 0.1 * low)
    return -max(1.05 * low, 0.06 * high), 1.04 * high


def _round(value: float) -> float:
    """The next of _STEPS times a power of ten; 0 for what is not above 0."""
    if value <= 1e-6:
        return 0.0
    power = 10.0 ** np.floor(np.log10(value))
    return float(power * min(step for step in _STEPS if step * power >= value * (1 - 1e-6)))
