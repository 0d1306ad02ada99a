"""Weight histograms as small multiples: a panel a run over the baseline's outline, on the bins that all runs share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from reglab import columns
from reglab.bins import EDGES
from reglab.charts.base import SMALL, Draft, draft, each_run, empty, round_below, uid_of
from reglab.charts.style import GREY, RunStyle, rgba
from reglab.charts.weights import DECADES, Histogram, extent
from reglab.number_format import percent

ROW = 150
"""Pixels of a row of panels."""

MOST = 60
"""Panels that are legible on one page."""

_TITLE = 84  # pixels above the panels, and below them
_GAP_X, _GAP_Y = 0.025, 34  # between panels: share of the width, and pixels, in which the upper one's text is
_X = EDGES.astype(np.float32)


def columns_of(panels: int) -> int:
    """Panels side by side."""
    return min(panels, 4 if panels > 4 else max(panels, 1))


def height_of(panels: int) -> int:
    """Pixels in which so many panels are legible."""
    return _TITLE + ROW * max(-(-panels // columns_of(panels)), 1)


def weight_panels_chart(
    layers: pd.DataFrame, styles: Mapping[str, RunStyle], layer: str | None = None, *, baseline: str = ""
) -> go.Figure:
    """``layers``: :data:`columns.LAYER_COLUMNS` of each run's epoch; the baseline is a dotted outline in each panel.

    ``layer``: a weight tensor's name; None is all of them. Exact zeros are in no bin: their share is in the panel.
    """
    title = f"Weights of {layer or columns.ALL_WEIGHTS}"
    subtitle = "density, log scale, same bins and axes; dotted: the baseline"
    chosen = layers if layer is None or layers.empty else layers[layers[columns.LAYER] == layer]
    drawn = [(style, histogram_of(rows)) for style, rows in each_run(chosen, styles)][:MOST]
    if not drawn:
        return empty(title, subtitle, "Histograms appear when training starts.")
    made = draft(title, subtitle, x="")
    made.update_layout(showlegend=False, margin={"l": 40, "r": 8, "t": 50, "b": 30})
    reach, top = extent([histogram for _, histogram in drawn])
    base = next((histogram for style, histogram in drawn if style.run == baseline), None)
    for place, (style, histogram) in enumerate(drawn):
        _add_panel(made, style, histogram, base, place, len(drawn), (reach, top))
    return made.figure()


def histogram_of(rows: pd.DataFrame) -> Histogram:
    """All ``rows`` of one run together."""
    counts = np.stack(rows[columns.COUNTS].to_list()).sum(axis=0, dtype=np.int64)
    return Histogram(counts, int(rows[columns.SIZE].sum()), int(rows[columns.ZEROS].sum()))


def _add_panel(
    made: Draft,
    style: RunStyle,
    now: Histogram,
    base: Histogram | None,
    place: int,
    panels: int,
    axes: tuple[float, float],
) -> None:
    """Axes, the run's area, the baseline's outline, and the name with the share of zeros above."""
    reach, top = axes
    across, rows = columns_of(panels), -(-panels // columns_of(panels))
    row, column = divmod(place, across)
    name = "" if place == 0 else str(place + 1)
    width, pixel = (1 - _GAP_X * (across - 1)) / across, 1 / (ROW * rows)
    left, upper = column * (width + _GAP_X), 1 - row * ROW * pixel - 0.6 * _GAP_Y * pixel
    low = upper - (ROW - _GAP_Y) * pixel
    x = {"range": [-reach, reach], "tick0": 0, "dtick": round_below(reach, (1, 2, 5)), "tickformat": "~g"}
    y = {"type": "log", "range": [top - DECADES, top], "dtick": 1, "showticklabels": column == 0, "tickformat": "~g"}
    small = {"tickfont": {"size": SMALL - 1}, "showline": True, "ticks": "outside", "ticklen": 3}
    last = place + across >= panels
    made.update_layout(
        {
            f"xaxis{name}": {
                **x, **small, "domain": [left, left + width], "anchor": f"y{name}", "showgrid": False,
                "showticklabels": last, "title": None,
            },
            f"yaxis{name}": {**y, **small, "domain": [max(low, 0.0), upper], "anchor": f"x{name}", "zeroline": False},
        }
    )  # fmt: skip
    floor = 10 ** (top - 2 * DECADES)
    on: dict[str, Any] = {"xaxis": f"x{name}", "yaxis": f"y{name}", "mode": "lines"}
    area = {"fill": "tozeroy", "fillcolor": rgba(style.colour, 0.28), "line": _line(style.colour, 1.6)}
    made.add_scatter(**_steps(now, floor, style.text), **on, **area, uid=uid_of(style.run))
    if base is not None and base is not now:
        dotted = {"line": {**_line(GREY, 1.3), "dash": "2px,2px"}, "hoverinfo": "skip"}
        made.add_scatter(**_steps(base, floor, "baseline"), **on, **dotted, uid=uid_of(style.run, "baseline"))
    zeros = f", {percent(now.zero_share, 1)} zeros" if now.zeros else ""
    text = {"x": left, "xref": "paper", "xanchor": "left", "y": upper, "yref": "paper", "yanchor": "bottom"}
    made.add_text(f"{style.text}{zeros}", **text)


def _line(colour: str, width: float) -> dict[str, Any]:
    return {"color": colour, "width": width, "shape": "hv"}


def _steps(histogram: Histogram, floor: float, name: str) -> dict[str, Any]:
    """The density of each bin from its lower to its upper edge; empty bins lie below the axis."""
    density = np.maximum(histogram.density, floor).astype(np.float32)
    hover = f"{name}<br>w from %{{x:.4g}}: density %{{y:.4g}}<extra></extra>"
    return {
        "x": _X,
        "y": np.append(density, np.float32(floor)),
        "hovertemplate": hover,
        "hoveron": "points",
        "name": name,
        "meta": {"zero": floor},
    }
