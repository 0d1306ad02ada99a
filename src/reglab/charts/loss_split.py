"""The objective in its parts, each in nats: J = data loss + λ₁ Σ f|w| + (λ₂/2) Σ f w² + any further penalty term.

With label smoothing or mixup the training criterion takes the data loss's place in J, and the data loss is a line.

Over epochs, a single run on a linear axis is stacked, with J on top; on a logarithmic axis, where heights do not add,
and for several runs each part is a line. A part that is 0 throughout is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import cycle
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from reglab import columns
from reglab.charts.base import (
    DASHES,
    WIDTHS,
    Draft,
    RunCurves,
    draft,
    empty,
    epoch_axis,
    figure,
    loss_axis,
    run_curves,
    uid_of,
)
from reglab.charts.loss import hover
from reglab.charts.style import GREY, RAMP, RunStyle, rgba

TITLE = "Objective split"


class Part(NamedTuple):
    """One part of J: its column, its name, its stroke (with a glyph for the subtitle) and its colour when stacked."""

    column: str
    name: str
    dash: str
    glyph: str
    colour: str


DATA = Part(columns.TRAIN_LOSS, "data loss", DASHES["train"], "╍", GREY)
CRITERION = Part(columns.CRITERION, "training criterion", "3px,3px", "╍", GREY)
L1 = Part(columns.L1, "L1 part", "7px,2px,2px,2px", "╌", RAMP[4])
L2 = Part(columns.L2, "L2 part", "solid", "━", RAMP[0])
J = Part(columns.TOTAL, "J", DASHES["total"], "┈", GREY)
_STROKES = (("9px,2px", "┅", RAMP[2]), ("4px,2px,1px,2px", "┉", RAMP[5]), ("2px,2px", "┄", RAMP[1]))


def loss_split_chart(
    epochs: pd.DataFrame, styles: Mapping[str, RunStyle], *, planned: int | None = None, log_y: bool = False
) -> go.Figure:
    """The parts of J of every styled run in ``epochs`` (:data:`columns.EPOCH_COLUMNS`), on the training images.

    ``planned``: the last epoch to come, so that the axis stands still while training.
    """
    terms = (L1, L2, *_further_terms(epochs))
    own = (CRITERION,) if columns.CRITERION in epochs and epochs[columns.CRITERION].notna().any() else ()
    runs = run_curves(epochs, styles, [part.column for part in (DATA, *own, *terms, J)])
    if not runs:
        return empty(TITLE, "nats", "The parts of J appear after the first epoch.")
    alone = len(runs) == 1
    strokes = "   ".join(f"{part.glyph} {part.name.removesuffix(' part')}" for part in (DATA, *own, *terms, J))
    made = draft(TITLE, f"nats; J = {(own or (DATA,))[0].name} + penalty" if alone else strokes)
    for run in runs:
        minimised = [part for part in own if np.isfinite(run.values[part.column]).any()] or [DATA]
        lines = [J] if minimised == [DATA] else [DATA, J]
        for part in (*minimised, *(term for term in terms if (run.values[term.column] > 0).any()), *lines):
            _add_line(made, run, part, alone=alone, stacked=alone and not log_y and part not in lines)
    made.update_layout(hovermode="x unified" if alone else "closest")
    epoch_axis(made, runs, planned)
    loss_axis(made, log_y=log_y)
    return made.figure()


def _further_terms(epochs: pd.DataFrame) -> list[Part]:
    """The penalty terms besides L1 and L2 that ``epochs`` has columns for, by key."""
    names = sorted(str(name) for name in epochs if str(name).startswith(columns.PENALTY))
    texts = (f"{name.removeprefix(columns.PENALTY)} part" for name in names)
    return [Part(name, text, *stroke) for name, text, stroke in zip(names, texts, cycle(_STROKES), strict=False)]


def _add_line(made: Draft, run: RunCurves, part: Part, *, alone: bool, stacked: bool) -> None:
    """One part of one run; with a part missing, the others would add up to another J, so all parts end where J does."""
    values, style = run.values[part.column].copy(), run.style
    values[np.isnan(run.values[J.column])] = np.nan
    stack: dict[str, Any] = {}
    line: dict[str, Any] = {"color": part.colour if alone and part is not J else style.colour}
    line["dash"] = style.dash if part.dash == "solid" else part.dash
    line["width"] = WIDTHS["val" if alone or part.dash == "solid" else "train"]
    if stacked:
        line, stack = {"color": part.colour, "width": 1}, {"stackgroup": "J", "fillcolor": rgba(part.colour, 0.4)}
    made.add_scatter(
        x=run.epochs,
        y=values,
        uid=uid_of(style.run, part.column),
        name=part.name if alone else style.text,
        meta=None if alone else {"name": f"{style.text}, {part.name}"},
        mode=run.mode,
        line=line,
        legendgroup=None if alone else style.run,
        showlegend=alone or part is DATA,
        hovertemplate=hover(style, part.name, alone=alone),
        **stack,
    )


def objective_split_chart(parts: pd.DataFrame) -> go.Figure:
    """Data loss + penalty = total, a stacked bar for each convention.

    ``parts``: columns convention, data, penalty, total (numbers) and text (the total as it is to be read).
    """
    title, subtitle = "How the total splits", "data loss + penalty = total"
    if parts.empty:
        return empty(title, subtitle, "Type weights, a data loss and λ.")
    made = figure(title, subtitle, x="")
    colours = [(L1 if convention == "L1" else L2).colour for convention in parts["convention"]]
    labels = {"text": parts["text"], "textposition": "outside", "cliponaxis": False, "constraintext": "none"}
    bars: tuple[tuple[str, str, Any, dict[str, Any]], ...] = (
        ("data loss", "data", GREY, {}),
        ("penalty", "penalty", colours, labels),
    )
    for name, column, colour, more in bars:
        made.add_bar(
            y=parts["convention"],
            x=parts[column],
            orientation="h",
            name=name,
            marker={"color": colour},
            hovertemplate=f"%{{y}}<br>{name} %{{x:.6g}}<extra></extra>",
            uid=column,
            **more,
        )
    made.update_layout(barmode="stack", legend_traceorder="normal", bargap=0.45, margin={"l": 12, "r": 56, "b": 46})
    made.update_yaxes(autorange="reversed", showgrid=False, automargin=True, nticks=None)
    made.update_xaxes(rangemode="tozero", showgrid=True, tickformat="~g", showline=False, nticks=6)
    return made
