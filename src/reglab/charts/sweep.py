"""The U-curve: validation and training accuracy (or loss) against λ, mean ± one standard error over the repeats.

Small λ overfit, large λ underfit, and the best lies between. The best λ has a ring, the simplest one within one
standard error of it a square.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from reglab import columns
from reglab.charts.base import NAMES, WIDTHS, add_hint, draft, empty, values_of
from reglab.charts.draft import Draft
from reglab.charts.gap import Measure
from reglab.charts.lambda_axis import TOP, LambdaAxis, lambda_axis
from reglab.charts.style import GREY
from reglab.charts.sweep_marks import add_marks
from reglab.charts.sweep_parts import Mode, add_band, add_bridge, add_line, crowding, each_mode, errors_of
from reglab.charts.sweep_range import Range, add_outside, range_of
from reglab.charts.sweep_regimes import add_regimes
from reglab.charts.sweep_text import WRONG, said, with_wrong_labels
from reglab.number_format import percent

HINT = "The curve forms while the networks train."


@dataclass(frozen=True)
class Measured:
    """What is drawn: its title, its columns, and how its values are written."""

    title: str
    val: str
    train: str
    unit: str
    ticks: str


MEASURED: dict[Measure, Measured] = {
    "accuracy": Measured("Accuracy", columns.VAL_ACC, columns.TRAIN_ACC, "%", ".0%"),
    "loss": Measured("Loss", columns.VAL_LOSS, columns.TRAIN_LOSS, "nats", "~g"),
}


def sweep_chart(
    table: pd.DataFrame, *, measure: Measure = "accuracy", symbol: str = "λ₂", chance: float | None = None
) -> go.Figure:
    """``table``: one row a point of the path, with mean and standard error of every metric (see reglab.columns).

    All its λ are on the axis, those not trained yet too. ``chance``: the accuracy of guessing, as a dotted line.
    A point's customdata is [apply, λ₁, λ₂].
    """
    what = MEASURED[measure]
    title = f"{what.title} against {symbol}"
    if table.empty:
        return empty(title, "mean ± standard error", HINT)
    modes = each_mode(table)
    made = draft(title, _subtitle(table, len(modes)), x=symbol)
    axis, span = LambdaAxis.of(table[columns.LAMBDA]), range_of(table, measure, chance)
    lambda_axis(made, axis, symbol)
    made.update_yaxes(range=list(span.shown), tickformat=what.ticks, uirevision=measure)
    made.update_layout(margin={"t": TOP})
    if len(modes) == 1:
        add_regimes(made, axis, modes[0][1], what.val)
    if measure == "accuracy" and chance is not None:
        _add_chance(made, chance, span)
    for mode, rows in modes:
        _add_mode(made, axis, mode, rows, what, symbol, alone=len(modes) == 1)
    add_outside(made, axis, modes, what.val, span, symbol)
    add_marks(made, axis, modes, what.val, span)
    if not np.isfinite(values_of(table, what.val)).any():
        add_hint(made, HINT)
    return made.figure()


def _subtitle(table: pd.DataFrame, modes: int) -> str:
    most = int(np.nanmax(table[columns.N].to_numpy(np.float64), initial=0))
    noisy = with_wrong_labels(table)
    error = "SE" if noisy or modes > 1 else "standard error"
    told = [f"mean ± {error} {'of' if noisy and modes > 1 else 'over'} {most} runs" if most > 1 else "one run per λ"]
    told += ["small points: training"] if modes > 1 else []
    return "; ".join([*told, *([WRONG if modes == 1 else "labels partly wrong"] if noisy else [])])


def _add_mode(
    made: Draft, axis: LambdaAxis, mode: Mode, rows: pd.DataFrame, what: Measured, symbol: str, *, alone: bool
) -> None:
    """Training below, then the band, then validation on top."""
    val, train, errors = values_of(rows, what.val), values_of(rows, what.train), errors_of(rows, what.val)
    named = None if alone else mode
    for role, values in (("train", train), ("val", val)):
        group = role if alone else mode.apply
        if role == "val":
            add_band(made, axis, rows, val - errors, val + errors, f"{mode.apply}-band", legendgroup=group)
        add_bridge(made, axis, rows, values, f"{mode.apply}-{role}-bridge", legendgroup=group)
        add_line(
            made, axis, mode, rows, values, uid=f"{mode.apply}-{role}",
            texts=said(rows, what.val if role == "val" else what.train, NAMES[role], symbol, what.unit, mode=named),
            line={"width": 2.6 if role == "val" else WIDTHS[role], "dash": mode.val if role == "val" else mode.train},
            errors=errors if role == "val" else None, scale=(1.1 if role == "val" else 0.6) * crowding(axis),
            name=NAMES[role] if alone else mode.apply, legendgroup=group, showlegend=alone or role == "val",
            legendrank=1 if role == "val" else 2,
        )  # fmt: skip


def _add_chance(made: Draft, chance: float, span: Range) -> None:
    if not span.low < chance < span.high:
        return
    made.add_hline(chance, line={"color": GREY, "width": 1, "dash": "2px,4px"}, layer="below")
    made.add_annotation(
        text=f"guessing: {percent(chance, 0)}", x=0.005, xref="paper", xanchor="left", y=chance, yanchor="bottom",
        showarrow=False, font={"size": 11}, opacity=0.75,
    )  # fmt: skip
