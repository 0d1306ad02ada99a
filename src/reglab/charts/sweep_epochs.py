"""The λ × epoch map: mean validation loss of every λ at every epoch, with the choice under each epoch rule.

A sweep chooses twice: a λ and an epoch. The map shows how the best epoch moves with λ: small λ are best early and
overfit later, large λ keep improving. The lower its loss, the stronger the colour of a cell.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from reglab import columns
from reglab.charts.base import SMALL, Draft, Floats, draft, empty, uid_of
from reglab.charts.gap import Measure
from reglab.charts.lambda_axis import lambda_text
from reglab.charts.style import RAMP, rgba
from reglab.charts.sweep_points import each_mode
from reglab.number_format import exact
from reglab.sweep_axes import Axis

MOST = 80
"""Columns of cells at most; of more epochs each column is the mean of some."""

_FAINT, _STRONG = 0.04, 0.85  # opacity of the worst and the best cell
_LABELS = 10  # λ with a label
_MARKS = {"last": ("square", 18), "best": ("circle", 12), "common": ("diamond", 7)}
"""Epoch rule → symbol, and pixels: choices that coincide are seen inside one another."""


class Choice(NamedTuple):
    """The best λ, by its ``value`` on the axis, under an epoch ``rule``, and the mean epoch at which its runs count."""

    rule: str
    apply: str
    value: float
    epoch: float


class Map(NamedTuple):
    """The cells of one penalty mode: ``lambdas`` ascending, their mean ``loss`` (λ, columns)."""

    apply: str
    lambdas: NDArray[np.float64]
    loss: Floats

    @property
    def names(self) -> list[str]:
        """Each λ as its row is called; all digits, so that no two are called alike."""
        return [exact(value) for value in self.lambdas.tolist()]


def sweep_epochs_chart(
    lanes: pd.DataFrame,
    epochs: pd.DataFrame,
    *,
    choices: Sequence[Choice] = (),
    by: Measure = "loss",
    planned: int | None = None,
    symbol: str = "λ₂",
    swept: Axis | None = None,
) -> go.Figure:
    """``lanes``: LANE_COLUMNS of a sweep; ``epochs``: EPOCH_COLUMNS of their runs; one panel a penalty mode.

    A cell is the mean over the repeats that have reached its epoch, none where nothing finite has. ``planned``: the
    last epoch to come, so that the axis stands still while training. ``choices`` are made by the measure ``by``.
    ``swept``: the axis where it is not λ. Coloured is the better half of the cells.
    """
    noun = swept.symbol if swept and not swept.setting.is_lambda else "λ"
    title = f"Validation loss over {noun} and epochs"
    if lanes.empty or epochs.empty:
        return empty(title, "nats, mean over repeats", "Cells fill as the networks train.")
    last = max(int(epochs[columns.EPOCH].max()), planned or 0)
    wide = -(-last // MOST)
    maps = [_map(str(mode.apply), rows, epochs, last, wide) for mode, rows in each_mode(lanes)]
    made = draft(
        title, f"the stronger the colour, the lower; marks: best {noun} by {by} under each epoch rule", x="epoch"
    )
    limits = _limits(np.concatenate([own.loss.ravel() for own in maps]))
    made.update_layout(margin={"l": 56, "t": 54 if len(maps) == 1 else 72})
    for number, own in enumerate(maps):
        axis = "" if number == 0 else str(number + 1)
        axes = {"xaxis": f"x{axis}", "yaxis": f"y{axis}"}
        _add_axes(made, own, axis, number, len(maps), last, swept.title if swept else symbol)
        _add_cells(made, own, symbol, wide, limits, axes)
        _add_marks(made, own, choices, symbol, axes)
    return made.figure()


def _map(apply: str, rows: pd.DataFrame, epochs: pd.DataFrame, last: int, wide: int) -> Map:
    """Mean loss over the repeats of a λ, and over each ``wide`` epochs."""
    known = epochs[[columns.RUN, columns.EPOCH, columns.VAL_LOSS]]
    joined = rows[[columns.RUN, columns.LAMBDA]].merge(known, on=columns.RUN)
    lambdas = np.unique(rows[columns.LAMBDA].to_numpy(np.float64))
    row = np.searchsorted(lambdas, joined[columns.LAMBDA].to_numpy(np.float64))
    column = (joined[columns.EPOCH].to_numpy(np.int64) - 1) // wide
    loss = joined[columns.VAL_LOSS].to_numpy(np.float64)
    kept, shape = np.isfinite(loss), (len(lambdas), -(-last // wide))
    sums, counts = np.zeros(shape), np.zeros(shape)
    np.add.at(sums, (row[kept], column[kept]), loss[kept])
    np.add.at(counts, (row[kept], column[kept]), 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return Map(apply, lambdas, (sums / counts).astype(np.float32))


def _limits(loss: Floats) -> tuple[float, float]:
    """The lowest loss, and the one at which colour ends: the median."""
    known = loss[np.isfinite(loss)].astype(np.float64)
    if not len(known):
        return 0.0, 1.0
    low, high = float(known.min()), float(np.median(known))
    return low, high if high > low else low + 1e-6


def _add_axes(made: Draft, own: Map, axis: str, number: int, of: int, last: int, title: str) -> None:
    """One panel of several; epochs to the right, λ up."""
    gap, small = 0.03 if of > 1 else 0.0, {"size": SMALL}
    domain = [number / of + gap * (number > 0), (number + 1) / of - gap * (number < of - 1)]
    common = {"showgrid": False, "zeroline": False, "showline": False, "ticks": "", "tickfont": small}
    x = {"anchor": f"y{axis}", "domain": domain, "range": [0.5, last + 0.5], "tickformat": "d", "nticks": 7}
    x["title"] = {"text": "epoch", "standoff": 2, "font": small}
    names = own.names
    chosen = names[:: -(-len(names) // _LABELS)]
    y: dict[str, Any] = {"anchor": f"x{axis}", "showticklabels": number == 0, "type": "category"}
    y |= {"categoryorder": "array", "categoryarray": names, "range": [-0.5, len(names) - 0.5]}
    y |= {"tickmode": "array", "tickvals": chosen, "ticktext": [lambda_text(float(name), 2) for name in chosen]}
    y["title"] = {"text": "" if number else title, "standoff": 2, "font": small}
    made.update_layout({f"xaxis{axis}": common | x, f"yaxis{axis}": common | y})
    if of > 1:
        made.add_text(own.apply, x=0.5, xref=f"x{axis} domain", y=1, yref="paper", yanchor="bottom")


def _add_cells(
    made: Draft, own: Map, symbol: str, wide: int, limits: tuple[float, float], axes: dict[str, str]
) -> None:
    made.add_heatmap(
        x0=1 + (wide - 1) / 2,
        dx=wide,
        y=own.names,
        z=own.loss,
        uid=f"{own.apply}-cells",
        meta={"name": own.apply},
        zmin=limits[0],
        zmax=limits[1],
        colorscale=[[0, rgba(RAMP[0], _STRONG)], [1, rgba(RAMP[0], _FAINT)]],
        showscale=False,
        ygap=1,
        hovertemplate=f"<b>{symbol} = %{{y}}</b><br>epoch %{{x}}: %{{z:.3g}} nats<extra></extra>",
        hoverongaps=False,
        **axes,
    )


def _add_marks(made: Draft, own: Map, choices: Sequence[Choice], symbol: str, axes: dict[str, Any]) -> None:
    """The best λ under each epoch rule; white on a dark outline, so that it is seen on any cell."""
    names = dict(zip(own.lambdas.tolist(), own.names, strict=True))
    for choice in choices:
        if choice.apply != own.apply or choice.value not in names:
            continue
        symbol_, size = _MARKS[choice.rule]
        outlined = {"color": "#ffffff", "line": {"width": 2, "color": "#1c2430"}}
        made.add_scatter(
            x=[choice.epoch],
            y=[names[choice.value]],
            mode="markers",
            uid=uid_of(own.apply, choice.rule),
            name=f"{choice.rule} epoch",
            meta={"mark": True},
            marker={"symbol": symbol_, "size": size, **outlined},
            hovertext=[f"<b>{choice.rule} epoch</b>: {symbol} = {names[choice.value]}"],
            hoverinfo="text",
            cliponaxis=False,  # a mark at the last epoch is whole
            **axes,
        )
