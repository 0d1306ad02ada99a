"""Parallel coordinates: an axis a setting or figure, a line a run in its colour and stroke.

Drawn as ordinary lines: Plotly's own parallel coordinates need WebGL, know no strokes, and name no run on hovering.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from reglab import columns
from reglab.charts.base import SMALL, Draft, draft, empty, uid_of
from reglab.charts.style import GREY, RunStyle
from reglab.number_format import exact, percent, short

TITLE = "Parallel coordinates"
HINT = "Axes appear when runs that differ in a setting have figures."

_TICKS = 6
_APART = 0.06  # of the height, from one tick to the next
_CROWDED = 20  # runs from which lines are thinner
_DECADE = 10.0  # a ratio of largest to smallest positive value from which an axis is logarithmic


class Axis(NamedTuple):
    """One axis: where each run lies on its own scale, and the places and texts of its ticks."""

    label: str
    at: NDArray[np.float64]
    ticks: list[float]
    texts: list[str]
    share: bool = False

    def height(self, places: NDArray[np.float64]) -> NDArray[np.float64]:
        """``places`` on the scale as heights from 0 to 1; in the middle where all are the same."""
        known = np.array([*self.at[np.isfinite(self.at)], *self.ticks])
        low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 0.0)
        return (places - low) / (high - low) if high > low else np.where(np.isfinite(places), 0.5, np.nan)

    @property
    def legible(self) -> list[tuple[float, str]]:
        """Height and text of the ticks, without those too near to the one below or to the last one."""
        every = sorted(zip(self.height(np.array(self.ticks)).tolist(), self.texts, strict=True))
        kept = every[:1]
        for tick in every[1:-1]:
            if tick[0] - kept[-1][0] >= _APART and every[-1][0] - tick[0] >= _APART:
                kept.append(tick)
        return kept + every[1:][-1:]

    def texts_of(self, values: Sequence[Any]) -> list[str]:
        """The runs' own values as they are read."""
        return [
            percent(value) if self.share else short(value, 4) if isinstance(value, int | float) else str(value)
            for value in values
        ]


def parallel_chart(table: pd.DataFrame, styles: Mapping[str, RunStyle], *, shares: Sequence[str] = ()) -> go.Figure:
    """``table``: RUN, and a column for each axis, named as its label: numbers, or words (an even place for each).

    ``shares``: columns in per cent. A run without a value on an axis has a gap there.
    """
    rows = table[table[columns.RUN].isin(list(styles))] if len(table) else table
    axes = axes_of(rows, shares) if len(rows) else []
    if len(axes) < 2:
        return empty(TITLE, "", HINT)
    made = draft(TITLE, "an axis a setting or figure, a line a run", x="")
    made.update_layout(margin={"l": 24, "r": 70, "t": 100, "b": 16}, showlegend=False, hovermode="closest")
    made.update_xaxes(visible=False, range=[-0.05, len(axes) - 0.95])
    made.update_yaxes(visible=False, range=[-0.04, 1.04])
    for place, axis in enumerate(axes):
        _add_axis(made, axis, place)
    places = {"at": list(range(len(axes))), "values": [axis.label for axis in axes], "name": "axis"}
    made.update_layout(meta={"x": places})
    heights = np.stack([axis.height(axis.at) for axis in axes], axis=1).astype(np.float32)
    texts = [axis.texts_of(rows[axis.label].tolist()) for axis in axes]
    for row, run in enumerate(rows[columns.RUN]):
        style = styles[str(run)]
        read = {axis.label: own[row] for axis, own in zip(axes, texts, strict=True)}
        _add_run(made, style, heights[row], read, crowded=len(rows) > _CROWDED)
    return made.figure()


def _add_axis(made: Draft, axis: Axis, place: int) -> None:
    """A vertical line with ticks at its right, and its label above."""
    line = {"color": GREY, "width": 1}
    made.add_shape(type="line", x0=place, x1=place, y0=0, y1=1, xref="x", yref="y", layer="below", line=line)
    label = {"xref": "x", "yref": "y", "y": 1, "yanchor": "bottom", "yshift": 8, "xanchor": "left", "textangle": -18}
    made.add_text(axis.label, x=place, **label)
    for tick, text in axis.legible:
        at = {"x": place, "xref": "x", "y": tick, "yref": "y", "xanchor": "left", "yanchor": "middle", "xshift": 5}
        made.add_annotation(text=text, showarrow=False, font={"size": SMALL, "shadow": "auto"}, **at)


def _add_run(
    made: Draft, style: RunStyle, heights: NDArray[np.float32], read: Mapping[str, str], *, crowded: bool
) -> None:
    """``read``: the axes' labels and the run's own values as they are read."""
    made.add_scatter(
        x=np.arange(len(heights), dtype=np.float32),
        y=heights,
        uid=uid_of(style.run),
        name=style.text,
        mode="lines+markers",
        line={"color": style.colour, "width": 1.2 if crowded else 2, "dash": style.dash},
        marker={"color": style.colour, "size": 5, "line": {"width": 0}},
        opacity=0.75 if crowded else 1,
        text=list(read.values()),
        meta={"y": "text"},
        hovertext=[f"<b>{style.text}</b><br>{label}: {value}" for label, value in read.items()],
        hoverinfo="text",
    )


def axes_of(rows: pd.DataFrame, shares: Sequence[str] = ()) -> list[Axis]:
    """The axes in the order of the columns, without RUN."""
    return [_axis(str(name), rows[name], name in shares) for name in rows if name != columns.RUN]


def _axis(label: str, values: pd.Series[Any], share: bool) -> Axis:
    known = values.dropna().tolist()
    if not all(isinstance(value, int | float | np.number) and not isinstance(value, bool) for value in known):
        words = sorted(dict.fromkeys(str(value) for value in known))
        at = [float(words.index(str(value))) if value is not None else np.nan for value in values]
        return Axis(label, np.array(at), [float(place) for place in range(len(words))], words)
    numbers: NDArray[np.float64] = np.array(values, dtype=np.float64)
    numbers[~np.isfinite(numbers)] = np.nan
    positive: NDArray[np.float64] = np.unique(numbers[numbers > 0])
    if share or len(positive) < 2 or np.nanmin(numbers) < 0 or positive[-1] < _DECADE * positive[0]:
        return _linear(label, numbers, share)
    return _logarithmic(label, numbers, positive)


def _linear(label: str, numbers: NDArray[np.float64], share: bool) -> Axis:
    distinct = np.unique(numbers[np.isfinite(numbers)])
    low, high = (float(distinct[0]), float(distinct[-1])) if len(distinct) else (0.0, 1.0)
    ticks = distinct if len(distinct) <= _TICKS else np.linspace(low, high, _TICKS)
    texts = [percent(float(tick)) if share else short(float(tick), 3) for tick in ticks]
    return Axis(label, numbers, ticks.tolist(), texts, share)


def _logarithmic(label: str, numbers: NDArray[np.float64], positive: NDArray[np.float64]) -> Axis:
    """log₁₀; 0, which has none, lies a third of a decade below the smallest value, or more on a long axis."""
    low, high = np.log10(positive[0]), np.log10(positive[-1])
    zero = low - max(0.15 * (high - low), 1 / 3)
    with np.errstate(divide="ignore", invalid="ignore"):
        at = np.where(numbers > 0, np.log10(numbers), np.where(numbers == 0, zero, np.nan))
    few = (
        positive if len(positive) <= _TICKS else positive[np.linspace(0, len(positive) - 1, _TICKS).round().astype(int)]
    )
    zeros = [0.0] if (numbers == 0).any() else []
    ticks = [*(zero for _ in zeros), *np.log10(few).tolist()]
    return Axis(label, at, ticks, ["0" for _ in zeros] + [exact(float(f"{value:.3g}")) for value in few])
