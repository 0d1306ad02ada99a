"""Memorisation against λ: training images with right labels learnt, and with wrong ones learnt by heart.

A wrong label can be reproduced only by memorising its image. A good λ lets go of the wrong labels (and then often finds
the true class, which no label told) while it keeps the right ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from reglab import columns
from reglab.charts.base import draft, empty, values_of
from reglab.charts.lambda_axis import LambdaAxis, lambda_axis
from reglab.charts.sweep_parts import Mode, add_band, add_bridge, add_line, crowding, each_mode, errors_of
from reglab.charts.sweep_text import said

TITLE, SUBTITLE = "Memorisation", "wrong labels learnt by heart, training images"

_FILLS = ("", "-open")


@dataclass(frozen=True)
class Share:
    """One line: a share of training images, its name in legend and hover, and its look."""

    column: str
    name: str
    told: str
    symbol: str
    size: float
    width: float
    dash: str


SHARES = (
    Share(
        columns.TRUE_ACC,
        "true class named instead",
        "true class named instead of the wrong label",
        "diamond",
        6.0,
        1.2,
        "2px,3px",
    ),
    Share(columns.CLEAN_ACC, "right labels", "right label learnt", "circle", 7.0, 2.0, "solid"),
    Share(columns.FLIPPED_ACC, "wrong labels learnt", "wrong label learnt by heart", "x", 8.0, 2.4, "solid"),
)


def sweep_memorised_chart(table: pd.DataFrame, *, symbol: str = "λ₂") -> go.Figure:
    """``table`` as of :func:`reglab.charts.sweep.sweep_chart`; nothing to see where no label was flipped."""
    if table.empty:
        return empty(TITLE, SUBTITLE, "The lines form while the networks train.")
    if not np.isfinite(values_of(table, columns.FLIPPED_ACC)).any():
        return empty(TITLE, SUBTITLE, "Only with label noise, after the first epoch.")
    axis, modes = LambdaAxis.of(table[columns.LAMBDA]), each_mode(table)
    made = draft(TITLE, SUBTITLE if len(modes) == 1 else _told_apart(modes), x=symbol)
    lambda_axis(made, axis, symbol)
    for number, (mode, rows) in enumerate(modes):
        for share in SHARES:
            values, errors = values_of(rows, share.column), errors_of(rows, share.column)
            look = replace(mode, symbol=share.symbol + _FILLS[min(number, 1)], size=share.size)
            uid, named = f"{mode.apply}-{share.column}", mode if len(modes) > 1 else None
            add_band(made, axis, rows, values - errors, values + errors, f"{uid}-band", legendgroup=share.column)
            add_bridge(made, axis, rows, values, f"{uid}-bridge", legendgroup=share.column)
            add_line(
                made, axis, look, rows, values, said(rows, share.column, share.told, symbol, "%", mode=named), uid=uid,
                line={"width": share.width, "dash": share.dash}, errors=errors, name=share.name, scale=crowding(axis),
                legendgroup=share.column, showlegend=number == 0, legendrank=1 + columns.MEMORY.index(share.column),
            )  # fmt: skip
    made.update_yaxes(range=[-0.03, 1.05], tickformat=".0%")
    return made.figure()


def _told_apart(modes: Sequence[tuple[Mode, pd.DataFrame]]) -> str:
    first, *others = (mode.apply for mode, _ in modes)
    return f"filled: {first}, hollow: {', '.join(others)}"
