"""The generalisation gap against λ, over a zero line: how much of what was learnt does not carry over to new images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from reglab import columns
from reglab.charts.base import add_hint, draft, empty, round_above
from reglab.charts.gap import COLUMNS, SUBTITLES, Measure
from reglab.charts.lambda_axis import TOP, LambdaAxis, lambda_axis
from reglab.charts.style import GREY
from reglab.charts.sweep_points import WRONG, Points, add_metric, known_in, points_of, with_wrong_labels
from reglab.sweep_axes import Axis

HINT = "The gap appears while the networks train."
_STEPS = (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)


def sweep_gap_chart(
    table: pd.DataFrame, *, measure: Measure = "accuracy", symbol: str = "λ₂", swept: Axis | None = None
) -> go.Figure:
    """``table`` as of :func:`reglab.charts.sweep.sweep_chart`; above 0 is overfitting."""
    title, column = f"Gap against {symbol}", COLUMNS[measure]
    if table.empty:
        return empty(title, SUBTITLES[measure], HINT)
    axis = LambdaAxis.of(table[columns.LAMBDA], swept)
    every = points_of(table, axis, (column, columns.FLIPPED_ACC))
    made = draft(title, SUBTITLES[measure] + (f"<br>{WRONG}" if with_wrong_labels(every) else ""), x=symbol)
    lambda_axis(made, axis, symbol)
    made.update_layout(margin={"t": TOP})  # level with the U-curve
    unit = "%" if measure == "accuracy" else "nats"
    made.add_hline(0, line={"color": GREY, "width": 1.2}, layer="below")
    for own in every:
        name, named = own.mode.apply, len(every) > 1
        line = {"width": 2.4, "dash": own.mode.val}
        look: dict[str, Any] = {"uid": name, "band": f"{name}-band", "line": line, "scale": axis.crowding}
        look |= {"name": name, "legendgroup": name, "showlegend": named}
        add_metric(made, own, column, "gap", symbol, unit, named=named, errors=True, **look)
    if not known_in(every, column):
        add_hint(made, HINT)
    low, high = _span(every, column)
    decimals = 0 if high - low > 0.07 else 1 if high - low > 0.007 else 2  # so that no two ticks read the same
    ticks = f".{decimals}%" if measure == "accuracy" else "~g"
    made.update_yaxes(range=[low, high], tickformat=ticks, uirevision=measure)
    return made.figure()


def _span(every: Sequence[Points], column: str) -> tuple[float, float]:
    """Round numbers around all values and 0, so that the axis rarely moves while they grow."""
    values = np.concatenate([own.values[column] for own in every])
    errors = np.nan_to_num(np.concatenate([own.errors(column) for own in every]))
    known = np.isfinite(values)
    high = _round(float((values + errors)[known].max(initial=0)))
    low = _round(-float((values - errors)[known].min(initial=0)))
    high = high or (0.1 if not low else 0.1 * low)
    return -max(1.05 * low, 0.06 * high), 1.04 * high


def _round(value: float) -> float:
    """The next of _STEPS times a power of ten; 0 for what is not above 0."""
    return round_above(value, _STEPS) if value > 1e-6 else 0.0
