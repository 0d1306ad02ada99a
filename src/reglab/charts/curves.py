"""Curves over epochs, as the loss and the accuracy chart draw them: solid validation, dashed training, best epoch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reglab import columns
from reglab.charts.base import DASHES, WIDTHS, draft, each_run, epoch_axis, epochs_of, hinted, uid_of, values_of
from reglab.charts.draft import Draft
from reglab.charts.style import RunStyle

NAMES = {"val": "validation", "train": "training", "total": "J"}
STROKES = {"val": "━ validation", "train": "╍ training", "total": "┈ J"}


@dataclass(frozen=True)
class Curve:
    """One line of a run: ``role`` (val, train or total) decides the stroke, ``column`` the values."""

    role: str
    column: str


@dataclass(frozen=True)
class Curves:
    """A chart of curves: its title, what is measured, and its lines, validation first.

    ``shown`` is a value on hovering, as Plotly's templates have it.
    """

    title: str
    measured: str
    shown: str
    lines: tuple[Curve, ...]


def curve_chart(epochs: pd.DataFrame, styles: Mapping[str, RunStyle], chart: Curves, planned: int | None) -> Draft:
    """The lines of every styled run in ``epochs``, and a ring at its epoch of lowest validation loss.

    One run: the legend names its lines. Several: the legend names the runs, the subtitle the strokes.
    """
    drawn = list(each_run(epochs, styles))
    if not drawn:
        return hinted(chart.title, chart.measured, "Curves appear after the first epoch.")
    alone = len(drawn) == 1
    made = draft(chart.title, chart.measured if alone else "   ".join(STROKES[line.role] for line in chart.lines))
    for style, rows in drawn:
        for line in chart.lines:
            _add_line(made, rows, style, line, chart.shown, alone=alone)
        _add_best(made, rows, style, chart, alone=alone)
    made.update_layout(hovermode="x unified" if alone else "closest")
    epoch_axis(made, max(int(rows[columns.EPOCH].max()) for _, rows in drawn), planned)
    return made


def _add_line(made: Draft, rows: pd.DataFrame, style: RunStyle, line: Curve, shown: str, *, alone: bool) -> None:
    role = NAMES[line.role]
    made.add_scatter(
        x=epochs_of(rows),
        y=values_of(rows, line.column),
        uid=uid_of(style.run, line.role),
        name=role if alone else style.text,
        mode="lines+markers" if len(rows) == 1 else "lines",
        line={"color": style.colour, "width": WIDTHS[line.role], "dash": DASHES[line.role]},
        legendgroup=None if alone else style.run,
        showlegend=alone or line.role == "val",
        hovertemplate=_hover(style, role, shown, alone=alone),
    )


def _add_best(made: Draft, rows: pd.DataFrame, style: RunStyle, chart: Curves, *, alone: bool) -> None:
    """A ring round the validation value of the epoch with the lowest validation loss."""
    best = lowest(values_of(rows, columns.VAL_LOSS))
    if best is None:
        return
    made.add_scatter(
        x=epochs_of(rows)[best : best + 1],
        y=values_of(rows, chart.lines[0].column)[best : best + 1],
        uid=uid_of(style.run, "best"),
        name="best epoch",
        mode="markers",
        marker={"symbol": "circle-open", "size": 10, "color": style.colour, "line": {"width": 2}},
        legendgroup=None if alone else style.run,
        showlegend=False,
        hovertemplate=_hover(style, "best epoch", chart.shown, alone=alone),
    )


def _hover(style: RunStyle, role: str, shown: str, *, alone: bool) -> str:
    """One run: a row of the common box, which names the epoch. Several: a label that names run and epoch."""
    if alone:
        return f"{shown}<extra>{role}</extra>"
    return f"{style.text}<br>epoch %{{x}}, {role}: {shown}<extra></extra>"


def lowest(values: NDArray[np.float32]) -> int | None:
    """The row of the first lowest finite value; ``None`` where there is none."""
    return int(np.nanargmin(values)) if np.isfinite(values).any() else None
