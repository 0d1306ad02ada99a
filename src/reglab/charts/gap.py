"""The generalisation gap over epochs: validation − training data loss, or training − validation accuracy.

Both are in eval mode and without the penalty, so gaps at different λ can be compared; above 0 is overfitting.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import pandas as pd
import plotly.graph_objects as go

from reglab import columns
from reglab.charts.base import WIDTHS, draft, each_run, empty, epoch_axis, epochs_of, uid_of, values_of
from reglab.charts.draft import Draft
from reglab.charts.style import GREY, RunStyle, rgba

Measure = Literal["loss", "accuracy"]
_COLUMNS: dict[Measure, str] = {"loss": columns.GAP_LOSS, "accuracy": columns.GAP_ACC}
_SUBTITLES: dict[Measure, str] = {
    "loss": "validation − training loss, nats",
    "accuracy": "training − validation accuracy",
}
_VALUES: dict[Measure, str] = {"loss": "%{y:.4g} nats", "accuracy": "%{y:.1%}"}


def gap_chart(
    epochs: pd.DataFrame, styles: Mapping[str, RunStyle], *, measure: Measure = "loss", planned: int | None = None
) -> go.Figure:
    """The gap of every styled run in ``epochs`` over a zero line; a run alone is filled down to it."""
    drawn = list(each_run(epochs, styles))
    if not drawn:
        return empty("Gap", _SUBTITLES[measure], "The gap appears after the first epoch.")
    made = draft("Gap", _SUBTITLES[measure])
    made.add_hline(0, line={"color": GREY, "width": 1}, layer="below")
    for style, rows in drawn:
        _add_gap(made, rows, style, measure, alone=len(drawn) == 1)
    made.update_layout(hovermode="x unified" if len(drawn) == 1 else "closest")
    epoch_axis(made, max(int(rows[columns.EPOCH].max()) for _, rows in drawn), planned)
    made.update_yaxes(rangemode="tozero", tickformat="~g" if measure == "loss" else ".0%", uirevision=measure)
    return made.figure()


def _add_gap(made: Draft, rows: pd.DataFrame, style: RunStyle, measure: Measure, *, alone: bool) -> None:
    value = _VALUES[measure]
    made.add_scatter(
        x=epochs_of(rows),
        y=values_of(rows, _COLUMNS[measure]),
        uid=uid_of(style.run),
        name=style.text,
        mode="lines+markers" if len(rows) == 1 else "lines",
        line={"color": style.colour, "width": WIDTHS["val"]},
        fill="tozeroy" if alone else None,
        fillcolor=rgba(style.colour, 0.18) if alone else None,
        showlegend=not alone,
        hovertemplate=f"{value}<extra>gap</extra>"
        if alone
        else f"{style.text}<br>epoch %{{x}}: {value}<extra></extra>",
    )
