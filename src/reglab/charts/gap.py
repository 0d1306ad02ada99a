"""The generalisation gap over epochs: validation − training data loss, or training − validation accuracy.

Both are in eval mode and without the penalty, so gaps at different λ can be compared; above 0 is overfitting.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import plotly.graph_objects as go

from reglab import columns
from reglab.charts.base import WIDTHS, draft, empty, epoch_axis, run_curves, uid_of
from reglab.charts.style import GREY, RunStyle, rgba

Measure = columns.Measure
COLUMNS: dict[Measure, str] = {"loss": columns.GAP_LOSS, "accuracy": columns.GAP_ACC}
SUBTITLES: dict[Measure, str] = {
    "loss": "validation − training loss, nats",
    "accuracy": "training − validation accuracy",
}


def gap_chart(
    epochs: pd.DataFrame, styles: Mapping[str, RunStyle], *, measure: Measure = "loss", planned: int | None = None
) -> go.Figure:
    """The gap of every styled run in ``epochs`` over a zero line; the area below a single run is filled."""
    runs = run_curves(epochs, styles, (column := COLUMNS[measure],))
    if not runs:
        return empty("Gap", SUBTITLES[measure], "The gap appears after the first epoch.")
    alone = len(runs) == 1
    made = draft("Gap", SUBTITLES[measure])
    made.add_hline(0, line={"color": GREY, "width": 1}, layer="below")
    value = "%{y:.4g} nats" if measure == "loss" else "%{y:.1%}"
    for run in runs:
        text, colour = run.style.text, run.style.colour
        area = {"fill": "tozeroy", "fillcolor": rgba(colour, 0.18)} if alone else {}
        made.add_scatter(
            x=run.epochs,
            y=run.values[column],
            uid=uid_of(run.style.run),
            name=text,
            mode=run.mode,
            line={"color": colour, "width": WIDTHS["val"], "dash": run.style.dash},
            showlegend=not alone,
            hovertemplate=f"{value}<extra>gap</extra>" if alone else f"{text}<br>epoch %{{x}}: {value}<extra></extra>",
            **area,
        )
    made.update_layout(hovermode="x unified" if alone else "closest")
    epoch_axis(made, runs, planned)
    made.update_yaxes(rangemode="tozero", tickformat="~g" if measure == "loss" else ".0%", uirevision=measure)
    return made.figure()
