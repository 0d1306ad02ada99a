"""Calibration error against λ, at the last and at the best epoch, mean ± one standard error over the repeats.

The error counts too much and too little confidence alike. A network that memorises grows certain of its mistakes; one
that is penalised, or trained on partly wrong labels, may be less certain than it is right.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from reglab import columns
from reglab.charts.base import draft, empty
from reglab.charts.lambda_axis import LambdaAxis, lambda_axis
from reglab.charts.sweep_points import add_metric, known_in, points_of
from reglab.sweep_axes import Axis

TITLE, SUBTITLE = "Calibration error", "|confidence − accuracy|, validation images"
HINT = "Appears when runs end: it needs the class probabilities of every validation image."

_PAD = 1.06  # of the axis above the highest point
_LEAST = 0.05  # the axis reaches at least this error, so that noise does not fill it


class Line(NamedTuple):
    """One line: its column, its name, and its look."""

    column: str
    name: str
    shape: str
    width: float


LINES = (
    Line(columns.CALIBRATION_LAST, "last epoch", "", 2.4),
    Line(columns.CALIBRATION_BEST, "best epoch", "-open", 1.4),
)


def sweep_calibration_chart(
    table: pd.DataFrame, *, symbol: str = "λ₂", swept: Axis | None = None, hint: str = HINT
) -> go.Figure:
    """``table``: of :func:`reglab.analysis.calibration.calibration_table`; ``hint`` where it has no figures."""
    if table.empty:
        return empty(TITLE, SUBTITLE, hint)
    axis = LambdaAxis.of(table[columns.LAMBDA], swept)
    every = points_of(table, axis, [line.column for line in LINES])
    if not any(known_in(every, line.column) for line in LINES):
        return empty(TITLE, SUBTITLE, hint)
    alone = len(every) == 1
    made = draft(TITLE, SUBTITLE, x=symbol)
    lambda_axis(made, axis, symbol)
    tops = [0.0]
    for own in every:
        for number, line in enumerate(LINES):
            mode, last = own.mode, number == 0
            name = line.name if alone else f"{mode.apply}, {line.name}"
            look: dict[str, Any] = {"line": {"width": line.width, "dash": mode.val}, "scale": 0.9 * axis.crowding}
            look |= {"shape": mode.symbol + line.shape, "uid": f"{mode.apply}-{line.column}", "name": name}
            look |= {"band": f"{mode.apply}-band"} if last else {}
            label = f"calibration error, {line.name},"
            add_metric(made, own, line.column, label, symbol, "%", named=not alone, errors=last, **look)
            ends = own.values[line.column] + np.nan_to_num(own.errors(line.column) if last else 0)
            tops += ends[np.isfinite(ends)].tolist()
    made.update_yaxes(range=[0, max(_PAD * max(tops), _LEAST)], tickformat=".0%")
    return made.figure()
