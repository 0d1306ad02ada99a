"""One colour a run, on every page: λ's colour for the runs of a sweep, else one of ten by the run itself.

A run keeps its colour whatever it is shown with. Of the shown runs that share one, each further one has a stroke of its
own. The ten colours differ from each other by at least 15 (OKLab, × 100) to a normal eye and by at least 7 to protan,
deutan and tritan eyes; each has a contrast of 3 or more on both page backgrounds, and none lies within 4 of the ramp of
λ, which means something else (tests recompute all of this).
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from reglab.charts.style import RunStyle, colour_of

PALETTE: Mapping[str, str] = {
    "blue": "#445bfe",
    "orange": "#fd5b0b",
    "teal": "#037465",
    "magenta": "#b431cf",
    "brown": "#9a5505",
    "cyan": "#1f99c7",
    "crimson": "#cc206f",
    "khaki": "#a09168",
    "lavender": "#9980fe",
    "mauve": "#85659c",
}
"""Ten colours by name. Runs that are not of a sweep take them in turn."""

_COLOURS = tuple(PALETTE.values())


class RunIdentity(NamedTuple):
    """What a run's look follows from: ``colour`` is its number in the store, ``strength`` the λ of a sweep's run."""

    run: str
    label: str
    colour: int | None = None
    strength: float | None = None


def colour_of_run(run: RunIdentity) -> str:
    """The colour of its number; without one that of its λ in a sweep, else one by its id."""
    if run.colour is None and run.strength is not None:
        return colour_of(run.strength)
    return colour_numbered(zlib.crc32(run.run.encode()) if run.colour is None else run.colour)


def colour_numbered(number: int) -> str:
    """The colour with this number; beyond the last one they begin anew."""
    return _COLOURS[number % len(_COLOURS)]


def style_runs(runs: Iterable[RunIdentity]) -> dict[str, RunStyle]:
    """The style of each run, in the same order; a colour's first run has a solid line, further ones dashes."""
    shown: Counter[str] = Counter()
    styles = {}
    for run in runs:
        colour = colour_of_run(run)
        styles[run.run] = RunStyle(run.run, run.label, colour, shown[colour])
        shown[colour] += 1
    return styles
