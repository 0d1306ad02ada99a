"""Accuracy over epochs: shares of the validation and the training images classified correctly, in eval mode.

Training accuracy counts an image with a wrong label as correct where that wrong label is predicted.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import pandas as pd
import plotly.graph_objects as go

from reglab import columns
from reglab.charts.base import (
    MOST_NAMED,
    NAMES,
    add_lines,
    draft,
    empty,
    epoch_axis,
    line_end,
    mark_best_epoch,
    name_lines,
    run_curves,
)
from reglab.charts.style import RunStyle

TITLE, SUBTITLE = "Accuracy", "share classified correctly"
LINES = {"val": columns.VAL_ACC, "train": columns.TRAIN_ACC}
STROKES = "━ validation   ╍ training   ○ best epoch"


def accuracy_chart(epochs: pd.DataFrame, styles: Mapping[str, RunStyle], *, planned: int | None = None) -> go.Figure:
    """Accuracies of every styled run in ``epochs`` (:data:`columns.EPOCH_COLUMNS`).

    A ring marks the epoch of the lowest validation loss, a line the epoch that early stopping keeps.
    ``planned``: the last epoch to come, so that the axis stands still while training.
    """
    runs = run_curves(epochs, styles, (*LINES.values(), columns.VAL_LOSS))
    if not runs:
        return empty(TITLE, SUBTITLE, "Curves appear after the first epoch.")
    alone = len(runs) == 1
    made = draft(TITLE, SUBTITLE if alone else STROKES)
    for run in runs:
        add_lines(made, run, LINES, partial(_hover, run.style, alone=alone), alone=alone)
    made.update_layout(hovermode="x unified" if alone else "closest")
    epoch_axis(made, runs, planned)
    made.update_yaxes(tickformat=".0%", uirevision="accuracy")
    if alone:
        mark_best_epoch(made, runs[0], rises=True)
        name_lines(made, [line_end(runs[0], column, NAMES[role]) for role, column in LINES.items()], lowest=None)
    elif len(runs) <= MOST_NAMED:
        name_lines(made, [line_end(run, columns.VAL_ACC, run.style.text) for run in runs], lowest=None)
    return made.figure()


def _hover(style: RunStyle, name: str, *, alone: bool) -> str:
    if alone:
        return f"%{{y:.1%}}<extra>{name}</extra>"
    return f"{style.text}<br>epoch %{{x}}, {name}: %{{y:.1%}}<extra></extra>"
