"""The U-curve: validation and training accuracy (or loss) against λ, mean ± one standard error over the repeats.

Small λ overfit, large λ underfit, and the best lies between. The best λ has a ring, the 1-SE choice a square; their
texts are above the plot, at the end of a dotted line, so they never meet the curves. Beside it lie the same runs at
another epoch, and the level that early stopping reaches without a penalty: the rival of every λ.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from reglab import columns
from reglab.charts.base import NAMES, WIDTHS, Draft, add_hint, draft, empty, uid_of
from reglab.charts.gap import Measure
from reglab.charts.lambda_axis import TOP, LambdaAxis, lambda_axis, lambda_text
from reglab.charts.style import GREY
from reglab.charts.sweep_points import WRONG, Points, add_metric, known_in, points_of, with_wrong_labels
from reglab.charts.sweep_range import Range, add_outside, range_of
from reglab.charts.sweep_regimes import add_regimes
from reglab.number_format import fixed, percent
from reglab.sweep_axes import Axis

HINT = "The curve forms while the networks train."
SYMBOLS = {"best": ("circle-open", 18), "1-SE": ("square-open", 17)}
"""By the names from which the uids are made."""

RIVAL = "early stopping alone"
"""λ = 0 with every run at its best epoch, as charts and texts name it."""

_LETTER = 0.025  # share of a narrow chart's axis that a letter takes
_PIXELS = 6.2  # of a letter, at most


class Measured(NamedTuple):
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


class Beside(NamedTuple):
    """The same sweep with its runs at other epochs, ``name`` in the legend: "best epoch"."""

    name: str
    table: pd.DataFrame


def sweep_chart(
    table: pd.DataFrame,
    *,
    measure: Measure = "accuracy",
    symbol: str = "λ₂",
    swept: Axis | None = None,
    chance: float | None = None,
    name: str = NAMES["val"],
    beside: Beside | None = None,
    rival: float | None = None,
) -> go.Figure:
    """``table``: one row a point of the sweep, with mean and standard error of every metric (see reglab.columns).

    All its λ are on the axis, untrained ones included. ``swept`` is the setting on the axis, where it is not λ.
    ``chance``: the accuracy of guessing, as a dotted line. ``name``: that of the validation line in the legend.
    ``beside``: a second, thin validation line, drawn for a single penalty mode. ``rival``: the level of early stopping
    alone, a line across all λ. A point's customdata is [apply, λ, λ₁, λ₂].
    """
    what = MEASURED[measure]
    title = f"{what.title} against {symbol}"
    if table.empty:
        return empty(title, "mean ± standard error", HINT)
    axis = LambdaAxis.of(table[columns.LAMBDA], swept)
    every = points_of(table, axis, (what.val, what.train, columns.FLIPPED_ACC))
    alone, span = len(every) == 1, range_of(every, measure, chance)
    made = draft(title, _subtitle(every), x=symbol)
    lambda_axis(made, axis, symbol)
    made.update_yaxes(range=list(span.shown), tickformat=what.ticks, uirevision=measure)
    made.update_layout(margin={"t": TOP})
    if alone:
        add_regimes(made, every[0], what.val)
    if measure == "accuracy" and chance is not None and span.low < chance < span.high:
        _add_chance(made, chance)
    if rival is not None and span.low < rival < span.high:
        _add_rival(made, axis, rival, measure)
    if alone and beside is not None and not beside.table.empty:
        _add_beside(made, beside, what, axis, symbol)
    _add_points(made, every, what, span, symbol, name)
    return made.figure()


def _add_points(made: Draft, every: Sequence[Points], what: Measured, span: Range, symbol: str, name: str) -> None:
    """The curves of every penalty mode with their marks, or a hint where there are no figures."""
    for own in every:
        _add_mode(made, own, what, symbol, name, alone=len(every) == 1)
    add_outside(made, every, what.val, span, symbol)
    _add_marks(made, every, what.val, span)
    if not known_in(every, what.val):
        add_hint(made, HINT)


def _add_chance(made: Draft, chance: float) -> None:
    """The accuracy of guessing, dotted."""
    made.add_hline(chance, line={"color": GREY, "width": 1, "dash": "2px,4px"}, layer="below")
    place = {"x": 0.005, "xref": "paper", "xanchor": "left", "y": chance, "yanchor": "bottom"}
    made.add_text(f"guessing: {percent(chance, 0)}", opacity=0.75, **place)


def _subtitle(every: Sequence[Points]) -> str:
    modes, noisy = len(every), with_wrong_labels(every)
    most = int(max(np.nanmax(own.rows[columns.N].to_numpy(np.float64), initial=0) for own in every))
    error = "SE" if noisy or modes > 1 else "standard error"
    parts = [f"mean ± {error} {'of' if noisy and modes > 1 else 'over'} {most} runs" if most > 1 else "one run per λ"]
    parts += ["small points: training"] if modes > 1 else []
    parts += [WRONG if modes == 1 else "labels partly wrong"] if noisy else []
    return "; ".join(parts)


def _add_rival(made: Draft, axis: LambdaAxis, level: float, measure: Measure) -> None:
    """A line across all λ; its value stands in the legend, since texts in the plot would meet the curves."""
    value = percent(level) if measure == "accuracy" else fixed(level, 3)
    made.add_scatter(
        x=list(axis.range),
        y=[level, level],
        mode="lines",
        uid="rival",
        name=f"{RIVAL} {value}",
        legendrank=4,
        line={"color": GREY, "width": 1.6, "dash": "9px,3px"},
        hoverinfo="skip",
    )


def _add_beside(made: Draft, beside: Beside, what: Measured, axis: LambdaAxis, symbol: str) -> None:
    """A thin line with hollow points, without bars."""
    (own,) = points_of(beside.table, axis, (what.val,))
    look: dict[str, Any] = {"line": {"width": 1.4}, "shape": f"{own.mode.symbol}-open", "scale": 0.8 * axis.crowding}
    legend = {"name": f"{NAMES['val']}, {beside.name}", "legendrank": 3, "uid": f"{own.mode.apply}-beside"}
    label = f"{NAMES['val']}, {beside.name},"
    add_metric(made, own, what.val, label, symbol, what.unit, named=False, errors=False, **look, **legend)


def _add_mode(made: Draft, own: Points, what: Measured, symbol: str, val_name: str, *, alone: bool) -> None:
    """Training below, then the band, then validation on top."""
    mode, crowding = own.mode, own.axis.crowding
    looks: dict[str, dict[str, Any]] = {
        "train": {"line": {"width": WIDTHS["train"], "dash": mode.train}, "scale": 0.6 * crowding},
        "val": {"line": {"width": 2.6, "dash": mode.val}, "scale": 1.1 * crowding, "band": f"{mode.apply}-band"},
    }
    for role, column in (("train", what.train), ("val", what.val)):
        val, own_name = role == "val", val_name if role == "val" else NAMES[role]
        name, group = (own_name, role) if alone else (mode.apply, mode.apply)
        legend = {"name": name, "legendgroup": group, "showlegend": alone or val, "legendrank": 1 if val else 2}
        look = {**looks[role], **legend, "uid": f"{mode.apply}-{role}"}
        add_metric(made, own, column, NAMES[role], symbol, what.unit, named=not alone, errors=val, **look)


class Mark(NamedTuple):
    """One marked point: what it is, which λ, where it lies, and its penalty mode where that is written."""

    name: str
    value: float
    x: float
    y: float
    mode: str = ""

    @property
    def text(self) -> str:
        """The text above it."""
        name = "best" if self.mode else self.name  # the mode needs the room of "and 1-SE"
        return f"{name} {lambda_text(self.value)}" + (f", {self.mode}" if self.mode else "")


def _add_marks(made: Draft, every: Sequence[Points], column: str, span: Range) -> None:
    """A mark with text at the best point and at the 1-SE choice; one for both where they are the same.

    Where several penalty modes have their own, all have symbols, and those of the best mode have texts.
    """
    found = [marks for own in every if (marks := _marks(own, column, named=len(every) > 1))]
    if not found:
        return
    for name, (symbol, size) in SYMBOLS.items():
        marks = [mark for marks in found for mark in marks if mark.name.startswith(name)]
        colours = [every[0].axis.colour(mark.value) for mark in marks]
        if marks:
            made.add_scatter(
                x=[mark.x for mark in marks],
                y=[mark.y for mark in marks],
                mode="markers",
                uid=uid_of(name),
                name=name,
                showlegend=False,
                hoverinfo="skip",
                marker={"symbol": symbol, "size": size, "color": colours, "line": {"width": 2}},
            )
    heights = [marks[0].y for marks in found]
    best = int(np.argmin(heights) if span.at_top else np.argmax(heights))
    labelled = sorted(found[best], key=lambda mark: mark.x)
    for mark, place in zip(labelled, _text_places(every[0].axis, labelled), strict=True):
        line = {"color": every[0].axis.colour(mark.value), "width": 1.3, "dash": "1.5px,2.5px"}
        made.add_shape(type="line", x0=mark.x, x1=mark.x, y0=mark.y, y1=span.shown[1], layer="below", line=line)
        text = f"<b>{mark.text}</b>" if mark.name.startswith("best") else mark.text
        made.add_text(text, y=1, yref="paper", yanchor="bottom", borderpad=0, **place)


def _marks(own: Points, column: str, *, named: bool) -> list[Mark]:
    """The best point first; ``named``: its text also names the penalty mode."""
    values, found = own.values[column], []
    best, near = (own.rows[name].to_numpy(bool) & np.isfinite(values) for name in (columns.BEST, columns.ONE_SE))
    for name, chosen in (("best and 1-SE", best & near), ("best", best & ~near), ("1-SE", near & ~best)):
        for at in np.flatnonzero(chosen):
            mode = own.mode.apply if named and best[at] else ""
            found.append(Mark(name, float(own.lambdas[at]), float(own.at[at]), float(values[at]), mode))
    return found


def _text_places(axis: LambdaAxis, marks: Sequence[Mark]) -> list[dict[str, Any]]:
    """Where each mark's text goes: at the upper end of its line, or at the edge of the plot where that is too near.

    Of two, the left one's end at its line and the right one's begin there, so that they cannot meet.
    """
    shares, widths = [axis.share(mark.value) for mark in marks], [_LETTER * len(mark.text) for mark in marks]
    if len(marks) == 1:
        side = "left" if shares[0] < widths[0] / 2 else "right" if shares[0] > 1 - widths[0] / 2 else "center"
        return [{"x": marks[0].x, "xanchor": side, "xshift": {"left": -9, "right": 9, "center": 0}[side]}]
    at_lines = [{"x": mark.x, "xanchor": side} for mark, side in zip(marks, ("right", "left"), strict=False)]
    for near, far, edge, step in ((0, 1, 0, 1), (1, 0, 1, -1)):
        room = [share if edge == 0 else 1 - share for share in shares]
        if room[near] < widths[near]:
            pinned = {"xref": "paper", "x": edge, "xanchor": "right" if edge else "left"}
            at_lines[near] = pinned
            if room[far] < widths[near] + 2 * _LETTER:
                at_lines[far] = {**pinned, "xshift": step * (_PIXELS * len(marks[near].text) + 10)}
    return at_lines
