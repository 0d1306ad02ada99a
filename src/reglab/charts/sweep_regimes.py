"""The regimes on the U-curve: words below it, each under λ that it is true of; a faint ground behind what fits.

A figure does not know how wide it will be, while words are as wide at any width. So each has its place at the narrowest
plot, whence wider ones only draw words apart; a word that has none there is left out rather than moved to other λ.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Any

import numpy as np
import pandas as pd

from reglab import columns
from reglab.charts.base import values_of
from reglab.charts.draft import Draft
from reglab.charts.lambda_axis import LambdaAxis
from reglab.charts.style import GREY, rgba
from reglab.charts.sweep_parts import lambdas_of

NARROW = 270
"""Pixels of the narrowest plot, in a window of 1024."""

LETTER = 5.4
"""Pixels of a letter, at most on average."""

_FITS = columns.REGIMES[1]
_OVERHANG = 8  # pixels that a word may reach into the margin
_BETWEEN = 6  # pixels between words


@dataclass(frozen=True)
class Zone:
    """A stretch of neighbouring λ of one regime, from 0 to 1 along the axis."""

    name: str
    left: float
    right: float

    @property
    def pixels(self) -> float:
        """Of its word."""
        return LETTER * len(self.name)

    @property
    def anchor(self) -> str | None:
        """Where its word is held: in the middle, at an end of the axis where that is too near; None: nowhere."""
        if self.pixels <= NARROW * (self.right - self.left):
            return "center"
        at_end = self.pixels / 2 - _OVERHANG <= NARROW * (self.right - self.left)  # the word's middle is in its zone
        return "left" if at_end and self.left <= 0 else "right" if at_end and self.right >= 1 else None

    @property
    def span(self) -> tuple[float, float]:
        """From which to which pixel its word reaches in the narrowest plot."""
        middle = NARROW * (self.left + self.right) / 2
        start = {"left": -_OVERHANG, "right": NARROW + _OVERHANG - self.pixels}.get(
            str(self.anchor), middle - self.pixels / 2
        )
        return start, start + self.pixels

    @property
    def place(self) -> dict[str, Any]:
        """The same for Plotly."""
        if self.anchor == "center":
            return {"x": (self.left + self.right) / 2, "xanchor": "center"}
        end = self.anchor == "right"
        return {"x": float(end), "xanchor": self.anchor, "xshift": _OVERHANG if end else -_OVERHANG}


def add_regimes(made: Draft, axis: LambdaAxis, rows: pd.DataFrame, column: str) -> None:
    """Words below the axis, in place of its title, and the ground behind what fits."""
    (low, high), zones = axis.range, _zones(axis, rows, column)
    for zone in zones:
        if zone.name == _FITS:
            ends = (low + share * (high - low) for share in (zone.left, zone.right))
            made.add_vrect(*ends, fillcolor=rgba(GREY, 0.13), line={"width": 0}, layer="below")
    worded = with_text(zones)
    if worded:
        made.update_xaxes(title={"text": None})
    for zone in worded:
        made.add_annotation(
            text=zone.name, xref="paper", y=0, yref="paper", yanchor="top", yshift=-21, showarrow=False,
            opacity=0.8, font={"size": 11}, borderpad=0, **zone.place,
        )  # fmt: skip


def with_text(zones: Sequence[Zone]) -> list[Zone]:
    """Those whose words have a place; of two that would meet, "fits" goes (its ground tells) or the narrower zone's."""
    kept: list[Zone] = []
    for zone in sorted(zones, key=lambda zone: (zone.name == _FITS, zone.left - zone.right)):
        (start, end), others = zone.span, [other.span for other in kept]
        if zone.anchor and all(end + _BETWEEN <= other[0] or other[1] + _BETWEEN <= start for other in others):
            kept.append(zone)
    return sorted(kept, key=lambda zone: zone.left)


def _zones(axis: LambdaAxis, rows: pd.DataFrame, column: str) -> list[Zone]:
    """Stretches of neighbouring λ of one regime; each ends halfway to the next one."""
    if columns.REGIME not in rows:
        return []
    known = np.isfinite(values_of(rows, column))
    named = zip(axis.at(lambdas_of(rows)).tolist(), np.where(known, rows[columns.REGIME], ""), strict=True)
    groups = [(regime, [at for at, _ in group]) for regime, group in groupby(named, key=lambda item: str(item[1]))]
    low, high = axis.range
    cuts = [((before[1][-1] + after[1][0]) / 2 - low) / (high - low) for before, after in pairwise(groups)]
    zones = [Zone(name, *ends) for (name, _), *ends in zip(groups, [0.0, *cuts], [*cuts, 1.0], strict=True)]
    return [zone for zone in zones if zone.name in columns.REGIMES]
