"""Validation accuracy or loss over λ₁ × λ₂: one cell a pair, each axis with 0 set apart by a narrow gap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from reglab import columns
from reglab.charts.base import SMALL, Draft, Floats, draft, empty, uid_of, values_of
from reglab.charts.gap import Measure
from reglab.charts.lambda_axis import lambda_text
from reglab.charts.style import RAMP, rgba
from reglab.charts.sweep_points import Mode, each_mode, hover_texts, ids_of
from reglab.number_format import fixed

WRITTEN = 60
"""Cells up to which each has its value written in it."""

_COLUMNS: dict[Measure, str] = {"accuracy": columns.VAL_ACC, "loss": columns.VAL_LOSS}
_LABELS = 6, 10  # along λ₁, along λ₂
_ROOMY = 6  # columns, up to which a value has its decimals
_GAP = 0.02  # between 0 and the others, as a share of the axis
_MARKS = (("best", columns.BEST, "solid", RAMP[4], 0.48), ("1-SE", columns.ONE_SE, "4px,2px", RAMP[5], 0.42))
_FAINT, _STRONG = 0.06, 0.8  # opacity of the worst and the best cell

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Cells:
    """The cells along one axis: one of width 1 a λ, and a narrow gap behind λ = 0."""

    values: tuple[float, ...]

    @property
    def apart(self) -> bool:
        """Whether 0 is set apart from others."""
        return len(self.values) > 1 and self.values[0] == 0

    @cached_property
    def centres(self) -> NDArray[np.float64]:
        """The middle of each λ's cell."""
        places = np.arange(len(self.values), dtype=np.float64)
        return places + max(_GAP * len(places), 0.05) * (places > 0) if self.apart else places

    @property
    def edges(self) -> NDArray[np.float64]:
        """Where the cells begin and end, the gap being a cell too."""
        lower = self.centres - 0.5
        return np.append(np.insert(lower, 1, 0.5) if self.apart else lower, self.centres[-1] + 0.5)

    def axis(self, labels: int) -> dict[str, Any]:
        """Range of the axis, and ticks at an even choice of at most ``labels`` λ."""
        chosen = range(0, len(self.values), -(-len(self.values) // labels))
        texts = [lambda_text(self.values[i], 2) for i in chosen]
        span = [float(self.edges[0]) - 0.04, float(self.edges[-1]) + 0.04]
        return {"tickmode": "array", "tickvals": [float(self.centres[i]) for i in chosen], "ticktext": texts} | {
            "range": span
        }

    def among(self, places: Indices) -> Indices:
        """The places among all cells, the gap included."""
        return places + (places > 0) if self.apart else places


class Panel(NamedTuple):
    """The grid of one penalty mode: its rows, where each lies, its values; ``axes`` are those of its traces."""

    mode: Mode
    rows: pd.DataFrame
    x: Indices
    y: Indices
    values: Floats
    axes: dict[str, str]


def sweep_grid_chart(table: pd.DataFrame, *, measure: Measure = "accuracy") -> go.Figure:
    """``table`` as of :func:`reglab.charts.sweep.sweep_chart`, of a grid; the stronger the colour, the better."""
    title = f"Validation {measure} over λ₁ and λ₂"
    subtitle = "the stronger the colour, the better" + (", nats" if measure == "loss" else "")
    if table.empty:
        return empty(title, subtitle, "The cells fill while the networks train.")
    made = draft(title, subtitle, x="λ₁")
    modes, names = each_mode(table), (columns.LAMBDA1, columns.LAMBDA2)
    cells = [Cells(tuple(sorted({float(value) for value in table[name]}))) for name in names]
    limits = _limits(values_of(table, _COLUMNS[measure]), measure)
    made.update_layout(margin={"l": 56, "t": 54 if len(modes) == 1 else 72})
    for number, (mode, rows) in enumerate(modes):
        axis = "" if number == 0 else str(number + 1)
        x, y = (np.searchsorted(own.values, rows[name]) for own, name in zip(cells, names, strict=True))
        axes = {"xaxis": f"x{axis}", "yaxis": f"y{axis}"}
        panel = Panel(mode, rows, x, y, values_of(rows, _COLUMNS[measure]), axes)
        _add_axes(made, axis, number, len(modes), cells, mode.apply)
        _add_heat(made, panel, cells, measure, limits)
        if len(rows) <= WRITTEN:
            _add_values(made, panel, cells, measure)
        _add_marks(made, panel, cells, named=number == 0)
    return made.figure()


def _add_axes(made: Draft, axis: str, number: int, of: int, cells: Sequence[Cells], title: str) -> None:
    """One panel of several; λ₁ to the right, λ₂ up."""
    gap, small = 0.03 if of > 1 else 0.0, {"size": SMALL}
    domain = [number / of + gap * (number > 0), (number + 1) / of - gap * (number < of - 1)]
    common = {"showgrid": False, "zeroline": False, "showline": False, "ticks": "", "tickfont": small}
    name = {"standoff": 2, "font": small}
    x = {"anchor": f"y{axis}", "domain": domain, "tickangle": 0, "title": {"text": "λ₁", **name}}
    y = {"anchor": f"x{axis}", "showticklabels": number == 0, "title": {"text": "" if number else "λ₂", **name}}
    x |= cells[0].axis(_LABELS[0] if of == 1 else 4)
    made.update_layout({f"xaxis{axis}": common | x, f"yaxis{axis}": common | y | cells[1].axis(_LABELS[1])})
    if of > 1:
        made.add_text(title, x=0.5, xref=f"x{axis} domain", y=1, yref="paper", yanchor="bottom")


def _limits(values: Floats, measure: Measure) -> tuple[float, float]:
    """The values of the worst and the best colour: half of the cells have the stronger half of the colours."""
    known = values[np.isfinite(values)].astype(np.float64)
    if not len(known):
        return 0.0, 1.0
    best, worst = (known.max(), known.min()) if measure == "accuracy" else (known.min(), known.max())
    limit = best - 2 * (best - float(np.median(known)))
    worst = max(worst, limit) if measure == "accuracy" else min(worst, limit)
    return (float(worst), float(best)) if worst != best else (float(best) - 1.0, float(best))


def _add_heat(made: Draft, panel: Panel, cells: Sequence[Cells], measure: Measure, limits: tuple[float, float]) -> None:
    """The coloured cells; hovering shows both λ, then the text of the other charts without its first line."""
    shape = len(cells[1].edges) - 1, len(cells[0].edges) - 1
    at = cells[1].among(panel.y), cells[0].among(panel.x)
    heights = np.full(shape, np.nan, dtype=np.float32)
    points, texts = np.full(shape, None, dtype=object), np.full(shape, "", dtype=object)
    heights[at] = panel.values
    below = hover_texts(panel.rows, _COLUMNS[measure], "validation", "", "%" if measure == "accuracy" else "nats")
    for y, x, point, text in zip(*at, ids_of(panel.rows), below, strict=True):
        points[y, x] = point
        header = f"λ₁ = {lambda_text(point[1])}, λ₂ = {lambda_text(point[2])}"
        texts[y, x] = f"<b>{header}</b><br>{text.partition('<br>')[2]}"
    faint_first = limits[0] < limits[1]
    ends = (_FAINT, _STRONG) if faint_first else (_STRONG, _FAINT)
    made.add_heatmap(
        x=cells[0].edges,
        y=cells[1].edges,
        z=heights,
        uid=f"{panel.mode.apply}-heat",
        zmin=min(limits),
        zmax=max(limits),
        colorscale=[[stop, rgba(RAMP[0], alpha)] for stop, alpha in enumerate(ends)],
        showscale=False,
        xgap=2,
        ygap=2,
        customdata=points.tolist(),
        hovertext=texts.tolist(),
        hoverinfo="text",
        hoverongaps=False,
        **panel.axes,
    )


def _add_values(made: Draft, panel: Panel, cells: Sequence[Cells], measure: Measure) -> None:
    """The value in each cell, short where cells are narrow; a cross where training diverged."""
    digits = 1 if len(cells[0].values) <= _ROOMY else 0
    known = np.isfinite(panel.values)
    diverged = panel.rows[columns.DIVERGED].to_numpy(np.float64) > 0
    if not (known | diverged).any():
        return  # Plotly.react shows no text in a trace that began without any

    def text(value: float) -> str:
        return fixed(100 * value, digits) if measure == "accuracy" else fixed(value, digits + 1)

    made.add_scatter(
        x=cells[0].centres[panel.x],
        y=cells[1].centres[panel.y],
        mode="text",
        uid=f"{panel.mode.apply}-values",
        showlegend=False,
        text=[
            text(value) if is_known else "×" if gone else ""
            for value, is_known, gone in zip(panel.values, known, diverged, strict=True)
        ],
        textfont={"size": SMALL},
        hoverinfo="skip",
        **panel.axes,
    )


def _add_marks(made: Draft, panel: Panel, cells: Sequence[Cells], *, named: bool) -> None:
    """A frame round the best cell and round the 1-SE choice."""
    for name, column, dash, colour, inset in _MARKS:
        for place in np.flatnonzero(panel.rows[column].to_numpy(bool)):
            x, y = float(cells[0].centres[panel.x[place]]), float(cells[1].centres[panel.y[place]])
            made.add_scatter(
                x=[x + inset * side for side in (-1, 1, 1, -1, -1)],
                y=[y + inset * side for side in (-1, -1, 1, 1, -1)],
                mode="lines",
                hoverinfo="skip",
                name=name,
                line={"color": colour, "width": 2.5, "dash": dash},
                showlegend=named,
                legendgroup=name,
                uid=uid_of(panel.mode.apply, name, place),
                **panel.axes,
            )
