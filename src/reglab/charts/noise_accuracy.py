"""Accuracy under input noise: a line a run over σ; with few runs, their 95 % intervals as areas."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from reglab import columns
from reglab.charts.base import MOST_NAMED, draft, each_run, empty, uid_of, values_of
from reglab.charts.style import GREY, RunStyle, rgba
from reglab.number_format import exact, percent

TITLE, SUBTITLE = "Accuracy under input noise", "validation images with Gaussian noise of standard deviation σ"
X_TITLE = "σ, pixels from 0 (black) to 1 (white)"
AREA = 0.16
"""Opacity of an interval."""


def noise_accuracy_chart(
    accuracies: pd.DataFrame, styles: Mapping[str, RunStyle], *, chance: float | None = None
) -> go.Figure:
    """``accuracies``: rows of :func:`reglab.analysis.noise.noise_accuracy`; ``chance``: the accuracy of guessing.

    Areas are drawn for up to MOST_NAMED runs; beyond that, hovering shows the intervals.
    """
    drawn = [(style, rows.sort_values(columns.X, kind="stable")) for style, rows in each_run(accuracies, styles)]
    drawn = [(style, rows) for style, rows in drawn if len(rows)]
    if not drawn:
        return empty(TITLE, SUBTITLE, "Accuracies appear when noisy images have been classified.")
    made = draft(TITLE, SUBTITLE, x=X_TITLE)
    made.update_layout(showlegend=False, hovermode="closest", margin={"l": 52, "b": 44, "r": 16})
    if chance is not None:
        made.add_hline(chance, line={"color": GREY, "width": 1.4, "dash": "2px,3px"}, layer="below")
        place = {"xref": "x domain", "x": 1, "xanchor": "right", "yref": "y", "y": chance, "yanchor": "top"}
        made.add_text(f"chance {percent(chance, 0)}", **place)
    for style, rows in drawn:
        sigma, low, high = (values_of(rows, name) for name in (columns.X, columns.LOW, columns.HIGH))
        if len(drawn) <= MOST_NAMED:
            made.add_scatter(
                x=np.concatenate([sigma, sigma[::-1]]),
                y=np.concatenate([high, low[::-1]]),
                uid=uid_of(style.run, "interval"),
                mode="lines",
                line={"width": 0, "color": style.colour},
                fill="toself",
                fillcolor=rgba(style.colour, AREA),
                hoverinfo="skip",
            )
    for style, rows in drawn:
        made.add_scatter(
            x=values_of(rows, columns.X),
            y=values_of(rows, columns.VALUE),
            uid=uid_of(style.run),
            name=style.text,
            mode="lines+markers",
            line={"color": style.colour, "width": 2.2, "dash": style.dash},
            marker={"color": style.colour, "size": 6},
            hovertext=_hover(style, rows),
            hoverinfo="text",
        )
    made.update_yaxes(range=[0, 1.04], tickformat=".0%")
    return made.figure()


def _hover(style: RunStyle, rows: pd.DataFrame) -> list[str]:
    names = (columns.X, columns.VALUE, columns.LOW, columns.HIGH, columns.N)
    return [
        f"<b>{style.text}</b><br>σ = {exact(sigma)}: {percent(value)}, 95 % from {percent(low)} to {percent(high)}"
        f"<br>{n:,} images"
        for sigma, value, low, high, n in zip(*(rows[name].tolist() for name in names), strict=True)
    ]
