"""A strip for each part of a claim: a dot a seed, the mean with its 95 % interval, and the line that the rule draws."""

from __future__ import annotations

from textwrap import wrap
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from reglab import columns
from reglab.charts.base import SMALL, empty, figure
from reglab.charts.style import GREY, RAMP
from reglab.number_format import PERCENT, percent, short

TITLE, SUBTITLE = (
    "Measured with each seed",
    "dots: seeds · diamond and bar: mean, 95 % interval · dotted: the rule's line",
)
STRIP = 84
"""Pixels of one part whose label has one line."""

_LINE, _LETTERS = 15, 48  # pixels of a further line of a label; letters that fit into a line of the narrowest card
_AXIS, _DOTS, _LABEL = (
    34,
    62,
    64,
)  # pixels from the strip's bottom: where dots begin and end, and where the label stands

_DOT, _MEAN = RAMP[0], RAMP[4]
_FEWEST = 1e-18  # equal bits have the distance 0, which a logarithmic axis cannot show


def height_of(figures: pd.DataFrame) -> int:
    """Pixels in which the chart of ``figures`` is legible."""
    return sum(map(_strip_height, figures[columns.PART].unique())) if len(figures) else 120


def _lines(label: str) -> list[str]:
    return wrap(label, _LETTERS, break_on_hyphens=False)


def _strip_height(label: str) -> int:
    return STRIP + _LINE * (len(_lines(label)) - 1)


def seed_dots_chart(figures: pd.DataFrame) -> go.Figure:
    """``figures``: :data:`reglab.columns.SEED_COLUMNS`; every part has an axis of its own, in its own unit."""
    if figures.empty:
        return empty(TITLE, SUBTITLE, "Dots appear when the claim has been tested.")
    made = figure(TITLE, SUBTITLE)
    made.update_layout(title=None, showlegend=False, margin={"l": 12, "r": 16, "t": 0, "b": 0})  # a card has its title
    parts = [rows for _, rows in figures.groupby(columns.PART, sort=False)]
    pixel, bottom = 1 / height_of(figures), 1.0
    for number, rows in enumerate(parts, start=1):
        bottom -= pixel * _strip_height(str(rows[columns.PART].iloc[0]))
        _add_strip(made, rows, "" if number == 1 else str(number), max(bottom, 0.0), pixel)
    return made


def _add_strip(made: go.Figure, rows: pd.DataFrame, axis: str, bottom: float, pixel: float) -> None:
    """One part from ``bottom`` upwards; both in shares of the chart's height."""
    first = rows.iloc[0]
    log, unit = bool(first[columns.LOG]), str(first[columns.UNIT])
    ticks = {"ticks": "outside", "ticklen": 3, "nticks": 5, "ticksuffix": _suffix(unit), "showticksuffix": "last"}
    x: dict[str, Any] = {
        "anchor": f"y{axis}",
        "type": "log" if log else "linear",
        "title": None,
        "showline": True,
        "zeroline": False,
    }
    x |= {**ticks, "showgrid": False, "exponentformat": "power", "tickfont": {"size": SMALL}}
    y = {"anchor": f"x{axis}", "domain": [bottom + _AXIS * pixel, bottom + _DOTS * pixel], "visible": False}
    made.update_layout({f"xaxis{axis}": x, f"yaxis{axis}": {**y, "range": [-1, 1], "fixedrange": True}})
    across = {"y0": -1, "y1": 1, "xref": f"x{axis}", "yref": f"y{axis}", "layer": "below"}
    for place, dash in ([] if log else [(0.0, "solid")]) + [(line, "2px,3px") for line in first[columns.LINES]]:
        line = {"color": GREY, "width": 1 if dash == "solid" else 1.6, "dash": dash}
        made.add_shape(type="line", x0=place, x1=place, line=line, **across)
    for trace in (_seeds(rows, unit, log), _mean(first, unit), _published(first, unit)):
        if trace is not None:
            meta = {"name": f"{first[columns.PART]}, {trace['name']}"}
            made.add_scatter(**trace, meta=meta, mode="markers", xaxis=f"x{axis}", yaxis=f"y{axis}", hoverinfo="text")
    place = {"x": 0, "y": bottom + _LABEL * pixel, "xref": "paper", "yref": "paper", "xanchor": "left"}
    label = "<br>".join(_lines(str(first[columns.PART])))
    text = {"text": label, "align": "left", "font": {"size": SMALL}, "opacity": 0.85, "showarrow": False}
    made.add_annotation(**text, **place, yanchor="bottom")


def _suffix(unit: str) -> str:
    return PERCENT if unit == "%" else f" {unit}".rstrip()


def _seeds(rows: pd.DataFrame, unit: str, log: bool) -> dict[str, Any]:
    """A dot for each seed, spread a little so that equal values are seen."""
    values = rows[columns.VALUE].to_numpy(dtype=np.float64)
    shown: NDArray[np.float64] = np.maximum(values, _FEWEST) if log else values
    texts = [short(value, 3) + _suffix(unit) for value in values.tolist()]
    marker = {"color": _DOT, "size": 8, "opacity": 0.75}
    return {
        "name": "seeds",
        "x": shown,
        "y": 0.35 * np.where(np.arange(len(shown)) % 2, 1, -1),
        "marker": marker,
        "hovertext": texts,
    }


def _published(first: pd.Series, unit: str) -> dict[str, Any] | None:
    """An open triangle at the published figure."""
    known = float(first[columns.PUBLISHED])
    if not np.isfinite(known):
        return None
    marker = {"color": GREY, "size": 10, "symbol": "triangle-down-open", "line": {"width": 2}}
    return {
        "name": "published",
        "x": [known],
        "y": [0.7],
        "marker": marker,
        "hovertext": f"published {short(known, 4)}{_suffix(unit)}",
    }


def _mean(first: pd.Series, unit: str) -> dict[str, Any] | None:
    """The mean with its interval; none where a part must hold with every seed."""
    mean, low, high = (float(first[name]) for name in (columns.MEAN, columns.LOW, columns.HIGH))
    if not np.isfinite([mean, low, high]).all():
        return None
    interval = f"{percent(0.95, 0)} interval {short(low, 3)} to {short(high, 3)}"
    bar = {"type": "data", "array": [high - mean], "arrayminus": [mean - low], "thickness": 2.5, "width": 7}
    marker = {"color": _MEAN, "size": 11, "symbol": "diamond"}
    text = f"mean {short(mean, 3)}{_suffix(unit)}<br>{interval}"
    return {
        "name": "mean",
        "x": [mean],
        "y": [0],
        "marker": marker,
        "error_x": {**bar, "color": _MEAN},
        "hovertext": text,
    }
