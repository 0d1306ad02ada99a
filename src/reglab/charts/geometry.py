"""Two weights: contours of the data loss, the contour of the penalty that touches them, and the solutions over λ."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from reglab.charts.base import empty, figure, uid_of
from reglab.charts.style import GREY, RAMP, rgba

TITLE, SUBTITLE = "Where data and penalty meet", "contours of the data loss, the penalty's shape, solutions over λ"
BLUE, VIOLET, RED, OCHRE = RAMP[0], RAMP[2], RAMP[4], RAMP[5]
_AT = "w₁ = %{x:.4g}<br>w₂ = %{y:.4g}"
_AT_STRENGTH = _AT + "<br>λ = %{customdata:.4g}<extra></extra>"

LINES: dict[str, tuple[str, dict[str, Any]]] = {
    "shape": ("penalty", {"line": {"color": BLUE, "width": 2}, "fill": "toself", "fillcolor": rgba(BLUE, 0.16)}),
    "contour": ("data loss", {"line": {"color": GREY, "width": 2.2}}),
    "path": ("solutions as λ grows", {"line": {"color": OCHRE, "width": 2.6}, "hovertemplate": _AT_STRENGTH}),
}
MARKS: dict[str, tuple[str, dict[str, Any]]] = {
    "optimum": ("data optimum", {"size": 9, "color": GREY}),
    "solution": ("solution", {"size": 12, "color": RED, "line": {"width": 2, "color": "white"}}),
}


def geometry_chart(parts: pd.DataFrame, reach: float = 4.0) -> go.Figure:
    """``parts``: columns part, x, y, strength; parts "ring …", "… is 0" and those of LINES and MARKS, all optional.

    Both axes run from −reach to reach on the same scale, whatever is drawn.
    """
    if parts.empty:
        return empty(TITLE, SUBTITLE, "Choose a data optimum and λ.")
    made = figure(TITLE, SUBTITLE, x="w₁")
    _axes(made, reach)
    rows = {str(part): own for part, own in parts.groupby("part", sort=False)}
    for part in (part for part in rows if part.startswith("ring")):
        _line(made, rows[part], part, line={"color": rgba(GREY, 0.45), "width": 1}, showlegend=False)
    for part, (name, look) in LINES.items():
        if part in rows:
            _line(made, rows[part], part, name=name, **look)
    for part in (part for part in rows if part.endswith("is 0")):
        look = {"size": 9, "symbol": "diamond", "color": OCHRE}
        _mark(made, rows[part], part, name=f"{part} from here", marker=look, showlegend=False)
    for part, (name, look) in MARKS.items():
        if part in rows:
            _mark(made, rows[part], part, name=name, marker=look)
    return made


def _axes(made: go.Figure, reach: float) -> None:
    span = [-1.06 * reach, 1.06 * reach]
    lines = {"zeroline": True, "zerolinewidth": 1.5, "showgrid": False}
    common = {"range": span, "constrain": "domain", "automargin": False, "dtick": 1, **lines}
    made.update_xaxes(**common, showline=False)
    title = {"text": "w₂", "standoff": 2}
    made.update_yaxes(**common, scaleanchor="x", constraintoward="top", title=title, ticks="outside")
    made.update_layout(margin={"l": 44, "r": 8, "t": 54, "b": 78})


def _line(made: go.Figure, rows: pd.DataFrame, part: str, **look: Any) -> None:
    drawn: dict[str, Any] = {"hoverinfo": "skip"}
    if "hovertemplate" in look:
        drawn = {"customdata": rows["strength"].to_numpy(), "meta": {"more": "λ"}}
    made.add_scatter(x=_short(rows["x"]), y=_short(rows["y"]), mode="lines", uid=uid_of(part), **drawn, **look)


def _mark(made: go.Figure, rows: pd.DataFrame, part: str, *, name: str, **look: Any) -> None:
    at = f"{_AT}<extra></extra>" if rows["strength"].isna().all() else _AT_STRENGTH
    x, y, strength = (rows[column].to_numpy() for column in ("x", "y", "strength"))
    shown = {"customdata": strength, "meta": {"more": "λ"}, "hovertemplate": f"{name}<br>{at}"}
    made.add_scatter(x=x, y=y, mode="markers", uid=uid_of(part), name=name, **shown, **look)


def _short(values: pd.Series) -> NDArray[np.float32]:
    return values.to_numpy(np.float32)
