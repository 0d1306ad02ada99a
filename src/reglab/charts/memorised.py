"""Memorisation over epochs: the shares of wrong labels that are memorised, and of right labels that are learnt.

A wrong label can be reproduced only by memorising its image, which happens later than learning the right ones.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from reglab import columns
from reglab.charts.base import (
    DASHES,
    MOST_NAMED,
    WIDTHS,
    Draft,
    RunCurves,
    draft,
    empty,
    epoch_axis,
    line_end,
    name_lines,
    run_curves,
    uid_of,
)
from reglab.charts.style import RunStyle

TITLE, SUBTITLE = "Memorisation", "share of the training images, by label"
LINES = {columns.FLIPPED_ACC: "wrong labels memorised", columns.CLEAN_ACC: "right labels learnt"}
STROKES = f"━ {LINES[columns.FLIPPED_ACC]}   ╍ {LINES[columns.CLEAN_ACC]}"


def memorised_chart(epochs: pd.DataFrame, styles: Mapping[str, RunStyle], *, planned: int | None = None) -> go.Figure:
    """Both shares of every styled run in ``epochs`` (:data:`columns.EPOCH_COLUMNS`) with label noise.

    ``planned``: the last epoch to come, so that the axis stands still while training.
    """
    runs = [
        run for run in run_curves(epochs, styles, tuple(LINES)) if np.isfinite(run.values[columns.FLIPPED_ACC]).any()
    ]
    if not runs:
        return empty(TITLE, SUBTITLE, "Only with label noise, after the first epoch.")
    alone = len(runs) == 1
    made = draft(TITLE, SUBTITLE if alone else STROKES)
    for run in runs:
        _add_lines(made, run, alone=alone)
    epoch_axis(made, runs, planned)
    made.update_layout(hovermode="x unified" if alone else "closest")
    made.update_yaxes(range=[-0.03, 1.05], tickformat=".0%", uirevision="memorised")
    if len(runs) <= MOST_NAMED:
        ends = (
            [line_end(run, column, name) for run in runs for column, name in LINES.items()]
            if alone
            else [line_end(run, columns.FLIPPED_ACC, run.style.text) for run in runs]
        )
        name_lines(made, ends)
    return made.figure()


def _add_lines(made: Draft, run: RunCurves, *, alone: bool) -> None:
    for role, (column, name) in zip(("val", "train"), LINES.items(), strict=True):
        about = name if alone else f"{run.style.text}<br>epoch %{{x}}, {name}"
        made.add_scatter(
            x=run.epochs,
            y=run.values[column],
            uid=uid_of(run.style.run, column),
            name=name if alone else run.style.text,
            mode=run.mode,
            line={
                "color": run.style.colour,
                "width": WIDTHS[role],
                "dash": run.style.dash if role == "val" else DASHES[role],
            },
            legendgroup=None if alone else run.style.run,
            showlegend=alone or role == "val",
            hovertemplate=f"%{{y:.1%}}<extra>{about}</extra>" if alone else f"{about}: %{{y:.1%}}<extra></extra>",
        )
