"""The regimes on the U-curve: a label below each stretch of λ, and a faint background behind the well regularised.

A figure does not know how wide it will be, while a label has the same width in any. So labels are placed for the
narrowest plot; wider plots only move them apart. A label without room there is left out rather than moved to other λ;
that of the well regularised stands upright in its background then.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Any

import numpy as np

from reglab import columns
from reglab.charts.base import Draft
from reglab.charts.style import GREY, rgba
from reglab.charts.sweep_points import Points

NARROW = 270
"""Pixels of the narrowest plot, in a window of 1024."""

LETTER = 5.4
"""Pixels of a letter, at most on average."""

_FITS = columns.REGIMES[1]
_OVERHANG = 8  # pixels that a label may reach into the margin
_BETWEEN = 6  # pixels between labels


@dataclass(frozen=True)
class Zone:
    """A stretch of neighbouring λ of one regime, from 0 to 1 along the axis."""

    name: str
    left: float
    right: float

    @property
    def label(self) -> str:
        """What stands below it."""
        return columns.REGIME_LABELS.get(self.name, self.name)

    @property
    def pixels(self) -> float:
        """The width of its label."""
        return LETTER * len(self.label)

    @property
    def anchor(self) -> str | None:
        """Where its label is anchored: in the middle, or at a near end of the axis; None: no room for it."""
        if self.pixels <= NARROW * (self.right - self.left) or self._reaches_out:
            return "center"
        at_end = self.pixels / 2 - _OVERHANG <= NARROW * (self.right - self.left)  # the label's middle is in its zone
        return "left" if at_end and self.left <= 0 else "right" if at_end and self.right >= 1 else None

    @property
    def _reaches_out(self) -> bool:
        """Whether the long label of the well regularised may reach beyond its stretch, by half of it on each side."""
        middle, room = NARROW * (self.left + self.right) / 2, NARROW * (self.right - self.left)
        inside = middle - self.pixels / 2 >= -_OVERHANG and middle + self.pixels / 2 <= NARROW + _OVERHANG
        return self.name == _FITS and self.pixels <= 2 * room and inside

    @property
    def span(self) -> tuple[float, float]:
        """First and last pixel of its label in the narrowest plot."""
        middle = NARROW * (self.left + self.right) / 2
        starts = {"left": -_OVERHANG, "right": NARROW + _OVERHANG - self.pixels}
        start = starts.get(str(self.anchor), middle - self.pixels / 2)
        return start, start + self.pixels

    @property
    def place(self) -> dict[str, Any]:
        """The place of its label, as Plotly takes it."""
        if self.anchor == "center":
            return {"x": (self.left + self.right) / 2, "xanchor": "center"}
        end = self.anchor == "right"
        return {"x": float(end), "xanchor": self.anchor, "xshift": _OVERHANG if end else -_OVERHANG}


def add_regimes(made: Draft, own: Points, column: str) -> None:
    """Labels below the axis, in place of its title, and the background behind the well regularised."""
    (low, high), zones = own.axis.range, _zones(own, column)
    for zone in zones:
        if zone.name == _FITS:
            ends = (low + share * (high - low) for share in (zone.left, zone.right))
            made.add_vrect(*ends, fillcolor=rgba(GREY, 0.13), line={"width": 0}, layer="below")
    labelled = with_text(zones)
    if labelled:
        made.update_xaxes(title={"text": None})
    below = {"xref": "paper", "y": 0, "yref": "paper", "yanchor": "top", "yshift": -21, "opacity": 0.8, "borderpad": 0}
    for zone in labelled:
        made.add_text(zone.label, **below, **zone.place)
    for zone in zones:
        if zone.name == _FITS and zone not in labelled:
            _add_upright(made, zone)


def _add_upright(made: Draft, zone: Zone) -> None:
    """The label from the axis upwards, at the left edge of its stretch."""
    place = {"x": zone.left, "xref": "paper", "xanchor": "left", "y": 0, "yref": "paper", "yanchor": "bottom"}
    made.add_text(zone.label, textangle=-90, yshift=4, opacity=0.8, borderpad=0, **place)


def with_text(zones: Sequence[Zone]) -> list[Zone]:
    """The zones with a label. Of two that would meet, the shaded well regularised one goes, else the narrower."""
    kept: list[Zone] = []
    for zone in sorted(zones, key=lambda zone: (zone.name == _FITS, zone.left - zone.right)):
        (start, end), others = zone.span, [other.span for other in kept]
        if zone.anchor and all(end + _BETWEEN <= other[0] or other[1] + _BETWEEN <= start for other in others):
            kept.append(zone)
    return sorted(kept, key=lambda zone: zone.left)


def _zones(own: Points, column: str) -> list[Zone]:
    """Stretches of neighbouring λ of one regime; each ends halfway to the next one."""
    if columns.REGIME not in own.rows:
        return []
    regimes = np.where(np.isfinite(own.values[column]), own.rows[columns.REGIME], "")
    named = zip(own.at.tolist(), regimes, strict=True)
    groups = [(regime, [at for at, _ in group]) for regime, group in groupby(named, key=lambda item: str(item[1]))]
    low, high = own.axis.range
    cuts = [((before[1][-1] + after[1][0]) / 2 - low) / (high - low) for before, after in pairwise(groups)]
    zones = [Zone(name, *ends) for (name, _), *ends in zip(groups, [0.0, *cuts], [*cuts, 1.0], strict=True)]
    return [zone for zone in zones if zone.name in columns.REGIMES]
