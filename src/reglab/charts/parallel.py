"""Parallel coordinates: an axis a setting or figure, a line a run in its colour; drag along an axis to pick runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from reglab import columns
from reglab.charts.base import draft, empty, uid_of
from reglab.charts.style import RunStyle
from reglab.number_format import exact, percent, short

TITLE = "Parallel coordinates"
HINT = "Axes appear when runs that differ in a setting have figures."

_TICKS = 6
_DECADE = 10.0  # a ratio of largest to smallest positive value from which an axis is logarithmic


class Axis(NamedTuple):
    """One axis: where each run lies, and the places and texts of its ticks."""

    label: str
    at: NDArray[np.float64]
    ticks: list[float]
    texts: list[str]


def parallel_chart(table: pd.DataFrame, styles: Mapping[str, RunStyle], *, shares: Sequence[str] = ()) -> go.Figure:
    """``table``: RUN, and a column for each axis, named as its label: numbers, or words (an even place for each).

    ``shares``: columns in per cent. Runs without a finite value on every axis are left out.
    """
    rows = table[table[columns.RUN].isin(list(styles))] if len(table) else table
    axes = axes_of(rows, shares) if len(rows) else []
    known = np.all([np.isfinite(axis.at) for axis in axes], axis=0) if axes else np.zeros(0, dtype=np.bool_)
    if len(axes) < 2 or not known.any():
        return empty(TITLE, "", HINT)
    shown = [styles[str(run)].colour for run in rows[columns.RUN][known]]
    colours = list(dict.fromkeys(shown))
    made = draft(TITLE, "a line a run; drag along an axis to pick runs, click it to release them", x="")
    made.update_layout(margin={"l": 70, "r": 50, "t": 92, "b": 24}, showlegend=False)
    made.data.append(
        {
            "type": "parcoords",
            "uid": uid_of("parallel"),
            "dimensions": [_dimension(axis, known) for axis in axes],
            "line": {
                "color": [colours.index(colour) for colour in shown],
                "colorscale": _scale(colours),
                "cmin": -0.5,
                "cmax": len(colours) - 0.5,
                "showscale": False,
            },
            "labelangle": -18,
            "labelside": "top",
        }
    )
    return made.figure()


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
    return Axis(label, numbers, ticks.tolist(), texts)


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


def _dimension(axis: Axis, known: NDArray[np.bool_]) -> dict[str, Any]:
    at = axis.at[known]
    low, high = min(float(at.min()), *axis.ticks), max(float(at.max()), *axis.ticks)
    pad = 0.5 if high == low else 0.0
    return {
        "label": axis.label,
        "values": at.tolist(),
        "tickvals": axis.ticks,
        "ticktext": axis.texts,
        "range": [low - pad, high + pad],
    }


def _scale(colours: Sequence[str]) -> list[list[Any]]:
    """A scale of steps: one colour each."""
    edges = np.linspace(0, 1, len(colours) + 1)
    return [[float(end), colour] for i, colour in enumerate(colours) for end in edges[i : i + 2]]
