"""Loss over epochs: training and validation data loss in eval mode, and J = training loss + penalty.

Between the solid and the dashed line lies the generalisation gap; the dotted line is what training minimises.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import pandas as pd
import plotly.graph_objects as go

from reglab import columns
from reglab.charts.base import (
    MOST_NAMED,
    NAMES,
    LineEnd,
    RunCurves,
    add_lines,
    draft,
    empty,
    epoch_axis,
    line_end,
    loss_axis,
    mark_best_epoch,
    name_lines,
    run_curves,
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

    A ring marks the lowest validation loss, a line the epoch that early stopping keeps. Names stand at the ends of the
    lines: those of the lines of a single run; of several the runs, and the subtitle has the strokes. A legend names
    many.
    ``planned``: the last epoch to come, so that the axis stands still while training.
    """
    runs = run_curves(epochs, styles, tuple(LINES.values()))
    if not runs:
        return empty(TITLE, SUBTITLE, "Curves appear after the first epoch.")
    alone = len(runs) == 1
    other = columns.CRITERION in epochs and bool(epochs[columns.CRITERION].notna().any())
    made = draft(TITLE, (WITH_CRITERION if other else SUBTITLE) if alone else STROKES)
    for run in runs:
        add_lines(made, run, LINES, partial(hover, run.style, alone=alone), alone=alone)
    made.update_layout(hovermode="x unified" if alone else "closest")
    epoch_axis(made, runs, planned)
    loss_axis(made, log_y=log_y)
    if alone:
        mark_best_epoch(made, runs[0])
    if len(runs) <= MOST_NAMED:
        name_lines(made, _ends(runs, alone=alone), log_y=log_y)
    return made.figure()


def _ends(runs: Sequence[RunCurves], *, alone: bool) -> list[LineEnd | None]:
    """Of one run, the names of its lines; of several, the runs at their validation lines."""
    if alone:
        return [line_end(runs[0], column, NAMES[role]) for role, column in LINES.items()]
    return [line_end(run, columns.VAL_LOSS, run.style.text) for run in runs]


def hover(style: RunStyle, name: str, *, alone: bool) -> str:
    """A single run: a row of the common box, which names the epoch. Several: a label that names run and epoch."""
    if alone:
        return f"%{{y:.4g}} nats<extra>{name}</extra>"
    return f"{style.text}<br>epoch %{{x}}, {name}: %{{y:.4g}} nats<extra></extra>"
