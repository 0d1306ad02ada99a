"""What the charts over λ share: the points of each penalty mode, their line and ± one standard error, hover text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reglab import columns
from reglab.charts.base import DASHES, Draft, Floats, values_of
from reglab.charts.lambda_axis import LambdaAxis, lambda_text
from reglab.charts.style import GREY, rgba
from reglab.number_format import PERCENT, fixed, short

WRONG = "training labels partly wrong"
"""Added to a subtitle where labels were flipped: training accuracy below validation accuracy is no mistake then."""

BAND = 0.30
"""Opacity of ± one standard error."""

_FEW = 25  # points up to which error bars have caps
_STOPS = 12  # of a gradient


@dataclass(frozen=True)
class Mode:
    """A penalty mode: the ``symbol`` of its points, and the strokes of its lines."""

    apply: str
    symbol: str
    size: float
    val: str
    train: str
    glyph: str


_LOOKS = (
    ("circle", 9.0, "solid", DASHES["train"], "━"),
    ("diamond", 9.5, "7px,2px,2px,2px", "2px,3px", "╍"),
    ("triangle-up", 10.0, "2px,2px", "1px,4px", "┈"),
)


def each_mode(frame: pd.DataFrame) -> list[tuple[Mode, pd.DataFrame]]:
    """Each penalty mode with its rows, λ ascending; looks go by the order of the names, so charts agree."""
    order = [*columns.point_columns(frame)[1:]]
    return [
        (Mode(str(apply), *_LOOKS[number % len(_LOOKS)]), rows.sort_values(order, kind="stable"))
        for number, (apply, rows) in enumerate(frame.groupby(columns.APPLY, sort=True))
    ]


class Points(NamedTuple):
    """The points of one penalty mode on their axis, λ ascending: everything that its traces need, extracted once.

    ``at`` are positions on the axis, ``zeros`` counts the points before its break, ``ids`` are those of :func:`ids_of`.
    ``values`` has the drawn columns as float32, standard errors included; the other columns are in ``rows``.
    """

    axis: LambdaAxis
    mode: Mode
    rows: pd.DataFrame
    lambdas: NDArray[np.float64]
    at: Floats
    zeros: int
    colours: list[str]
    ids: list[list[Any]]
    values: dict[str, Floats]

    def errors(self, column: str) -> Floats:
        """The standard error of each mean in ``column``; NaN where there is none."""
        return self.values[column + columns.SE]


def points_of(frame: pd.DataFrame, axis: LambdaAxis, names: Sequence[str] = ()) -> list[Points]:
    """The points of each penalty mode in ``frame``, with the columns ``names`` and their standard errors."""
    return [mode_points(mode, rows, axis, names) for mode, rows in each_mode(frame)]


def mode_points(mode: Mode, rows: pd.DataFrame, axis: LambdaAxis, names: Sequence[str]) -> Points:
    """The points ``rows`` of one mode, λ ascending."""
    lambdas = rows[columns.LAMBDA].to_numpy(np.float64)
    before = int((lambdas == 0).sum())
    zeros = before if axis.break_at is not None and before < len(rows) else 0
    drawn = [name for column in names for name in (column, column + columns.SE) if name in rows]
    values = {name: values_of(rows, name) for name in drawn}
    colours = [axis.colour(value) for value in lambdas]
    return Points(axis, mode, rows, lambdas, axis.at(lambdas), zeros, colours, ids_of(rows), values)


def ids_of(rows: pd.DataFrame) -> list[list[Any]]:
    """[apply, λ, λ₁, λ₂] of each row, and its second value if there is one: what a click on its point returns."""
    parts = (rows[name].tolist() for name in columns.point_columns(rows))
    return [[str(apply), *map(float, numbers)] for apply, *numbers in zip(*parts, strict=True)]


def known_in(every: Sequence[Points], column: str) -> bool:
    """Whether any point has a value in ``column``."""
    return any(np.isfinite(own.values[column]).any() for own in every)


def with_wrong_labels(every: Sequence[Points]) -> bool:
    """Whether any training label was flipped, as far as the epochs so far show."""
    return all(columns.FLIPPED_ACC in own.values for own in every) and known_in(every, columns.FLIPPED_ACC)


def hover_texts(
    rows: pd.DataFrame, column: str, name: str, symbol: str, unit: str, *, mode: Mode | None = None
) -> list[str]:
    """λ, mean ± standard error, and the number of repeats of each row; ``unit`` "%" or "nats"."""
    means, errors = rows[column].to_numpy(np.float64), rows[column + columns.SE].to_numpy(np.float64)
    suffix = PERCENT if unit == "%" else f" {unit}"

    def number(value: float) -> str:
        return fixed(100 * value, 1) if unit == "%" else short(value, 3)

    texts = []
    for mean, error, value, n in zip(means, errors, rows[columns.LAMBDA], rows[columns.N], strict=True):
        point = f"<b>{symbol} = {lambda_text(value)}</b>" + (f", {mode.apply}" if mode else "")
        spread = f" ± {number(error)}" if np.isfinite(error) else ""
        repeats = "one run" if n == 1 else f"mean of {n:.0f} runs"
        texts.append(f"{point}<br>{name} {number(mean)}{spread}{suffix}<br>{repeats}")
    return texts


def add_metric(
    made: Draft, own: Points, column: str, label: str, symbol: str, unit: str, *, named: bool, errors: bool, **look: Any
) -> None:
    """:func:`add_line` of the means in ``column``, called ``label`` on hover; ``named``: with the penalty mode."""
    texts = hover_texts(own.rows, column, label, symbol, unit, mode=own.mode if named else None)
    meta = {"name": f"{label.removesuffix(',')}, {own.mode.apply}" if named else label.removesuffix(",")}
    spread = own.errors(column) if errors else None
    add_line(made, own, own.values[column], texts, errors=spread, meta=meta, **look)


def add_line(
    made: Draft,
    own: Points,
    values: Floats,
    texts: Sequence[str],
    *,
    uid: str,
    line: dict[str, Any],
    errors: Floats | None = None,
    band: str | None = None,
    shape: str | None = None,
    size: float | None = None,
    scale: float = 1.0,
    **more: Any,
) -> None:
    """A point at each λ in its colour, joined by a grey line, with ``errors`` as bars and as the band of uid ``band``.

    The line pauses at the break between λ = 0 and the others, which a faint dotted line bridges.
    """
    silent = {"mode": "lines", "showlegend": False, "hoverinfo": "skip", "legendgroup": more.get("legendgroup")}
    if errors is not None and band is not None:
        _add_band(made, own, values - errors, values + errors, uid=band, **silent)
    pause = [own.zeros] if own.zeros else []
    if pause:
        both = slice(own.zeros - 1, own.zeros + 1)
        look = {"color": GREY, "width": 1.1, "dash": "1px,4px"}
        made.add_scatter(x=own.at[both], y=values[both], uid=f"{uid}-bridge", line=look, **silent)

    def paused(items: Sequence[Any], filler: Any) -> list[Any]:
        return [*items[: own.zeros], filler, *items[own.zeros :]] if pause else list(items)

    look = {"symbol": shape or own.mode.symbol, "size": scale * (size or own.mode.size), "opacity": 1}
    made.add_scatter(
        x=np.insert(own.at, pause, np.float32(own.axis.break_at or 0)),
        y=np.insert(values, pause, np.float32(np.nan)),
        mode="lines+markers",
        uid=uid,
        line={"color": GREY, **line},
        error_y=None if errors is None else _error_bars(np.insert(errors, pause, np.float32(np.nan))),
        marker={**look, "line": {"width": 0}, "color": paused(own.colours, GREY)},
        customdata=paused(own.ids, None),
        hovertext=paused(texts, ""),
        hoverinfo="text",
        **more,
    )


def add_at_edge(
    made: Draft,
    own: Points,
    rows: NDArray[np.int64],
    height: float,
    symbol: str,
    hover: list[str],
    *,
    meta: dict[str, Any] | None = None,
    **more: Any,
) -> None:
    """A mark at ``height`` for each of the points ``rows``, whose values lie beyond it.

    ``meta``: for :mod:`reglab.charts.table`, where no other trace has the values.
    """
    made.add_scatter(
        x=own.at[rows],
        y=np.full(len(rows), height, dtype=np.float32),
        customdata=[own.ids[row] for row in rows],
        hovertext=hover,
        hoverinfo="text",
        showlegend=False,
        meta={"mark": True} if meta is None else meta,
        marker={"symbol": symbol, "size": 8, "color": [own.colours[row] for row in rows], "line": {"width": 0}},
        **more,
    )


def _error_bars(errors: Floats) -> dict[str, Any] | None:
    """Thin bars of ± one standard error; nothing where no point has one."""
    if not np.isfinite(errors).any():
        return None
    return {"type": "data", "array": errors, "color": GREY, "thickness": 1.2, "width": 3 if len(errors) <= _FEW else 0}


def _add_band(made: Draft, own: Points, low: Floats, high: Floats, **more: Any) -> None:
    """The area from ``low`` to ``high`` over the scale, in the colours of λ; it pauses where either is not known."""
    places = np.flatnonzero(np.isfinite(low) & np.isfinite(high) & own.axis.on_scale(own.lambdas))
    pieces = [piece for piece in np.split(places, np.flatnonzero(np.diff(places) > 1) + 1) if len(piece) > 1]
    if not pieces:
        return
    at, gap = own.at, np.array([np.nan], dtype=np.float32)
    outline = [(np.append(at[p], at[p][::-1]), np.append(high[p], low[p][::-1])) for p in pieces]
    x, y = (np.concatenate([part for piece in outline for part in (piece[i], gap)][:-1]) for i in (0, 1))
    look = {"line": {"width": 0, "color": GREY}, "fill": "toself", "fillgradient": gradient(own.axis, BAND)}
    made.add_scatter(x=x, y=y, **look, **more)


def gradient(axis: LambdaAxis, alpha: float) -> dict[str, Any]:
    """The colours of λ along the axis."""
    low, high = axis.ends
    high = high if high > low else low + 1e-3
    stops = np.linspace(0, 1, _STOPS)
    scale = [[float(f"{stop:.3f}"), rgba(axis.colour_at(low + stop * (high - low)), alpha)] for stop in stops]
    return {"type": "horizontal", "start": low, "stop": high, "colorscale": scale}
