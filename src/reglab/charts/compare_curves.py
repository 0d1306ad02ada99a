"""Curves of many runs or groups of runs: validation strong, training thin and dashed, ± one standard error as an area.

Where the lines are smoothed, what was measured lies beneath as a thin line.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from reglab import columns
from reglab.charts.base import DASHES, NAMES, WIDTHS, Draft, Floats, draft, each_run, empty, uid_of, values_of
from reglab.charts.style import STROKES, RunStyle, rgba

HINT = "Curves appear after the first epoch."
BAND = 0.18
"""Opacity of the area of ± one standard error."""

_MANY = 20_000  # points from which lines are drawn by WebGL, which not every browser has
_GL_STROKES = {
    "solid": "solid",
    DASHES["train"]: "dot",
    **dict(zip(STROKES[1:], ("longdash", "dashdot", "longdashdot"), strict=True)),
}
"""WebGL knows strokes by name only."""

_CROWDED = 12  # series from which lines are thinner
_RAW = 0.35  # opacity of what was measured beneath a smoothed line


class Curve(NamedTuple):
    """One line, extracted once: ``at`` on the x axis, ``n`` runs of each mean."""

    style: RunStyle
    role: str
    at: NDArray[np.float32]
    value: Floats
    smooth: Floats
    low: Floats
    high: Floats
    n: NDArray[np.int64]

    @property
    def uid(self) -> str:
        return uid_of(self.style.run, self.role)

    @property
    def dash(self) -> str:
        return self.style.dash if self.role == "val" else DASHES["train"]

    @property
    def is_smooth(self) -> bool:
        """Whether the line is not what was measured."""
        return not np.array_equal(self.value, self.smooth, equal_nan=True)


class Measured(NamedTuple):
    """What the y axis shows: title, line below it, unit ("%", "nats" or "") and ticks."""

    title: str
    subtitle: str
    unit: str = ""
    ticks: str = "~g"


CURVES = Measured("Curves", "")


def compare_curves_chart(
    curves: pd.DataFrame,
    styles: Mapping[str, RunStyle],
    *,
    what: Measured = CURVES,
    x: str = "epoch",
    log_x: bool = False,
    log_y: bool = False,
) -> go.Figure:
    """``curves``: as of :func:`reglab.analysis.run_curves.curves`; only styled series are drawn, in that order.

    On a logarithmic axis, places and values up to 0 are left out. The runs are named by the page.
    """
    drawn = curves_of(curves, styles)
    if not drawn:
        return empty(what.title, what.subtitle, HINT)
    made = draft(what.title, what.subtitle, x=x)
    made.update_layout(showlegend=False, meta={"legend": True}, hovermode="closest", margin={"l": 52, "b": 40, "r": 16})
    kind = "scattergl" if sum(len(curve.at) for curve in drawn) > _MANY else "scatter"
    for curve in drawn:
        _add_band(made, curve)
    for curve in sorted(drawn, key=lambda curve: curve.role == "val"):
        _add_curve(made, curve, what, x, kind, crowded=len(drawn) > _CROWDED)
    made.update_xaxes(type="log" if log_x else "linear", uirevision=f"{x}-{log_x}", nticks=9, tickformat="~s")
    made.update_yaxes(type="log" if log_y else "linear", tickformat=what.ticks, uirevision=f"{what.title}-{log_y}")
    if log_y:
        made.update_yaxes(dtick="D2" if _decades(drawn) < 2.5 else 1)
    return made.figure()


def curves_of(curves: pd.DataFrame, styles: Mapping[str, RunStyle]) -> list[Curve]:
    """Every curve of a styled series that has a finite value."""
    found = []
    for style, rows in each_run(curves, styles):
        for role, own in rows.groupby(columns.ROLE, sort=False):
            curve = _curve(style, str(role), own)
            found += [curve] if np.isfinite(curve.value).any() else []
    return found


def _curve(style: RunStyle, role: str, rows: pd.DataFrame) -> Curve:
    at, value, smooth, low, high = (
        values_of(rows, name) for name in (columns.X, columns.VALUE, columns.SMOOTHED, columns.LOW, columns.HIGH)
    )
    return Curve(style, role, at, value, smooth, low, high, rows[columns.N].to_numpy(np.int64))


def _decades(drawn: list[Curve]) -> float:
    values = np.concatenate([curve.value for curve in drawn])
    positive = values[values > 0]
    return float(np.log10(positive.max() / positive.min())) if len(positive) else 0.0


def _add_band(made: Draft, curve: Curve) -> None:
    """The area from ``low`` to ``high`` around what was measured, wherever there are several runs."""
    known = np.isfinite(curve.low) & np.isfinite(curve.high) & np.isfinite(curve.at)
    if not known.any() or curve.role != "val":
        return
    at, low, high = curve.at[known], curve.low[known], curve.high[known]
    made.add_scatter(
        x=np.concatenate([at, at[::-1]]),
        y=np.concatenate([high, low[::-1]]),
        uid=f"{curve.uid}-band",
        mode="lines",
        line={"width": 0, "color": curve.style.colour},
        fill="toself",
        fillcolor=rgba(curve.style.colour, BAND),
        hoverinfo="skip",
    )


def _add_curve(made: Draft, curve: Curve, what: Measured, x: str, kind: str, *, crowded: bool) -> None:
    name, colour = curve.style.text, curve.style.colour
    width = WIDTHS[curve.role] * (0.7 if crowded else 1)
    trace: dict[str, Any] = {"type": kind, "x": curve.at, "mode": "lines+markers" if len(curve.at) == 1 else "lines"}
    if curve.is_smooth:
        raw = {"color": rgba(colour, _RAW), "width": 1}
        made.data.append({**trace, "y": curve.value, "uid": f"{curve.uid}-raw", "line": raw, "hoverinfo": "skip"})
    dash = _GL_STROKES[curve.dash] if kind == "scattergl" else curve.dash
    value = "%{y:.1%}" if what.unit == "%" else f"%{{y:.4g}} {what.unit}".rstrip()
    about = f"{NAMES[curve.role]}{', smoothed' if curve.is_smooth else ''}"
    made.data.append(
        {
            **trace,
            "y": curve.smooth,
            "uid": curve.uid,
            "name": name,
            "meta": {"name": f"{name}, {about}"},
            "line": {"color": colour, "width": width, "dash": dash},
            "customdata": curve.n if (curve.n > 1).any() else None,
            "hovertemplate": f"<b>{name}</b><br>{x} %{{x:~g}}, {about}: {value}{_mean_of(curve)}<extra></extra>",
        }
    )


def _mean_of(curve: Curve) -> str:
    return "<br>mean of %{customdata} runs" if (curve.n > 1).any() else ""
