"""What one step of the penalty alone takes off a weight, against the weight: L2 a line, L1 a step."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from reglab.charts.base import empty, figure, uid_of
from reglab.charts.decay import LOOKS

TITLE, SUBTITLE = "The push of one step", "w before − w after, no data, a fresh optimizer"


def shrink_chart(pushes: pd.DataFrame) -> go.Figure:
    """``pushes``: columns method, w, push; rows of a method in the order of w."""
    if pushes.empty:
        return empty(TITLE, SUBTITLE, "Choose η and λ.")
    made = figure(TITLE, SUBTITLE, x="w before the step")
    for method, rows in pushes.groupby("method", sort=False):
        made.add_scatter(x=rows["w"].to_numpy(), y=rows["push"].to_numpy(), mode="lines", name=str(method),
                         line=LOOKS[str(method)], uid=uid_of(method),
                         hovertemplate=f"w = %{{x:.4g}}: %{{y:.4g}}<extra>{method}</extra>")  # fmt: skip
    made.update_layout(showlegend=False)  # the walks beside it have the same lines
    made.update_xaxes(zeroline=True, tickformat="~g")
    made.update_yaxes(zeroline=True, tickformat="~g", title={"text": "push", "standoff": 2})
    return made
