"""What each regularizer is worth: a row each, its choice against none with the 95 % interval; 0 is none.

The grey area is ±0.5 points of accuracy, in which differences are equivalent. Colour means λ; the other regularizers
are grey and have a glyph each.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from reglab import columns
from reglab.charts.base import SMALL, Draft, draft, empty, uid_of
from reglab.charts.gap import Measure
from reglab.charts.style import GREY, colour_of, rgba
from reglab.number_format import NONE, fixed, percent

ROW = 44
"""Pixels of one regularizer."""

_MARGIN = 0.5  # points of accuracy: analysis.paired.MARGIN
_AXES = {"accuracy": "validation accuracy against none, points", "loss": "validation loss against none, nats"}
_BETTER = {"accuracy": "right is better", "loss": "left is better"}
_SHAPES = {
    "model.dropout": "square",
    "regularize.label_smoothing": "triangle-up",
    "regularize.augment": "star",
    "regularize.mixup": "pentagon",
    "regularize.max_norm": "hexagon",
}
_LAMBDA, _ALONE, _OTHER = "circle", "diamond-open", "cross"  # glyphs of λ, of no setting, and of any other one


class Row(NamedTuple):
    """One regularizer: its ``name`` in uids, label, colour, glyph, and difference to none with its interval."""

    name: str
    label: str
    colour: str
    glyph: str
    value: float
    low: float
    high: float
    pairs: int


def height_of(rows: int) -> int:
    """Pixels in which so many rows are legible."""
    return 130 + ROW * max(rows, 2)


def sweep_families_chart(frame: pd.DataFrame, *, measure: Measure = "loss", level: float = 0.95) -> go.Figure:
    """``frame``: as of :meth:`reglab.analysis.families.Families.frame`, a row a regularizer.

    ``level``: that of each interval, such that all of them hold together in 95 % of cases.
    """
    title = "What each regularizer is worth"
    subtitle = f"best of each against none, simultaneous 95 % intervals; {_BETTER[measure]}"
    if frame.empty:
        return empty(title, subtitle, "Rows appear while the networks train.")
    rows = rows_of(frame, measure)
    made = draft(title, subtitle, x=_AXES[measure])
    made.update_layout(showlegend=False, margin={"l": 12, "r": 130, "b": 46})
    low, high = _range(rows)
    made.update_xaxes(range=[low, high], zeroline=False, nticks=7)
    places = list(range(len(rows)))
    labels = {"tickmode": "array", "tickvals": places, "ticktext": [row.label for row in rows], "automargin": True}
    made.update_yaxes(**labels, range=[len(rows) - 0.5, -0.5], showgrid=False, tickfont={"size": SMALL + 1})
    if measure == "accuracy":
        made.add_vrect(-_MARGIN, _MARGIN, fillcolor=rgba(GREY, 0.14), line={"width": 0}, layer="below")
    none = {"y0": 0, "y1": 1, "yref": "y domain", "line": {"color": GREY, "width": 1.5}, "layer": "below"}
    made.add_shape(type="line", x0=0, x1=0, xref="x", **none)
    for place, row in enumerate(rows):
        _add_row(made, row, place, measure, level)
    return made.figure()


def rows_of(frame: pd.DataFrame, measure: Measure) -> list[Row]:
    """The rows of ``frame`` in their order: accuracies in points, what is not finite as NaN."""
    frame = frame.sort_values(columns.FAMILY_ORDER, kind="stable")
    names = (columns.DIFFERENCE, columns.LOW, columns.HIGH)
    numbers = (100 if measure == "accuracy" else 1) * frame[list(names)].to_numpy(np.float64)
    numbers[~np.isfinite(numbers)] = np.nan
    known = zip(frame[columns.FAMILY_KEY], frame[columns.FAMILY], frame[columns.FAMILY_VALUE], strict=True)
    pairs = frame[columns.PAIRS].to_numpy(np.float64)
    return [
        Row(uid_of(key), str(label), *_look(str(key), float(strength)), value, low, high, int(np.nan_to_num(n)))
        for (key, label, strength), (value, low, high), n in zip(known, numbers.tolist(), pairs, strict=True)
    ]


def _look(key: str, strength: float) -> tuple[str, str]:
    """Colour and glyph."""
    if np.isfinite(strength):
        return colour_of(strength), _LAMBDA
    return GREY, _SHAPES.get(key, _OTHER if "." in key else _ALONE)


def _range(rows: list[Row]) -> tuple[float, float]:
    """All intervals and 0, with some room."""
    ends = np.array([0.0, *(end for row in rows for end in (row.value, row.low, row.high))])
    low, high = float(np.nanmin(ends)), float(np.nanmax(ends))
    pad = 0.06 * (high - low) or 1.0
    return low - pad, high + pad


def _add_row(made: Draft, row: Row, place: int, measure: Measure, level: float) -> None:
    """Glyph and bar, and the numbers at the right end."""
    digits = 1 if measure == "accuracy" else 3
    known = bool(np.isfinite([row.low, row.high]).all())
    number = fixed(row.value, digits, sign=True) if np.isfinite(row.value) else NONE
    interval = f" [{fixed(row.low, digits)}, {fixed(row.high, digits)}]" if known else ""
    held = "<br>one of the intervals that hold together in 95 % of cases" if level > 0.95 else ""
    own = f"<br>interval at {percent(level, 2)}{held}" if known else ""
    hover = f"<b>{row.label}</b><br>{number}{interval}<br>{row.pairs} repeats{own}"
    bar = {"type": "data", "array": [row.high - row.value], "arrayminus": [row.value - row.low], "color": row.colour}
    shown = {"error_x": {**bar, "thickness": 2.2, "width": 6}} if known else {}
    marker = {"color": row.colour, "size": 12, "symbol": row.glyph, "line": {"width": 2, "color": row.colour}}
    x = [row.value if np.isfinite(row.value) else None]
    trace = {
        "x": x,
        "y": [place],
        "orientation": "h",
        "mode": "markers",
        "marker": marker,
        "hovertext": [hover],
        "hoverinfo": "text",
    }
    made.add_scatter(uid=uid_of("family", row.name), name=row.label, **trace, **shown)
    end = {"x": 1.01, "xref": "x domain", "xanchor": "left", "y": place, "yref": "y", "yanchor": "middle"}
    made.add_text(f"<b>{number}</b>{interval}", **end)
