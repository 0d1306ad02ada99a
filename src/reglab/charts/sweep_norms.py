"""Norms of the weights, or their share of exact zeros, against λ: what the penalty does to the weights.

One line a layer and a bold one for all weights; with more layers than symbols, only the bold line is in the legend, and
the others are thin.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from reglab import columns
from reglab.charts.base import Draft, Floats, draft, empty, layer_text, uid_of, values_of
from reglab.charts.lambda_axis import LambdaAxis, lambda_axis, lambda_text
from reglab.charts.sweep_points import Points, add_at_edge, add_line, each_mode, mode_points
from reglab.number_format import percent, short
from reglab.sweep_axes import Axis

ALL = columns.ALL_WEIGHTS
What = Literal["norm", "zeros"]
_COLUMNS: dict[What, str] = {"norm": columns.L2_NORM, "zeros": columns.ZERO_SHARE}
_TITLES: dict[What, str] = {"norm": "Size of the weights", "zeros": "Exact zeros"}
_SUBTITLES: dict[What, str] = {"norm": "‖w‖₂ of each layer", "zeros": "share of weights that are exactly 0"}
_SYMBOLS = ("circle", "square", "diamond", "triangle-up", "triangle-down", "star")
_DECADES = 1.5  # spanned from here on, norms are on a logarithmic axis
_MOST = 300  # highest over lowest norm on a logarithmic axis: one collapsed λ must not flatten the others
_LONGEST = 14  # characters of a layer's name in the legend


def sweep_norms_chart(
    layer_curves: pd.DataFrame,
    *,
    what: What = "norm",
    symbol: str = "λ₂",
    swept: Axis | None = None,
    lambdas: Iterable[float] = (),
) -> go.Figure:
    """``layer_curves``: POINT, LAYER (one of them ALL_WEIGHTS), L2_NORM and ZERO_SHARE; means over the repeats.

    ``lambdas``: all λ of the sweep, so that the axis has a place for those that are not trained yet.
    """
    title = f"{_TITLES[what]} against {symbol}"
    if layer_curves.empty:
        return empty(title, _SUBTITLES[what], "The lines form while the networks train.")
    axis = LambdaAxis.of([*layer_curves[columns.LAMBDA], *lambdas], swept)
    modes = each_mode(layer_curves)
    strokes = "".join(f"   {mode.glyph} {mode.apply}" for mode, _ in modes) if len(modes) > 1 else ""
    made = draft(title, _SUBTITLES[what] + strokes, x=symbol)
    lambda_axis(made, axis, symbol)
    floor = _y_axis(made, values_of(layer_curves, _COLUMNS[what]), what)
    layers = [name for name in dict.fromkeys(layer_curves[columns.LAYER]) if name != ALL]
    for mode, rows in modes:
        for name in (*layers, ALL):
            own = mode_points(mode, rows[rows[columns.LAYER] == name], axis, (_COLUMNS[what],))
            if len(own.lambdas):
                place = layers.index(name) if name != ALL else None
                _add_layer(made, own, what, symbol, floor, place, len(layers), mode is modes[0][0])
    return made.figure()


def _add_layer(
    made: Draft, own: Points, what: What, symbol: str, floor: float, place: int | None, layers: int, first: bool
) -> None:
    """``place``: the layer's number among ``layers``; None for all weights. The first mode is in the legend."""
    name, together, few = str(own.rows[columns.LAYER].iloc[0]), place is None, layers <= len(_SYMBOLS)
    values = own.values[_COLUMNS[what]]
    below = np.flatnonzero(values < floor * (1 - 1e-5))
    values = np.maximum(values, np.float32(floor / 10))  # a logarithmic axis has no place for 0
    short_name = layer_text(name, _LONGEST)
    texts = _hover(own, what, symbol, f"{short_name}, {own.mode.apply}")
    uid = uid_of(own.mode.apply, "all" if together else f"layer-{place}")
    width, scale, rank = (3.0, 1.1, 1) if together else (1.3, 0.85, 2) if few else (0.8, 0.45, 2)
    mark = "circle" if together or not few else _SYMBOLS[place or 0]
    look: dict[str, Any] = {"line": {"width": width, "dash": own.mode.val}, "shape": mark, "size": 8.0, "uid": uid}
    look |= {"scale": scale * own.axis.crowding, "name": short_name, "legendgroup": name, "legendrank": rank}
    look["meta"] = {"name": name if first else f"{name}, {own.mode.apply}", "zero": floor / 10}
    add_line(made, own, values, texts, showlegend=first and (together or few), **look)
    if len(below):  # arrows at the lower edge
        hover, look = [texts[row] for row in below], {"mode": "markers", "legendgroup": name, "name": "below"}
        add_at_edge(made, own, below, floor, "triangle-down", hover, uid=f"{uid}-below", **look)


def _y_axis(made: Draft, values: Floats, what: What) -> float:
    """Shares from 0 to 100 %; norms from 0, or logarithmic where they span decades. Returns the lowest value shown."""
    made.update_yaxes(uirevision=what)
    if what == "zeros":
        made.update_yaxes(range=[-0.03, 1.05], tickformat=".0%", zeroline=True)
        return 0.0
    known = values[np.isfinite(values) & (values > 0)]
    low, high = (float(np.log10(known.min())), float(np.log10(known.max()))) if len(known) else (0.0, 0.0)
    if high - low < _DECADES:
        made.update_yaxes(rangemode="tozero", tickformat="~g")
        return 0.0
    low = max(low, high - float(np.log10(_MOST)))
    pad = 0.06 * (high - low)
    step = "D2" if high - low <= 1.5 else 1
    made.update_yaxes(type="log", range=[low - pad, high + pad], dtick=step, tickformat="~g")
    return float(10**low)


def _hover(own: Points, what: What, symbol: str, name: str) -> list[str]:
    def number(value: float) -> str:
        return f"{percent(value)} zeros" if what == "zeros" else f"‖w‖₂ = {short(value, 3)}"

    pairs = zip(own.lambdas, own.rows[_COLUMNS[what]].to_numpy(np.float64), strict=True)
    return [f"<b>{symbol} = {lambda_text(point)}</b><br>{name}: {number(value)}" for point, value in pairs]
