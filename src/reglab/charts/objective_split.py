"""How the total splits: data loss + penalty, one stacked bar for each way of writing the penalty."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from reglab.charts.base import empty, figure
from reglab.charts.style import GREY, RAMP

TITLE, SUBTITLE = "How the total splits", "data loss + penalty = total"
COLOURS = {"L1": RAMP[4]}
_L2 = RAMP[0]


def objective_split_chart(parts: pd.DataFrame) -> go.Figure:
    """``parts``: columns convention, data, penalty, total (numbers) and text (the total as it is to be read)."""
    if parts.empty:
        return empty(TITLE, SUBTITLE, "Type weights, a data loss and λ.")
    made = figure(TITLE, SUBTITLE, x="")
    made.add_bar(y=parts["convention"], x=parts["data"], orientation="h", name="data loss", marker={"color": GREY},
                 hovertemplate="%{y}<br>data loss %{x:.6g}<extra></extra>", uid="data")  # fmt: skip
    colours = [COLOURS.get(convention, _L2) for convention in parts["convention"]]
    made.add_bar(y=parts["convention"], x=parts["penalty"], orientation="h", name="penalty", marker={"color": colours},
                 hovertemplate="%{y}<br>penalty %{x:.6g}<extra></extra>", uid="penalty",
                 text=parts["text"], textposition="outside", cliponaxis=False, constraintext="none")  # fmt: skip
    made.update_layout(barmode="stack", legend_traceorder="normal", bargap=0.45, margin={"l": 12, "r": 56, "b": 46})
    made.update_yaxes(autorange="reversed", showgrid=False, automargin=True, nticks=None)
    made.update_xaxes(rangemode="tozero", showgrid=True, tickformat="~g", showline=False, nticks=6)
    return made
