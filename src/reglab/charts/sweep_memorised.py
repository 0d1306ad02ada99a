"""Memorisation against λ: the shares of right and of wrong training labels that the network reproduces.

A wrong label can be reproduced only by memorising its image. A good λ gives up the wrong labels, often in favour of
the true class, and keeps the right ones.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import pandas as pd
import plotly.graph_objects as go

from reglab import columns
from reglab.charts.base import draft, empty
from reglab.charts.lambda_axis import LambdaAxis, lambda_axis
from reglab.charts.sweep_points import add_metric, points_of, with_wrong_labels
from reglab.sweep_axes import Axis

TITLE, SUBTITLE = "Memorisation", "memorised wrong labels, training images"

_FILLS = ("", "-open")


class Share(NamedTuple):
    """One line: a share of training images, its name in legend and hover, and its look."""

    column: str
    name: str
    hover: str
    symbol: str
    size: float
    width: float
    dash: str


_TRUE = "true class predicted instead"
SHARES = (
    Share(columns.TRUE_ACC, _TRUE, f"{_TRUE} of the wrong label", "diamond", 6.0, 1.2, "2px,3px"),
    Share(columns.CLEAN_ACC, "right labels", "right label learnt", "circle", 7.0, 2.0, "solid"),
    Share(columns.FLIPPED_ACC, "wrong labels memorised", "wrong label memorised", "x", 8.0, 2.4, "solid"),
)


def sweep_memorised_chart(table: pd.DataFrame, *, symbol: str = "λ₂", swept: Axis | None = None) -> go.Figure:
    """``table`` as of :func:`reglab.charts.sweep.sweep_chart`; a hint where no label was flipped."""
    if table.empty:
        return empty(TITLE, SUBTITLE, "The lines form while the networks train.")
    axis = LambdaAxis.of(table[columns.LAMBDA], swept)
    every = points_of(table, axis, [share.column for share in SHARES])
    if not with_wrong_labels(every):
        return empty(TITLE, SUBTITLE, "Only with label noise, after the first epoch.")
    first, *others = (own.mode.apply for own in every)
    made = draft(TITLE, f"filled: {first}, hollow: {', '.join(others)}" if others else SUBTITLE, x=symbol)
    lambda_axis(made, axis, symbol)
    for number, own in enumerate(every):
        for share in SHARES:
            column, uid = share.column, f"{own.mode.apply}-{share.column}"
            point = {"shape": share.symbol + _FILLS[min(number, 1)], "size": share.size, "scale": axis.crowding}
            look: dict[str, Any] = {"line": {"width": share.width, "dash": share.dash}, **point}
            look |= {"name": share.name, "legendgroup": column, "showlegend": number == 0}
            look |= {"legendrank": 1 + columns.MEMORY.index(column), "uid": uid, "band": f"{uid}-band"}
            add_metric(made, own, column, share.hover, symbol, "%", named=bool(others), errors=True, **look)
    made.update_yaxes(range=[-0.03, 1.05], tickformat=".0%")
    return made.figure()
