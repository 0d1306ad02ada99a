"""Validation accuracy or loss over two axes, λ₁ × λ₂ or λ × learning rate: one cell a point, 0 set apart by a gap.

The best cell has a frame; the best cell of each row and of each column a small mark. Over λ and the learning rate,
dotted lines join points of equal lr·λ: along them decoupled decay shrinks weights equally fast, and where best cells
follow one, lr and λ are one choice, not two.
"""

from __future__ import annotations

import math
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
from reglab.charts.style import GREY, RAMP, rgba
from reglab.charts.sweep_points import Mode, each_mode, hover_texts, ids_of
from reglab.number_format import fixed
from reglab.sweep_axes import Axis, lambda_setting

WRITTEN = 60
"""Cells up to which each has its value written in it."""

_COLUMNS = columns.MEASURES
_LABELS = 6, 10  # along λ₁, along λ₂
_ROOMY = 6  # columns, up to which a value has its decimals
_GAP = 0.02  # between 0 and the others, as a share of the axis
_MARKS = (("best", columns.BEST, "solid", RAMP[4], 0.48), ("1-SE", columns.ONE_SE, "4px,2px", RAMP[5], 0.42))
_FAINT, _STRONG = 0.06, 0.8  # opacity of the worst and the best cell
_WINNERS = (("best of its row", "circle", -0.36), ("best of its column", "diamond", 0.36))  # and its place in the cell
_RATE = "optim.lr"
_ISOLINES = 6
_LINE = 40  # points of a line

_X, _Y = "x of the cell", "y of the cell"

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Cells:
    """The cells along one axis: one of width 1 a value, and a narrow gap behind 0."""

    values: tuple[float, ...]

    @property
    def apart(self) -> bool:
        """Whether 0 is set apart from others."""
        return len(self.values) > 1 and self.values[0] == 0

    @cached_property
    def centres(self) -> NDArray[np.float64]:
        """The middle of each value's cell."""
        places = np.arange(len(self.values), dtype=np.float64)
        return places + max(_GAP * len(places), 0.05) * (places > 0) if self.apart else places

    @property
    def edges(self) -> NDArray[np.float64]:
        """Where the cells begin and end, the gap being a cell too."""
        lower = self.centres - 0.5
        return np.append(np.insert(lower, 1, 0.5) if self.apart else lower, self.centres[-1] + 0.5)

    @property
    def listed(self) -> list[float | None]:
        """The value of each cell; None of the gap."""
        return [self.values[0], None, *self.values[1:]] if self.apart else list(self.values)

    def axis(self, labels: int) -> dict[str, Any]:
        """Range of the axis, and ticks at an even choice of at most ``labels`` values."""
        chosen = range(0, len(self.values), -(-len(self.values) // labels))
        texts = [lambda_text(self.values[i], 2) for i in chosen]
        span = [float(self.edges[0]) - 0.04, float(self.edges[-1]) + 0.04]
        return {"tickmode": "array", "tickvals": [float(self.centres[i]) for i in chosen], "ticktext": texts} | {
            "range": span
        }

    @property
    def logs(self) -> NDArray[np.float64]:
        """log₁₀ of the values above 0, with the outer edges of their first and last cell before and behind."""
        own = np.log10([value for value in self.values if value > 0])
        first, last = (own[1] - own[0], own[-1] - own[-2]) if len(own) > 1 else (1.0, 1.0)
        return np.array([own[0] - first / 2, *own, own[-1] + last / 2])

    def at_log(self, logs: NDArray[np.float64]) -> NDArray[np.float64]:
        """Where 10^``logs`` lie, straight in the logarithm from cell to cell; NaN outside all cells."""
        known = self.logs
        own = self.centres[-(len(known) - 2) :]
        places = np.array([own[0] - 0.5, *own, own[-1] + 0.5])
        return np.asarray(np.interp(logs, known, places, left=np.nan, right=np.nan))

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


GRID = tuple(Axis(lambda_setting(key), ()) for key in ("l1", "l2"))
"""The axes of an L1 × L2 grid."""


def sweep_grid_chart(
    table: pd.DataFrame, *, measure: Measure = "accuracy", axes: Sequence[Axis] = GRID, paper: bool = False
) -> go.Figure:
    """``table`` as of :func:`reglab.charts.sweep.sweep_chart`, over two ``axes``; the stronger the colour, the better.

    ``paper``: the λ axis is that of the AdamW paper, lr·λ; only for λ and the learning rate.
    """
    symbols = ("lr·λ (the paper's λ)" if paper else axes[0].symbol, axes[1].symbol)
    title = f"Validation {measure} over {'lr·λ' if paper else symbols[0]} and {symbols[1]}"
    subtitle = "the stronger the colour, the better" + (", nats" if measure == "loss" else "")
    if table.empty:
        return empty(title, subtitle, "The cells fill while the networks train.")
    made = draft(title, subtitle, x=symbols[0])
    names = (columns.LAMBDA, columns.SECOND) if columns.SECOND in table else (columns.LAMBDA1, columns.LAMBDA2)
    placed = table.assign(**{_X: _across(table, names, paper), _Y: table[names[1]].to_numpy(np.float64)})
    modes = each_mode(placed)
    cells = [Cells(tuple(sorted({float(value) for value in placed[name]}))) for name in (_X, _Y)]
    limits = _limits(values_of(table, _COLUMNS[measure]), measure)
    made.update_layout(margin={"l": 56, "t": 54 if len(modes) == 1 else 72})
    titles = (symbols[0] if paper else axes[0].title, axes[1].title)
    for number, (mode, rows) in enumerate(modes):
        axis = "" if number == 0 else str(number + 1)
        x, y = (np.searchsorted(own.values, rows[name]) for own, name in zip(cells, (_X, _Y), strict=True))
        panel = Panel(mode, rows, x, y, values_of(rows, _COLUMNS[measure]), {"xaxis": f"x{axis}", "yaxis": f"y{axis}"})
        _add_axes(made, axis, number, len(modes), cells, (*titles, mode.apply))
        _add_heat(made, panel, cells, measure, limits, axes)
        if axes[1].key == _RATE and axes[0].setting.is_lambda and not paper:
            _add_isolines(made, panel, cells, named=number == 0)
        if len(rows) <= WRITTEN:
            _add_values(made, panel, cells, measure)
        _add_winners(made, panel, cells, measure, named=number == 0)
        _add_marks(made, panel, cells, named=number == 0)
    return made.figure()


def _across(table: pd.DataFrame, names: tuple[str, str], paper: bool) -> NDArray[np.float64]:
    """Where each point lies on the first axis: λ, or lr·λ to three digits, in which products of one grid agree."""
    first, second = (table[name].to_numpy(np.float64) for name in names)
    return np.array([float(f"{value:.3g}") for value in first * second]) if paper else first


def _add_axes(
    made: Draft, axis: str, number: int, of: int, cells: Sequence[Cells], titles: tuple[str, str, str]
) -> None:
    """One panel of several; the first axis to the right, the second up, the penalty mode above."""
    gap, small = 0.03 if of > 1 else 0.0, {"size": SMALL}
    domain = [number / of + gap * (number > 0), (number + 1) / of - gap * (number < of - 1)]
    common = {"showgrid": False, "zeroline": False, "showline": False, "ticks": "", "tickfont": small}
    name = {"standoff": 2, "font": small}
    x = {"anchor": f"y{axis}", "domain": domain, "tickangle": 0, "title": {"text": titles[0], **name}}
    y = {"anchor": f"x{axis}", "showticklabels": number == 0, "title": {"text": "" if number else titles[1], **name}}
    x |= cells[0].axis(_LABELS[0] if of == 1 else 4)
    made.update_layout({f"xaxis{axis}": common | x, f"yaxis{axis}": common | y | cells[1].axis(_LABELS[1])})
    if of > 1:
        made.add_text(titles[2], x=0.5, xref=f"x{axis} domain", y=1, yref="paper", yanchor="bottom")


def _limits(values: Floats, measure: Measure) -> tuple[float, float]:
    """The values of the worst and the best colour: half of the cells have the stronger half of the colours."""
    known = values[np.isfinite(values)].astype(np.float64)
    if not len(known):
        return 0.0, 1.0
    best, worst = (known.max(), known.min()) if measure == "accuracy" else (known.min(), known.max())
    limit = best - 2 * (best - float(np.median(known)))
    worst = max(worst, limit) if measure == "accuracy" else min(worst, limit)
    return (float(worst), float(best)) if worst != best else (float(best) - 1.0, float(best))


def _add_heat(
    made: Draft,
    panel: Panel,
    cells: Sequence[Cells],
    measure: Measure,
    limits: tuple[float, float],
    axes: Sequence[Axis],
) -> None:
    """The coloured cells; hovering shows both values, then the text of the other charts without its first line."""
    shape = len(cells[1].edges) - 1, len(cells[0].edges) - 1
    at = cells[1].among(panel.y), cells[0].among(panel.x)
    heights = np.full(shape, np.nan, dtype=np.float32)
    points, texts = np.full(shape, None, dtype=object), np.full(shape, "", dtype=object)
    heights[at] = panel.values
    below = hover_texts(panel.rows, _COLUMNS[measure], "validation", "", "%" if measure == "accuracy" else "nats")
    for y, x, point, text in zip(*at, ids_of(panel.rows), below, strict=True):
        points[y, x] = point
        values = (point[1], point[4]) if len(point) > 4 else (point[2], point[3])
        header = ", ".join(f"{own.symbol} = {lambda_text(value)}" for own, value in zip(axes, values, strict=True))
        texts[y, x] = f"<b>{header}</b><br>{text.partition('<br>')[2]}"
    faint_first = limits[0] < limits[1]
    ends = (_FAINT, _STRONG) if faint_first else (_STRONG, _FAINT)
    made.add_heatmap(
        x=cells[0].edges,
        y=cells[1].edges,
        z=heights,
        meta={"name": panel.mode.apply, "x": cells[0].listed, "y": cells[1].listed},
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
        return fixed(100 * value, digits) if measure == "accuracy" else fixed(value, 2)

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


def _add_isolines(made: Draft, panel: Panel, cells: Sequence[Cells], *, named: bool) -> None:
    """Lines of equal lr·λ, at even powers of ten."""
    if any(sum(value > 0 for value in own.values) < 2 for own in cells):
        return
    lambdas, rates = (own.logs for own in cells)
    powers = range(math.ceil(lambdas[0] + rates[0]), math.floor(lambdas[-1] + rates[-1]) + 1)
    x = np.linspace(lambdas[0], lambdas[-1], _LINE)
    across, up = [], []
    for power in powers[:: -(-len(powers) // _ISOLINES)]:
        y = cells[1].at_log(power - x)
        across += [*cells[0].at_log(x)[np.isfinite(y)].tolist(), None]
        up += [*y[np.isfinite(y)].tolist(), None]
    made.add_scatter(
        x=across,
        y=up,
        mode="lines",
        name="lr·λ constant",
        uid=f"{panel.mode.apply}-isolines",
        line={"color": GREY, "width": 1.3, "dash": "2px,4px"},
        hoverinfo="skip",
        showlegend=named,
        legendgroup="isolines",
        **panel.axes,
    )


def _add_winners(made: Draft, panel: Panel, cells: Sequence[Cells], measure: Measure, *, named: bool) -> None:
    """A small mark in the best cell of each row and of each column; none where nothing has learnt."""
    eligible = np.isfinite(panel.values) & ~(panel.rows[columns.DIVERGED].to_numpy(np.float64) > 0)
    if columns.REGIME in panel.rows:
        eligible &= (panel.rows[columns.REGIME] != columns.REGIMES[4]).to_numpy(bool)
    score = np.where(eligible, panel.values if measure == "accuracy" else -panel.values, -np.inf)
    for lines, (name, symbol, shift) in zip((panel.y, panel.x), _WINNERS, strict=True):
        rows = [np.flatnonzero(lines == line) for line in np.unique(lines)]
        best = [own[np.argmax(score[own])] for own in rows if len(own) > 1 and np.isfinite(score[own]).any()]
        made.add_scatter(
            x=(cells[0].centres[panel.x[best]] + shift).tolist() if best else [],
            y=(cells[1].centres[panel.y[best]] - 0.36).tolist() if best else [],
            mode="markers",
            name=name,
            uid=uid_of(panel.mode.apply, name),
            marker={"symbol": symbol, "size": 6, "color": RAMP[5] if symbol == "diamond" else RAMP[4]},
            hoverinfo="skip",
            showlegend=named,
            legendgroup=name,
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
