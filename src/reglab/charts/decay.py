"""One weight under the penalty: its value over the steps, and what one step takes off it; L2 blue, L1 red."""

from __future__ import annotations

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from reglab.charts.base import SMALL, empty, figure, uid_of
from reglab.charts.style import GREY, RAMP

LOOKS: dict[str, dict[str, Any]] = {
    "L2 coupled": {"color": RAMP[0], "width": 3.5},
    "L2 decoupled": {"color": RAMP[2], "width": 2, "dash": "6px,4px"},
    "L1 subgradient": {"color": RAMP[4], "width": 3.5},
    "L1 proximal": {"color": RAMP[5], "width": 2, "dash": "6px,4px"},
}
"""Two methods often coincide: the first of each pair is wide, the second lies on it, narrow and dashed."""


def decay_chart(steps: pd.DataFrame, optimum: float | None = None) -> go.Figure:
    """``steps``: columns method, step, w; ``optimum``: a dotted line where the data alone would leave the weight."""
    title, subtitle = "The weight, step by step", "measured with the training engine"
    if steps.empty:
        return empty(title, subtitle, "Choose a start, η and λ.")
    made = figure(title, subtitle, x="step")
    made.add_hline(y=0, line={"color": GREY, "width": 1})
    if optimum is not None:
        label = {"text": "data optimum", "font": {"size": SMALL}}
        line = {"color": GREY, "width": 1.5, "dash": "2px,3px"}
        made.add_hline(y=optimum, line=line, annotation=label, annotation_position="top right")
    for method, rows in steps.groupby("method", sort=False):
        _add_line(made, str(method), rows["step"].to_numpy("int16"), rows["w"].to_numpy(), "%{y:.6g}")
    made.update_layout(hovermode="x unified")
    made.update_xaxes(unifiedhovertitle={"text": "step %{x}"}, rangemode="tozero")
    made.update_yaxes(tickformat="~g", title={"text": "w", "standoff": 2})
    return made


def shrink_chart(pushes: pd.DataFrame) -> go.Figure:
    """What one step of the penalty alone takes off a weight, against the weight: L2 a line, L1 a step.

    ``pushes``: columns method, w, push; rows of a method in the order of w.
    """
    title, subtitle = "The push of one step", "w before − w after, no data, a fresh optimizer"
    if pushes.empty:
        return empty(title, subtitle, "Choose η and λ.")
    made = figure(title, subtitle, x="w before the step")
    for method, rows in pushes.groupby("method", sort=False):
        _add_line(made, str(method), rows["w"].to_numpy(), rows["push"].to_numpy(), "w = %{x:.4g}: %{y:.4g}")
    made.update_layout(showlegend=False)  # the decay chart beside it has the same lines
    made.update_xaxes(zeroline=True, tickformat="~g")
    made.update_yaxes(zeroline=True, tickformat="~g", title={"text": "push", "standoff": 2})
    return made


def _add_line(made: go.Figure, method: str, x: Any, y: Any, shown: str) -> None:
    hover = f"{shown}<extra>{method}</extra>"
    made.add_scatter(x=x, y=y, mode="lines", name=method, line=LOOKS[method], uid=uid_of(method), hovertemplate=hover)
