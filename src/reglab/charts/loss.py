"""Loss over epochs: training and validation data loss in eval mode, and J = training loss + penalty.

Between the solid and the dashed line lies the generalisation gap; the dotted line is what training minimises.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from reglab import columns
from reglab.charts.base import (
    DASHES,
    NAMES,
    WIDTHS,
    Draft,
    RunCurves,
    draft,
    empty,
    epoch_axis,
    loss_axis,
    run_curves,
    uid_of,
)
from reglab.charts.style import RunStyle

TITLE, SUBTITLE = "Loss", "nats; J = training + penalty"
WITH_CRITERION = "nats; J = training criterion + penalty"
LINES = {"val": columns.VAL_LOSS, "train": columns.TRAIN_LOSS, "total": columns.TOTAL}
STROKES = "━ validation   ╍ training   ┈ J"


def loss_chart(
    epochs: pd.DataFrame, styles: Mapping[str, RunStyle], *, planned: int | None = None, log_y: bool = False
) -> go.Figure:
    """Losses of every styled run in ``epochs`` (:data:`columns.EPOCH_COLUMNS`).

    A ring marks the lowest validation loss. The legend names the lines of a single
    run; with several it names the runs, and the subtitle the strokes.
    ``planned``: the last epoch to come, so that the axis stands still while training.
    """
    runs = run_curves(epochs, styles, tuple(LINES.values()))
    if not runs:
        return empty(TITLE, SUBTITLE, "Curves appear after the first epoch.")
    alone = len(runs) == 1
    other = columns.CRITERION in epochs and bool(epochs[columns.CRITERION].notna().any())
    made = draft(TITLE, (WITH_CRITERION if other else SUBTITLE) if alone else STROKES)
    for run in runs:
        _add_run(made, run, alone=alone)
    made.update_layout(hovermode="x unified" if alone else "closest")
    epoch_axis(made, runs, planned)
    loss_axis(made, log_y=log_y)
    return made.figure()


def _add_run(made: Draft, run: RunCurves, *, alone: bool) -> None:
    style = run.style
    group = None if alone else style.run
    for role, column in LINES.items():
        made.add_scatter(
            x=run.epochs,
            y=run.values[column],
            uid=uid_of(style.run, role),
            name=NAMES[role] if alone else style.text,
            mode=run.mode,
            line={"color": style.colour, "width": WIDTHS[role], "dash": DASHES[role]},
            legendgroup=group,
            showlegend=alone or role == "val",
            hovertemplate=hover(style, NAMES[role], alone=alone),
        )
    val = run.values[columns.VAL_LOSS]
    if np.isfinite(val).any():
        best = slice(at := int(np.nanargmin(val)), at + 1)
        made.add_scatter(
            x=run.epochs[best],
            y=val[best],
            uid=uid_of(style.run, "best"),
            name="best epoch",
            mode="markers",
            marker={"symbol": "circle-open", "size": 10, "color": style.colour, "line": {"width": 2}},
            legendgroup=group,
            showlegend=False,
            hovertemplate=hover(style, "best epoch", alone=alone),
        )


def hover(style: RunStyle, name: str, *, alone: bool) -> str:
    """A single run: a row of the common box, which names the epoch. Several: a label that names run and epoch."""
    if alone:
        return f"%{{y:.4g}} nats<extra>{name}</extra>"
    return f"{style.text}<br>epoch %{{x}}, {name}: %{{y:.4g}} nats<extra></extra>"
