"""One weight over its steps, one line for each way of applying a penalty: L2 in blue, L1 in red."""

from __future__ import annotations

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from reglab.charts.base import empty, figure, uid_of
from reglab.charts.style import GREY, RAMP

TITLE, SUBTITLE = "The weight, step by step", "measured with the training engine"
LOOKS: dict[str, dict[str, Any]] = {
    "L2 coupled": {"color": RAMP[0], "width": 3.5},
    "L2 decoupled": {"color": RAMP[2], "width": 2, "dash": "6px,4px"},
    "L1 subgradient": {"color": RAMP[4], "width": 3.5},
    "L1 proximal": {"color": RAMP[5], "width": 2, "dash": "6px,4px"},
}
"""Two methods often coincide: the first of each pair is wide, the second lies on it, narrow and dashed."""


def decay_chart(steps: pd.DataFrame, optimum: float | None = None) -> go.Figure:
    """``steps``: columns method, step, w; ``optimum``: a dotted line where the data alone would leave the weight."""
    if steps.empty:
        return empty(TITLE, SUBTITLE, "Choose a start, η and λ.")
    made = figure(TITLE, SUBTITLE, x="step")
    made.add_hline(y=0, line={"color": GREY, "width": 1})
    if optimum is not None:
        made.add_hline(y=optimum, line={"color": GREY, "width": 1.5, "dash": "2px,3px"}, annotation_text="data optimum",
                       annotation_position="top right", annotation_font_size=11)  # fmt: skip
    for method, rows in steps.groupby("method", sort=False):
        made.add_scatter(x=rows["step"].to_numpy("int16"), y=rows["w"].to_numpy(), mode="lines", name=str(method),
                         line=LOOKS[str(method)], uid=uid_of(method),
                         hovertemplate=f"%{{y:.6g}}<extra>{method}</extra>")  # fmt: skip
    made.update_layout(hovermode="x unified")
    made.update_xaxes(unifiedhovertitle={"text": "step %{x}"}, rangemode="tozero")
    made.update_yaxes(tickformat="~g", title={"text": "w", "standoff": 2})
    return made
