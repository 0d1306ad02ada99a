"""Parts shared by the charts: drafts, layout, empty figures, and the columns of each run, extracted once."""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from html import escape, unescape
from textwrap import wrap
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from reglab import columns
from reglab.charts.style import GREY, RunStyle, elided

NAMES = {"val": "validation", "train": "training", "total": "J"}
WIDTHS = {"val": 2.2, "train": 1.6, "total": 1.6}
DASHES = {"val": "solid", "train": "5px,3px", "total": "1.5px,2.5px"}
MOST_NAMED = 4
"""Up to this many runs have their names at the ends of their lines; more would not find room there."""

_LINE_OF_TEXT = 0.1  # of the height of a plot 150 pixels high, the lowest there is
_LETTER, _NAME = 6.6, 22  # pixels of a letter of SMALL; letters of a name
_FEW = 7  # epochs up to which each has its tick; Plotly's own ticks would repeat some of them

SMALL = 12
"""Pixels of all text but titles, on a window less than 1,600 pixels wide; the page enlarges it on a wider one."""

TITLE_AT, _SUBTITLE_AT = 16, 13  # pixels from the upper edge to the first line of a title, or of a subtitle alone

_CHECKED: ContextVar[bool] = ContextVar("checked", default=True)

Floats = NDArray[np.float32]
Properties = dict[str, Any]


@dataclass
class Draft:
    """A figure under construction, as the plain dictionaries that Plotly's JSON consists of.

    Plotly checks every property of every change to a ``go.Figure``, which takes five times as long as checking the
    finished figure once. Live pages draw several figures a second, on cores that training could use: see
    :func:`unchecked`. The methods are those of ``go.Figure``, without its ``outer_inner`` names.
    """

    layout: Properties
    data: list[Properties] = field(default_factory=list)

    def figure(self) -> go.Figure:
        """The finished figure, :func:`fitted`, and checked by Plotly unless it is :func:`unchecked`."""
        if (fit := _FIT.get()) is not None:
            fit(self)
        if _CHECKED.get():
            return go.Figure(data=self.data, layout=self.layout)
        layout = {**self.layout, "template": {}}  # Plotly would look the template up in its check
        return go.Figure(data=list(map(_given, self.data)), layout=_given(layout), _validate=False)

    def add_scatter(self, **trace: Any) -> None:
        self.data.append({"type": "scatter", **trace})

    def add_heatmap(self, **trace: Any) -> None:
        self.data.append({"type": "heatmap", **trace})

    def add_annotation(self, **annotation: Any) -> None:
        """Add text, with an arrow unless ``showarrow`` is False."""
        self.layout.setdefault("annotations", []).append(annotation)

    def add_text(self, text: str, **place: Any) -> None:
        self.add_annotation(text=text, showarrow=False, font={"size": SMALL}, **place)

    def add_shape(self, **shape: Any) -> None:
        self.layout.setdefault("shapes", []).append(shape)

    def add_hline(self, y: float, **look: Any) -> None:
        """Add a horizontal line as wide as the plot."""
        self.add_shape(type="line", x0=0, x1=1, xref="x domain", y0=y, y1=y, yref="y", **look)

    def add_vrect(self, x0: float, x1: float, **look: Any) -> None:
        """Add an area as high as the plot."""
        self.add_shape(type="rect", x0=x0, x1=x1, xref="x", y0=0, y1=1, yref="y domain", **look)

    def update_layout(self, properties: Mapping[str, Any] | None = None, **named: Any) -> None:
        """Change properties of the layout, nested ones one by one."""
        self.layout = _merged(self.layout, {**(properties or {}), **named})

    def update_xaxes(self, **properties: Any) -> None:
        self.update_layout(xaxis=properties)

    def update_yaxes(self, **properties: Any) -> None:
        self.update_layout(yaxis=properties)


Fit = Callable[[Draft], None]
_FIT: ContextVar[Fit | None] = ContextVar("fit", default=None)


@contextmanager
def unchecked() -> Iterator[None]:
    """Let drafts become figures without Plotly's check, four fifths of the time that it takes to make them.

    For pages that draw the same charts again and again; the tests check every one.
    """
    token = _CHECKED.set(False)
    try:
        yield
    finally:
        _CHECKED.reset(token)


def _given(properties: Mapping[str, Any]) -> Properties:
    """``properties`` without those that are None, which Plotly's check removes."""
    return {
        name: _given(value) if isinstance(value, Mapping) else value
        for name, value in properties.items()
        if value is not None
    }


def _merged(old: Mapping[str, Any], new: Mapping[str, Any]) -> Properties:
    """A new dictionary; both arguments stay unchanged, since ``new`` may be a constant of a chart."""
    both = {key for key in old.keys() & new.keys() if isinstance(old[key], Mapping) and isinstance(new[key], Mapping)}
    return {**old, **new, **{key: _merged(old[key], new[key]) for key in both}}


@contextmanager
def fitted(fit: Fit) -> Iterator[None]:
    """Have ``fit`` change every draft before it becomes a figure: changing the figure takes as long as drawing it."""
    token = _FIT.set(fit)
    try:
        yield
    finally:
        _FIT.reset(token)


def compact(made: Draft) -> None:
    """For a low place whose title stands above it: without title, legend and x label, with few ticks."""
    margin, x = made.layout["margin"], made.layout["xaxis"].get("title")
    note(made, whole={"margin": margin, "top": margin["t"], "x": x}, legend=made.layout.get("showlegend") is not False)
    made.update_layout(title=None, margin={"t": 10, "b": 26, "l": 40, "r": 8}, showlegend=False)
    made.update_xaxes(title=None, nticks=5)
    made.update_yaxes(nticks=4)


def untitled(made: Draft) -> None:
    """For a place whose title stands above it: with the subtitle, and room for a legend where there is one."""
    _, _, subtitle = made.layout["title"]["text"].partition("<br>")
    note(made, whole={"top": made.layout["margin"]["t"]})
    bottom = {"b": 40} if made.layout.get("showlegend") is False else {}
    made.update_layout(title={"text": subtitle, **_top(_SUBTITLE_AT)}, margin={"t": 26, **bottom})


def note(made: Draft | go.Figure, **facts: Any) -> None:
    """Add to what a figure says of itself, for pictures and tables of it: ``layout.meta``.

    ``heading``: title and subtitle as made; ``whole``: what :func:`compact` and :func:`untitled` take away;
    ``legend``: true where the page names the lines beside the chart, so that a picture has to do it.
    """
    known = made.layout.get("meta") if isinstance(made, Draft) else made.layout.meta
    made.update_layout(meta={**(known or {}), **facts})


def _top(pixels: int) -> dict[str, Any]:
    """The place of a title from the upper edge; a share of the height would cut it off on a low chart."""
    return {"y": 1, "pad": {"t": pixels}}


def figure(title: str, subtitle: str, *, x: str = "epoch") -> go.Figure:
    """An empty figure with the common layout; text and grid take their colours from the page."""
    return draft(title, subtitle, x=x).figure()


def draft(title: str, subtitle: str, *, x: str = "epoch") -> Draft:
    """The draft of :func:`figure`, for charts that are redrawn often.

    The margins hold title, subtitle, ticks and one row of legend, so that the axes of neighbouring charts are level.
    """
    heading = {"text": f'{title}<br><span style="font-size:{SMALL}px">{subtitle or " "}</span>', "x": 0.015}
    legend = {"orientation": "h", "xref": "container", "x": 0, "yref": "container", "y": 0, "yanchor": "bottom"}
    small = {"size": SMALL}
    ticks = {"showline": True, "ticks": "outside", "ticklen": 4, "tickangle": 0}
    return Draft(
        layout={
            "meta": {"heading": {"title": title, "subtitle": subtitle.strip()}},
            "template": "none",  # the default one adds 6 kB to every figure, and colours of its own
            "title": {**heading, **_top(TITLE_AT), "xanchor": "left", "yanchor": "top", "xref": "container"},
            "margin": {"l": 42, "r": 12, "t": 54, "b": 62},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "legend": {**legend, "itemwidth": 30, "tracegroupgap": 0, "font": small, "bgcolor": "rgba(0,0,0,0)"},
            "xaxis": {"title": {"text": x, "standoff": 2, "font": small}, "showgrid": False, "showspikes": False}
            | ticks,
            "yaxis": {"showgrid": True, "zeroline": False, "nticks": 6},
            "hovermode": "closest",
        }
    )


def empty(title: str, subtitle: str, hint: str) -> go.Figure:
    """A figure that shows its title and, in its middle, a hint at what will fill it."""
    made = draft(title, subtitle)
    made.update_layout(margin={"l": 12}, xaxis={"visible": False}, yaxis={"visible": False})
    add_hint(made, hint)
    return made.figure()


def add_hint(made: Draft, hint: str) -> None:
    """Show ``hint`` in the middle of the plot."""
    text = "<br>".join(wrap(hint, 22))
    made.add_annotation(text=text, x=0.5, y=0.5, xref="paper", yref="paper", showarrow=False, opacity=0.75)


def uid_of(*parts: object) -> str:
    """A trace's uid: parts joined by "-", of letters, digits, - and _ only.

    Plotly looks a removed trace up by the CSS selector ``.cb`` + uid, in which any other character is an error.
    """
    text = unicodedata.normalize("NFKC", "-".join(str(part) for part in parts))  # ₁ becomes 1
    text = text.replace("+", "").replace(" ", "-")
    return re.sub(r"[^A-Za-z0-9_-]", "_", text)


def layer_text(name: str, most: int) -> str:
    """A layer's name of at most ``most`` characters; the end of a longer one, which tells layers apart."""
    short = name.removesuffix(".weight")
    return short if len(short) <= most else "…" + short[1 - most :]


def round_above(value: float, steps: Sequence[float]) -> float:
    """The smallest of ``steps`` times a power of ten that is at least ``value``."""
    power = 10.0 ** np.floor(np.log10(value))
    return float(power * min(step for step in steps if step * power >= value * (1 - 1e-6)))


def round_below(value: float, steps: Sequence[float]) -> float:
    """The largest of ``steps`` times a power of ten that is at most ``value``."""
    power = 10.0 ** np.floor(np.log10(value))
    return float(power * max(step for step in steps if step * power <= value * (1 + 1e-9)))


def each_run(frame: pd.DataFrame, styles: Mapping[str, RunStyle]) -> Iterator[tuple[RunStyle, pd.DataFrame]]:
    """Each styled run that has rows, with its rows, in the order of ``styles``."""
    if frame.empty:
        return
    rows = {str(run): part for run, part in frame.groupby(columns.RUN, sort=False)}
    for run, style in styles.items():
        if run in rows:
            yield style, rows[run]


class RunCurves(NamedTuple):
    """The epochs of one styled run, and its columns by name."""

    style: RunStyle
    epochs: NDArray[np.signedinteger[Any]]
    values: dict[str, Floats]

    @property
    def mode(self) -> str:
        """A single epoch is a marker, since a line needs two."""
        return "lines+markers" if len(self.epochs) == 1 else "lines"


def run_curves(frame: pd.DataFrame, styles: Mapping[str, RunStyle], names: Sequence[str]) -> list[RunCurves]:
    """The columns ``names`` of each styled run in ``frame``."""
    return [
        RunCurves(style, small_epochs(rows[columns.EPOCH].to_numpy()), {name: values_of(rows, name) for name in names})
        for style, rows in each_run(frame, styles)
    ]


def small_epochs(epochs: NDArray[Any]) -> NDArray[np.signedinteger[Any]]:
    """Epochs as small integers, because they cross the network with every update."""
    return np.asarray(epochs, dtype=np.int16 if epochs.max(initial=0) < 2**15 else np.int32)


def values_of(rows: pd.DataFrame, column: str) -> Floats:
    """The column as float32; what is not finite becomes NaN, which is drawn as a break in the line."""
    with np.errstate(over="ignore"):
        values = rows[column].to_numpy(dtype=np.float64).astype(np.float32)
    values[~np.isfinite(values)] = np.nan
    return values


class LineEnd(NamedTuple):
    """Where a line ends, what stands beside that end, and the line's colour."""

    x: float
    y: float
    text: str
    colour: str = GREY


def line_end(run: RunCurves, column: str, text: str) -> LineEnd | None:
    """The end of a column's line; None where the last value is not finite."""
    y = float(run.values[column][-1])
    return LineEnd(float(run.epochs[-1]), y, text, run.style.colour) if np.isfinite(y) else None


def name_lines(made: Draft, ends: Sequence[LineEnd | None], *, log_y: bool = False, lowest: float | None = 0.0) -> None:
    """Write each text at the end of its line in place of a legend, apart from each other.

    A line that ends before others has its text behind the longest one, where it covers no curve, and a thin dotted
    line leads to it.
    ``lowest``: the lower end of a linear axis; None for the lowest value.
    """
    values = np.concatenate([np.asarray(trace["y"], dtype=np.float64) for trace in made.data])
    shown = values[np.isfinite(values) & ((values > 0) | (not log_y))]
    known = [end for end in ends if end is not None and (end.y > 0 or not log_y)]
    if not len(shown) or not known:
        return
    places = [np.log10(end.y) if log_y else end.y for end in known]
    low, high = (float(np.log10(v)) if log_y else float(v) for v in (shown.min(), shown.max()))
    low = low if log_y or lowest is None else min(lowest, low)
    apart = _spread(places, _LINE_OF_TEXT * max(high - low, 1e-9))
    last = max(end.x for end in known)
    for end, y in zip(known, apart, strict=True):
        made.add_text(
            escape(_named(end), quote=False), x=last, y=y, xanchor="left", xshift=7, yanchor="middle", align="left"
        )
        if end.x < last:
            look = {"line": {"color": end.colour, "width": 1, "dash": "1px,3px"}, "layer": "below"}
            made.add_shape(type="line", x0=end.x, y0=end.y, x1=last, y1=10**y if log_y else y, **look)
    longest = max(len(_named(end)) for end in known)
    made.update_layout(margin={"r": 16 + _LETTER * longest}, showlegend=False)


def _named(end: LineEnd) -> str:
    """The text as it is read, which Plotly gets with < and & escaped; shorter where it would take the curves' room."""
    return elided(unescape(end.text), _NAME)


def _spread(places: Sequence[float], least: float) -> list[float]:
    """``places`` in their order, moved up as little as needed to be at least ``least`` apart."""
    order = np.argsort(places, kind="stable")
    moved = np.asarray(places, dtype=np.float64)
    for lower, upper in itertools.pairwise(order):
        moved[upper] = max(moved[upper], moved[lower] + least)
    return [float(place) for place in moved]


def best_epoch(run: RunCurves) -> int | None:
    """Where in ``run.epochs`` the validation loss is lowest, the first of equals; None where none is finite."""
    val = run.values[columns.VAL_LOSS]
    return int(np.nanargmin(val)) if np.isfinite(val).any() else None


def add_lines(
    made: Draft, run: RunCurves, lines: Mapping[str, str], hover: Callable[[str], str], *, alone: bool
) -> None:
    """A run's line for each role of ``lines`` (role → column), and a ring on that of "val" at the best epoch.

    The validation line has the run's own stroke, in which runs of one colour differ. ``hover``: the name of a line →
    its hover template.
    """
    style = run.style
    group = None if alone else style.run
    for role, column in lines.items():
        made.add_scatter(
            x=run.epochs,
            y=run.values[column],
            uid=uid_of(style.run, role),
            name=NAMES[role] if alone else style.text,
            meta=None if alone else {"name": f"{style.text}, {NAMES[role]}"},
            mode=run.mode,
            line={"color": style.colour, "width": WIDTHS[role], "dash": style.dash if role == "val" else DASHES[role]},
            legendgroup=group,
            showlegend=alone or role == "val",
            hovertemplate=hover(NAMES[role]),
        )
    add_best_ring(made, run, lines["val"], hover("best epoch"), group)


def add_best_ring(made: Draft, run: RunCurves, column: str, hovertemplate: str, group: str | None) -> None:
    """A ring on a column's line at the best epoch."""
    at = best_epoch(run)
    if at is None:
        return
    made.add_scatter(
        x=run.epochs[at : at + 1],
        y=run.values[column][at : at + 1],
        uid=uid_of(run.style.run, "best"),
        name="best epoch",
        meta={"mark": True},
        mode="markers",
        marker={"symbol": "circle-open", "size": 10, "color": run.style.colour, "line": {"width": 2}},
        legendgroup=group,
        showlegend=False,
        hovertemplate=hovertemplate,
    )


def mark_best_epoch(made: Draft, run: RunCurves, *, rises: bool = False) -> None:
    """A vertical line at the best epoch, whose weights early stopping keeps, where training has gone on since.

    Its text stands at the top, and at the bottom where the curve ``rises``.
    """
    at, last = best_epoch(run), int(run.epochs[-1])
    epoch = last if at is None else int(run.epochs[at])
    if epoch == last:
        return
    dotted = {"color": GREY, "width": 1, "dash": "3px,3px"}
    made.add_shape(type="line", x0=epoch, x1=epoch, xref="x", y0=0, y1=1, yref="y domain", line=dotted, layer="below")
    end: Properties = {"y": 0, "yanchor": "bottom"} if rises else {"y": 1, "yanchor": "top"}
    side = {"xanchor": "left", "xshift": 4} if epoch < last / 2 else {"xanchor": "right", "xshift": -4}
    made.add_text(f"early stopping would keep epoch {epoch}", x=epoch, **end, yref="y domain", **side)


def epoch_axis(made: Draft, runs: Sequence[RunCurves], planned: int | None) -> None:
    """From epoch 1 to the planned last one, so that the axis stands still while the curves grow."""
    last_epoch_axis(made, max(int(run.epochs.max()) for run in runs), planned)


def last_epoch_axis(made: Draft, last: int, planned: int | None) -> None:
    """The same for curves up to epoch ``last``."""
    end = max(planned or 0, last, 2)
    made.update_xaxes(range=[1 - 0.02 * (end - 1), end + 0.03 * (end - 1)], tickformat="d", nticks=7)
    made.update_xaxes(unifiedhovertitle={"text": "epoch %{x}"}, dtick=1 if end <= _FEW else None)


def loss_axis(made: Draft, *, log_y: bool) -> None:
    """From 0 and linear unless ``log_y``; it never switches by itself.

    Logarithmic ticks stand at 1, 2 and 5 where the curves span few decades, at powers of ten where they span many.
    """
    made.update_yaxes(rangemode="tozero", tickformat="~g", uirevision="log" if log_y else "linear")
    if log_y:
        values = np.concatenate([np.empty(0), *(trace["y"] for trace in made.data)])
        positive = values[values > 0]
        decades = np.log10(positive.max() / positive.min()) if len(positive) else 0.0
        made.update_yaxes(type="log", dtick="D2" if decades < 2.5 else float(np.ceil(decades / 6)))
