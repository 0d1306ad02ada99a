"""Validation accuracy or loss over λ₁ × λ₂: one cell a pair, each axis with 0 set apart."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from reglab import columns
from reglab.charts.base import draft, empty, uid_of, values_of
from reglab.charts.draft import Draft
from reglab.charts.gap import Measure
from reglab.charts.lambda_axis import lambda_text
from reglab.charts.style import RAMP, rgba
from reglab.charts.sweep_cells import Cells, among, as_objects, places_of
from reglab.charts.sweep_parts import Mode, each_mode, points_of
from reglab.charts.sweep_text import said
from reglab.number_format import fixed

WRITTEN = 60
"""So many cells have their value written in them at most."""

_COLUMNS: dict[Measure, str] = {"accuracy": columns.VAL_ACC, "loss": columns.VAL_LOSS}
_TITLES: dict[Measure, str] = {
    "accuracy": "Validation accuracy over λ₁ and λ₂",
    "loss": "Validation loss over λ₁ and λ₂",
}
_LABELS = 6, 10  # along λ₁, along λ₂
_ROOMY = 6  # columns, up to which a value has its decimals
_MARKS = (("best", columns.BEST, "solid", RAMP[4]), ("one SE", columns.ONE_SE, "4px,2px", RAMP[5]))
_FAINT, _STRONG = 0.06, 0.8  # opacity of the worst and the best cell


def sweep_grid_chart(table: pd.DataFrame, *, measure: Measure = "accuracy") -> go.Figure:
    """``table`` as of :func:`reglab.charts.sweep.sweep_chart`, of a grid; the stronger the colour, the better."""
    title = _TITLES[measure]
    subtitle = "the stronger the colour, the better" + (", nats" if measure == "loss" else "")
    if table.empty:
        return empty(title, subtitle, "The cells fill while the networks train.")
    made = draft(title, subtitle, x="λ₁")
    modes = each_mode(table)
    cells = [Cells(tuple(sorted({float(v) for v in table[name]}))) for name in (columns.LAMBDA1, columns.LAMBDA2)]
    made.update_layout(margin={"l": 56, "t": 54 if len(modes) == 1 else 72})
    for number, (mode, rows) in enumerate(modes):
        axis = "" if number == 0 else str(number + 1)
        _add_axes(made, axis, number, len(modes), cells, mode.apply)
        _add_heat(made, axis, mode, rows, cells, measure, _limits(values_of(table, _COLUMNS[measure]), measure))
        if len(rows) <= WRITTEN:
            _add_values(made, axis, mode, rows, cells, measure)
        _add_marks(made, axis, mode, rows, cells, named=number == 0)
    return made.figure()


def _add_axes(made: Draft, axis: str, number: int, of: int, cells: Sequence[Cells], title: str) -> None:
    """One panel of several; λ₁ to the right, λ₂ up."""
    gap = 0.03 if of > 1 else 0.0
    domain = [number / of + gap * (number > 0), (number + 1) / of - gap * (number < of - 1)]
    common = {"showgrid": False, "zeroline": False, "showline": False, "ticks": "", "tickfont": {"size": 11}}
    spans = [[float(c.edges[0]) - 0.04, float(c.edges[-1]) + 0.04] for c in cells]
    made.update_layout(
        {
            f"xaxis{axis}": {
                **common, **cells[0].labels(_LABELS[0] if of == 1 else 4), "range": spans[0], "domain": domain,
                "anchor": f"y{axis}",
                "title": {"text": "λ₁", "standoff": 2, "font": {"size": 11}}, "tickangle": 0,
            },
            f"yaxis{axis}": {
                **common, **cells[1].labels(_LABELS[1]), "range": spans[1], "anchor": f"x{axis}",
                "showticklabels": number == 0,
                "title": {"text": "λ₂" if number == 0 else "", "standoff": 2, "font": {"size": 11}},
            },
        }
    )  # fmt: skip
    if of > 1:
        made.add_annotation(
            text=title, x=0.5, xref=f"x{axis} domain", y=1, yref="paper", yanchor="bottom", showarrow=False,
            font={"size": 11},
        )  # fmt: skip


def _limits(values: NDArray[np.float32], measure: Measure) -> tuple[float, float]:
    """The values of the worst and the best colour: half of the cells have the stronger half of the colours."""
    known = values[np.isfinite(values)].astype(np.float64)
    if not len(known):
        return 0.0, 1.0
    best, worst = (known.max(), known.min()) if measure == "accuracy" else (known.min(), known.max())
    limit = best - 2 * (best - float(np.median(known)))
    worst = max(worst, limit) if measure == "accuracy" else min(worst, limit)
    return (float(worst), float(best)) if worst != best else (float(best) - 1.0, float(best))


def _add_heat(
    made: Draft, axis: str, mode: Mode, rows: pd.DataFrame, cells: Sequence[Cells], measure: Measure,
    limits: tuple[float, float],
) -> None:  # fmt: skip
    (x, y), values = places_of(rows, cells), values_of(rows, _COLUMNS[measure])
    shape = len(cells[1].edges) - 1, len(cells[0].edges) - 1
    heights = np.full(shape, np.nan, dtype=np.float32)
    points, texts = np.full(shape, None, dtype=object), np.full(shape, "", dtype=object)
    at = among(y, cells[1]), among(x, cells[0])
    heights[at] = values
    points[at] = as_objects(points_of(rows))
    texts[at] = _said(rows, _COLUMNS[measure], measure)
    ends = (_FAINT, _STRONG) if limits[0] < limits[1] else (_STRONG, _FAINT)
    made.add_heatmap(
        x=cells[0].edges, y=cells[1].edges, z=heights, uid=f"{mode.apply}-heat", zmin=min(limits), zmax=max(limits),
        colorscale=[[stop, rgba(RAMP[0], alpha)] for stop, alpha in zip((0, 1), ends, strict=True)], showscale=False,
        xgap=2, ygap=2, customdata=points.tolist(), hovertext=texts.tolist(), hoverinfo="text", hoverongaps=False,
        xaxis=f"x{axis}", yaxis=f"y{axis}",
    )  # fmt: skip


def _said(rows: pd.DataFrame, column: str, measure: Measure) -> list[str]:
    """Both λ, then what the other charts say without their first line."""
    told = said(rows, column, "validation", "", "%" if measure == "accuracy" else "nats", mode=None)
    pairs = zip(told, rows[columns.LAMBDA1], rows[columns.LAMBDA2], strict=True)
    return [
        f"<b>λ₁ = {lambda_text(l1)}, λ₂ = {lambda_text(l2)}</b><br>{text.partition('<br>')[2]}"
        for text, l1, l2 in pairs
    ]


def _add_values(
    made: Draft, axis: str, mode: Mode, rows: pd.DataFrame, cells: Sequence[Cells], measure: Measure
) -> None:
    """The value in each cell, short where cells are narrow; a cross where training diverged."""
    (x, y), values = places_of(rows, cells), values_of(rows, _COLUMNS[measure])
    digits = 1 if len(cells[0].values) <= _ROOMY else 0
    lost = rows[columns.DIVERGED].to_numpy(np.float64) > 0
    if not (np.isfinite(values) | lost).any():
        return  # Plotly.react shows no text in a trace that began without any
    texts = [fixed(100 * value, digits) if measure == "accuracy" else fixed(value, digits + 1) for value in values]
    made.add_scatter(
        x=cells[0].centres[x], y=cells[1].centres[y], mode="text", uid=f"{mode.apply}-values", showlegend=False,
        text=[t if np.isfinite(v) else "×" if gone else "" for t, v, gone in zip(texts, values, lost, strict=True)],
        textfont={"size": 11}, hoverinfo="skip", xaxis=f"x{axis}", yaxis=f"y{axis}",
    )  # fmt: skip


def _add_marks(made: Draft, axis: str, mode: Mode, rows: pd.DataFrame, cells: Sequence[Cells], *, named: bool) -> None:
    """A frame round the best cell and round the simplest one within one standard error."""
    x, y = places_of(rows, cells)
    for inset, (name, column, dash, colour) in zip((0.48, 0.42), _MARKS, strict=True):
        for place in np.flatnonzero(rows[column].to_numpy(bool)):
            centre = float(cells[0].centres[x[place]]), float(cells[1].centres[y[place]])
            made.add_scatter(
                x=[centre[0] + inset * side for side in (-1, 1, 1, -1, -1)],
                y=[centre[1] + inset * side for side in (-1, -1, 1, 1, -1)], mode="lines", hoverinfo="skip", name=name,
                line={"color": colour, "width": 2.5, "dash": dash}, showlegend=named, legendgroup=name,
                uid=uid_of(mode.apply, name, place), xaxis=f"x{axis}", yaxis=f"y{axis}",
            )  # fmt: skip
