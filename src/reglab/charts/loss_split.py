"""What training minimises, in its parts over epochs: J = data loss + λ₁ Σ f|w| + (λ₂/2) Σ f w², each in nats.

One run on a linear axis is a stack, whose top is J; on a logarithmic axis, where heights do not add, and for several
runs it is a line for each part. A part that is 0 throughout is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from reglab import columns
from reglab.charts.base import (
    DASHES,
    WIDTHS,
    draft,
    each_run,
    empty,
    epoch_axis,
    epochs_of,
    log_ticks,
    uid_of,
    values_of,
)
from reglab.charts.draft import Draft
from reglab.charts.style import GREY, RAMP, RunStyle, rgba

TITLE = "Objective split"


@dataclass(frozen=True)
class Part:
    """One part of J: its column, its name, its stroke (with a glyph for the subtitle) and its colour in a stack."""

    column: str
    name: str
    dash: str
    glyph: str
    colour: str


PARTS = (
    Part(columns.TRAIN_LOSS, "data loss", DASHES["train"], "╍", GREY),
    Part(columns.L1, "L1 part", "7px,2px,2px,2px", "╌", RAMP[4]),
    Part(columns.L2, "L2 part", "solid", "━", RAMP[0]),
)
J = Part(columns.TOTAL, "J", DASHES["total"], "┈", GREY)


def loss_split_chart(
    epochs: pd.DataFrame, styles: Mapping[str, RunStyle], *, planned: int | None = None, log_y: bool = False
) -> go.Figure:
    """The parts of J of every styled run in ``epochs`` (:data:`columns.EPOCH_COLUMNS`), on the training images.

    ``planned``: the last epoch to come, so that the axis stands still while training.
    """
    drawn = list(each_run(epochs, styles))
    if not drawn:
        return empty(TITLE, "nats", "The parts of J appear after the first epoch.")
    alone = len(drawn) == 1
    strokes = "   ".join(f"{part.glyph} {part.name.removesuffix(' part')}" for part in (*PARTS, J))
    made = draft(TITLE, "nats; J = data loss + penalty" if alone else strokes)
    for style, rows in drawn:
        for part in (*_present(rows), J):
            _add_line(made, rows, style, part, alone=alone, stacked=alone and not log_y)
    made.update_layout(hovermode="x unified" if alone else "closest")
    epoch_axis(made, max(int(rows[columns.EPOCH].max()) for _, rows in drawn), planned)
    made.update_yaxes(rangemode="tozero", tickformat="~g", uirevision="log" if log_y else "linear")
    if log_y:
        made.update_yaxes(type="log", dtick=log_ticks(made))
    return made.figure()


def _present(rows: pd.DataFrame) -> list[Part]:
    """The data loss, and the penalty's parts that are not 0 throughout."""
    return [part for part in PARTS if part is PARTS[0] or (values_of(rows, part.column) > 0).any()]


def _add_line(made: Draft, rows: pd.DataFrame, style: RunStyle, part: Part, *, alone: bool, stacked: bool) -> None:
    """Alone, colours tell the parts apart and the legend names them; several runs are told apart by colour."""
    stack = {"stackgroup": "J", "fillcolor": rgba(part.colour, 0.4)} if stacked and part is not J else {}
    made.add_scatter(
        x=epochs_of(rows),
        y=_values(rows, part),
        uid=uid_of(style.run, part.column),
        name=part.name if alone else style.text,
        mode="lines+markers" if len(rows) == 1 else "lines",
        line=_stroke(part, style, alone=alone, stacked=bool(stack)),
        legendgroup=None if alone else style.run,
        showlegend=alone or part is PARTS[0],
        hovertemplate=_hover(part, style, alone=alone),
        **stack,
    )


def _stroke(part: Part, style: RunStyle, *, alone: bool, stacked: bool) -> dict[str, Any]:
    if stacked:
        return {"color": part.colour, "width": 1}
    own = part.colour if alone and part is not J else style.colour
    return {"color": own, "width": WIDTHS["val" if alone or part.dash == "solid" else "train"], "dash": part.dash}


def _values(rows: pd.DataFrame, part: Part) -> NDArray[np.float32]:
    """The part where J is finite: a stack with a piece missing would show another J."""
    values = values_of(rows, part.column)
    values[np.isnan(values_of(rows, columns.TOTAL))] = np.nan
    return values


def _hover(part: Part, style: RunStyle, *, alone: bool) -> str:
    if alone:
        return f"%{{y:.4g}} nats<extra>{part.name}</extra>"
    return f"{style.text}<br>epoch %{{x}}, {part.name}: %{{y:.4g}} nats<extra></extra>"
