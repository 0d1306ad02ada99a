"""Norms of the kernels, or their share of exact zeros, against λ: what the penalty does to the weights.

One line a layer and a bold one for all kernels together; with more layers than can be told apart, only that one is
named, and the others are thin.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from reglab import columns
from reglab.charts.base import draft, empty, uid_of, values_of
from reglab.charts.draft import Draft
from reglab.charts.lambda_axis import LambdaAxis, lambda_axis, lambda_text
from reglab.charts.sweep_parts import (
    Mode,
    add_bridge,
    add_line,
    colours_of,
    crowding,
    each_mode,
    lambdas_of,
    points_of,
)
from reglab.number_format import percent, short

ALL = columns.ALL_WEIGHTS
What = Literal["norm", "zeros"]
_COLUMNS: dict[What, str] = {"norm": columns.L2_NORM, "zeros": columns.ZERO_SHARE}
_TITLES: dict[What, str] = {"norm": "Size of the weights", "zeros": "Exact zeros"}
_SUBTITLES: dict[What, str] = {"norm": "‖w‖₂ of each layer", "zeros": "share of weights at exactly 0"}
_SYMBOLS = ("circle", "square", "diamond", "triangle-up", "triangle-down", "star")
_DASHES = ("6px,2px", "2px,2px", "7px,2px,2px,2px", "9px,3px", "1px,3px", "4px,4px")
_DECADES = 1.5  # spanned from here on, norms are on a logarithmic axis
_MOST = 300  # times the lowest norm on a logarithmic axis is the largest: one collapsed λ must not flatten the others
_LONGEST = 14  # characters of a layer's name in the legend

Floats = NDArray[np.float32]


def sweep_norms_chart(
    layer_curves: pd.DataFrame, *, what: What = "norm", symbol: str = "λ₂", lambdas: Iterable[float] = ()
) -> go.Figure:
    """``layer_curves``: POINT, LAYER (one of them "all kernels"), L2_NORM and ZERO_SHARE; means over the repeats.

    ``lambdas``: all λ of the path, so that the axis has a place for those that are not there yet.
    """
    title = f"{_TITLES[what]} against {symbol}"
    if layer_curves.empty:
        return empty(title, _SUBTITLES[what], "The lines form while the networks train.")
    modes = each_mode(layer_curves)
    strokes = "   ".join(["", *(f"{mode.glyph} {mode.apply}" for mode, _ in modes)]) if len(modes) > 1 else ""
    made = draft(title, _SUBTITLES[what] + strokes, x=symbol)
    axis = LambdaAxis.of([*layer_curves[columns.LAMBDA], *lambdas])
    lambda_axis(made, axis, symbol)
    floor = _y_axis(made, values_of(layer_curves, _COLUMNS[what]), what)
    layers = [name for name in dict.fromkeys(layer_curves[columns.LAYER]) if name != ALL]
    for mode, rows in modes:
        for name in (*layers, ALL):
            own = rows[rows[columns.LAYER] == name]
            if len(own):
                place = layers.index(name) if name != ALL else None
                _add_layer(made, axis, mode, own, what, symbol, floor, place, len(layers), mode is modes[0][0])
    return made.figure()


def _add_layer(
    made: Draft, axis: LambdaAxis, mode: Mode, rows: pd.DataFrame, what: What, symbol: str, floor: float,
    place: int | None, layers: int, first: bool,
) -> None:  # fmt: skip
    """``place``: the layer's number among ``layers``; None for all together. The first mode is in the legend."""
    name, together, few = str(rows[columns.LAYER].iloc[0]), place is None, layers <= len(_SYMBOLS)
    values = values_of(rows, _COLUMNS[what])
    below = values < floor * (1 - 1e-5)
    values = np.maximum(values, np.float32(floor / 10))  # a logarithmic axis has no place for 0
    told = _said(rows, what, symbol, f"{_short(name)}, {mode.apply}")
    look = Mode(
        mode.apply, "circle" if together or not few else _SYMBOLS[place or 0], 8.0, mode.val, mode.train, mode.glyph
    )
    uid = uid_of(mode.apply, "all" if together else f"layer-{place}")
    add_bridge(made, axis, rows, values, f"{uid}-bridge", legendgroup=name)
    add_line(
        made, axis, look, rows, values, told, uid=uid,
        line={"width": 3.0 if together else 1.3 if few else 0.8, "dash": mode.val},
        scale=(1.1 if together else 0.85 if few else 0.45) * crowding(axis), name=_short(name),
        showlegend=first and (together or few), legendgroup=name,
        legendrank=1 if together else 2,
    )  # fmt: skip
    if below.any():
        _add_below(
            made, axis, rows[below], floor, [text for text, low in zip(told, below, strict=True) if low], uid, name
        )


def _add_below(
    made: Draft, axis: LambdaAxis, rows: pd.DataFrame, floor: float, told: list[str], uid: str, name: str
) -> None:
    """Arrows at the lower edge for what lies below it."""
    made.add_scatter(
        x=axis.at(lambdas_of(rows)), y=np.full(len(rows), floor, dtype=np.float32), mode="markers", uid=f"{uid}-below",
        marker={"symbol": "triangle-down", "size": 8, "color": colours_of(rows), "line": {"width": 0}},
        customdata=points_of(rows), hovertext=told, hoverinfo="text", showlegend=False, legendgroup=name, name="below",
    )  # fmt: skip


def _y_axis(made: Draft, values: Floats, what: What) -> float:
    """Shares from 0 to 100 %; norms from 0, or logarithmic where they span decades. The lowest value with a place."""
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
    made.update_yaxes(
        type="log", range=[low - pad, high + pad], dtick="D2" if high - low <= 1.5 else 1, tickformat="~g"
    )
    return float(10**low)


def _said(rows: pd.DataFrame, what: What, symbol: str, name: str) -> list[str]:
    values = rows[_COLUMNS[what]].to_numpy(np.float64)
    texts: list[Any] = [
        f"{percent(value)} zeros" if what == "zeros" else f"‖w‖₂ = {short(value, 3)}" for value in values
    ]
    return [
        f"<b>{symbol} = {lambda_text(value)}</b><br>{name}: {text}"
        for value, text in zip(rows[columns.LAMBDA], texts, strict=True)
    ]


def _short(name: str) -> str:
    short = name.removesuffix(".weight")
    return short if len(short) <= _LONGEST else "…" + short[1 - _LONGEST :]
