"""Weight histograms through the epochs as ridges: a panel a run, the first epoch at the back, the last in front."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from reglab import columns
from reglab.bins import EDGES
from reglab.charts.base import SMALL, Draft, draft, each_run, empty, round_below, uid_of
from reglab.charts.style import RunStyle, rgba
from reglab.charts.weight_panels import histogram_of
from reglab.charts.weights import DECADES, Histogram, extent

HEIGHT = 500
MOST = 6
"""Runs side by side."""

_TALL = 2.0  # height of the highest ridge, in distances between two epochs
_CENTRES = ((EDGES[:-1] + EDGES[1:]) / 2).astype(np.float32)
_GAP = 0.03  # between panels, share of the width


class Ridge(NamedTuple):
    """The histogram of one epoch."""

    epoch: int
    histogram: Histogram


def weight_ridge_chart(layers: pd.DataFrame, styles: Mapping[str, RunStyle], layer: str | None = None) -> go.Figure:
    """``layers``: :data:`columns.LAYER_COLUMNS` of several epochs of each run, 0 being the initial weights.

    The height of a ridge is log density over DECADES decades, the same in all panels. ``layer`` None is all layers.
    """
    title = f"Weights of {layer or columns.ALL_WEIGHTS} through the epochs"
    subtitle = "height: density, log scale; from the initial weights at the back to the last epoch in front"
    chosen = layers if layer is None or layers.empty else layers[layers[columns.LAYER] == layer]
    drawn = [(style, ridges_of(rows)) for style, rows in each_run(chosen, styles)][:MOST]
    if not drawn:
        return empty(title, subtitle, "Histograms appear when training starts.")
    made = draft(title, subtitle, x="")
    made.update_layout(showlegend=False, margin={"l": 40, "r": 8, "t": 76, "b": 34})
    reach, top = extent([ridge.histogram for _, ridges in drawn for ridge in ridges])
    for place, (style, ridges) in enumerate(drawn):
        _add_panel(made, style, ridges, place, len(drawn), (reach, top))
    return made.figure()


def ridges_of(rows: pd.DataFrame) -> list[Ridge]:
    """The epochs of one run, ascending."""
    return [Ridge(int(str(epoch)), histogram_of(own)) for epoch, own in rows.groupby(columns.EPOCH, sort=True)]


def _add_panel(
    made: Draft, style: RunStyle, ridges: list[Ridge], place: int, panels: int, axes: tuple[float, float]
) -> None:
    reach, top = axes
    name, width = "" if place == 0 else str(place + 1), (1 - _GAP * (panels - 1)) / panels
    left = place * (width + _GAP)
    ticks = {"tickmode": "array", "tickvals": list(range(len(ridges))), "ticktext": [str(one.epoch) for one in ridges]}
    small = {"tickfont": {"size": SMALL}, "showline": True, "ticks": "outside", "ticklen": 3, "zeroline": False}
    x = {"range": [-reach, reach], "tick0": 0, "dtick": round_below(reach, (1, 2, 5)), "tickformat": "~g"}
    made.update_layout(
        {
            f"xaxis{name}": {
                **x, **small, "domain": [left, left + width], "anchor": f"y{name}", "showgrid": False,
                "title": {"text": "w", "standoff": 2, "font": {"size": SMALL}},
            },
            f"yaxis{name}": {
                **ticks, **small, "anchor": f"x{name}", "range": [len(ridges) - 0.7, -_TALL], "showgrid": False,
                "title": {"text": "epoch" if place == 0 else "", "standoff": 4, "font": {"size": SMALL}},
            },
        }
    )  # fmt: skip
    for row, ridge in enumerate(ridges):
        _add_ridge(made, style, ridge, row, len(ridges), top, name)
    text = {"x": left, "xref": "paper", "xanchor": "left", "y": 1, "yref": "paper", "yanchor": "bottom"}
    made.add_text(style.text, **text)


def _add_ridge(made: Draft, style: RunStyle, ridge: Ridge, row: int, rows: int, top: float, name: str) -> None:
    """The ridge of one epoch, filled down to its own foot; later ones are stronger and lie in front."""
    y = row - _TALL * height(ridge.histogram, top)
    on = {"xaxis": f"x{name}", "yaxis": f"y{name}", "mode": "lines"}
    foot, nothing = np.full(1, row, dtype=np.float32), np.full(1, np.nan)
    strength = 0.15 + 0.5 * (row + 1) / rows
    zeros = f"<br>{ridge.histogram.zeros:,} exact zeros" if ridge.histogram.zeros else ""
    made.add_scatter(
        x=np.concatenate([_CENTRES[:1], _CENTRES, _CENTRES[-1:]]),
        y=np.concatenate([foot, y.astype(np.float32), foot]),
        uid=uid_of(style.run, ridge.epoch),
        name=f"epoch {ridge.epoch}",
        customdata=np.concatenate([nothing, ridge.histogram.density, nothing]).astype(np.float32),
        meta={"name": f"{style.text}, epoch {ridge.epoch}", "y": "customdata"},
        line={"color": style.colour, "width": 1.2},
        fill="toself",
        fillcolor=rgba(style.colour, strength),
        hoveron="points",
        hovertemplate=f"{style.text}<br>epoch {ridge.epoch}, w = %{{x:.3g}}{zeros}<extra></extra>",
        **on,
    )


def height(histogram: Histogram, top: float) -> NDArray[np.float64]:
    """log₁₀ density above 10^(top − DECADES), as a share of DECADES; 0 below it and in empty bins."""
    with np.errstate(divide="ignore"):
        decades = np.log10(histogram.density) - (top - DECADES)
    return np.asarray(np.clip(decades / DECADES, 0, 1.2), dtype=np.float64)
