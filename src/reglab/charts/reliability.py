"""Reliability: accuracy against confidence, a line a run. On the diagonal a network is as often right as it is sure."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from reglab import columns
from reglab.charts.base import draft, each_run, empty, uid_of, values_of
from reglab.charts.style import GREY, RunStyle
from reglab.number_format import percent

TITLE, SUBTITLE = "Reliability", "accuracy against confidence; below the diagonal: too sure"


def reliability_chart(bins: pd.DataFrame, styles: Mapping[str, RunStyle]) -> go.Figure:
    """``bins``: RUN, X (mean confidence), VALUE (accuracy) and N of each bin of confidence; empty bins are left out.

    The size of a point grows with the share of the run's images in its bin.
    """
    drawn = [(style, rows[rows[columns.N] > 0]) for style, rows in each_run(bins, styles)]
    if not drawn:
        return empty(TITLE, SUBTITLE, "Reliability appears when the predictions of the runs are known.")
    made = draft(TITLE, SUBTITLE, x="confidence")
    made.update_layout(showlegend=False, meta={"legend": True}, hovermode="closest", margin={"l": 52, "b": 44, "r": 16})
    made.add_shape(type="line", x0=0, y0=0, x1=1, y1=1, xref="x", yref="y", layer="below",
                   line={"color": GREY, "width": 1.4, "dash": "2px,3px"})  # fmt: skip
    for style, rows in drawn:
        count = rows[columns.N].to_numpy(np.float64)
        confidence, accuracy = values_of(rows, columns.X), values_of(rows, columns.VALUE)
        texts = [
            f"<b>{style.text}</b><br>confidence {percent(sure)}, accuracy {percent(right)}<br>{n:,.0f} images"
            for sure, right, n in zip(confidence.tolist(), accuracy.tolist(), count, strict=True)
        ]
        made.add_scatter(
            x=confidence,
            y=accuracy,
            uid=uid_of(style.run),
            name=style.text,
            mode="lines+markers",
            line={"color": style.colour, "width": 2, "dash": style.dash},
            marker={"color": style.colour, "size": (4 + 14 * np.sqrt(count / count.sum())).round(1).tolist()},
            hovertext=texts,
            hoverinfo="text",
        )
    made.update_xaxes(range=[0, 1.02], tickformat=".0%", zeroline=False)
    made.update_yaxes(range=[0, 1.04], tickformat=".0%")
    return made.figure()
