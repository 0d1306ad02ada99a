"""Marks on the U-curve: a ring at the best λ, a square at the simplest within one standard error.

Their words stand above the plot, at the end of a dotted line, so they never meet the curves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from reglab import columns
from reglab.charts.base import uid_of, values_of
from reglab.charts.draft import Draft
from reglab.charts.lambda_axis import LambdaAxis, lambda_text
from reglab.charts.style import colour_of
from reglab.charts.sweep_parts import Mode, lambdas_of
from reglab.charts.sweep_range import Range

_LETTER = 0.025  # share of a narrow chart's axis that a letter takes
_PIXELS = 6.2  # of a letter, at most
SYMBOLS = {"best": ("circle-open", 18), "one SE": ("square-open", 17)}


@dataclass(frozen=True)
class Mark:
    """One marked point: what it is, which λ, and where it lies."""

    name: str
    value: float
    x: float
    y: float
    mode: str = ""

    @property
    def text(self) -> str:
        """What stands above it."""
        name = "best" if self.mode else self.name  # the mode takes the room of "and one SE"
        return f"{name} {lambda_text(self.value)}" + (f", {self.mode}" if self.mode else "")


def add_marks(
    made: Draft, axis: LambdaAxis, modes: Sequence[tuple[Mode, pd.DataFrame]], column: str, span: Range
) -> None:
    """A mark and its words at the best and at the one-standard-error point; one for both where they are the same.

    Where each mode of applying λ has its own, all have symbols, and those of the better mode have the words.
    """
    found = [marks for _, rows in modes if (marks := _marks(axis, rows, column, named=len(modes) > 1))]
    for name in SYMBOLS:
        own = [mark for marks in found for mark in marks if mark.name.startswith(name)]
        if own:
            _add_symbols(made, own, name)
    heights = [marks[0].y for marks in found]
    better = int(np.argmin(heights) if span.at_top else np.argmax(heights)) if heights else None
    worded = [] if better is None else sorted(found[better], key=lambda mark: mark.x)
    for mark, place in zip(worded, _beside(axis, worded), strict=True):
        made.add_shape(
            type="line", x0=mark.x, x1=mark.x, y0=mark.y, y1=span.shown[1], layer="below",
            line={"color": colour_of(mark.value), "width": 1.3, "dash": "1.5px,2.5px"},
        )  # fmt: skip
        made.add_annotation(
            text=f"<b>{mark.text}</b>" if mark.name.startswith("best") else mark.text, y=1, yref="paper",
            yanchor="bottom", showarrow=False, font={"size": 11}, borderpad=0, **place,
        )  # fmt: skip


def _beside(axis: LambdaAxis, marks: Sequence[Mark]) -> list[dict[str, Any]]:
    """Where each mark's words go: at the upper end of its line, or from the edge of the plot where that is too near.

    Of two, the left one's end at its line and the right one's begin there, so that they cannot meet.
    """
    shares, widths = [axis.share(mark.value) for mark in marks], [_LETTER * len(mark.text) for mark in marks]
    if not marks:
        return []
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


def _marks(axis: LambdaAxis, rows: pd.DataFrame, column: str, *, named: bool) -> list[Mark]:
    """The best one first; ``named``: it also says how λ is applied."""
    values = values_of(rows, column)
    found = []
    best, simple = (rows[name].to_numpy(bool) & np.isfinite(values) for name in (columns.BEST, columns.ONE_SE))
    for name, chosen in (("best and one SE", best & simple), ("best", best & ~simple), ("one SE", simple & ~best)):
        for place in np.flatnonzero(chosen):
            value = float(lambdas_of(rows)[place])
            mode = str(rows[columns.APPLY].iloc[place]) if named and best[place] else ""
            found.append(Mark(name, value, float(axis.at([value])[0]), float(values[place]), mode))
    return found


def _add_symbols(made: Draft, marks: list[Mark], name: str) -> None:
    symbol, size = SYMBOLS[name]
    made.add_scatter(
        x=[mark.x for mark in marks], y=[mark.y for mark in marks], mode="markers", uid=uid_of(name),
        name=name, showlegend=False, hoverinfo="skip",
        marker={"symbol": symbol, "size": size, "color": [colour_of(mark.value) for mark in marks],
                "line": {"width": 2}},
    )  # fmt: skip
