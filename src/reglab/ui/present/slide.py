"""A presentation as data: its title, and one frozen slide for each step. No Streamlit."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Literal

import plotly.graph_objects as go

from reglab.charts.base import unchecked
from reglab.ui.shared.memo import Drawn, Memo, drawn

Step = Literal["question", "curves", "forming", "verdict", "memorised", "link"]

LABELS: dict[Step, str] = {
    "question": "Question",
    "curves": "Curves",
    "forming": "Sweep forming",
    "verdict": "Verdict",
    "memorised": "Memorised labels",
    "link": "Link",
}
"""Every step in its order, with its name on screen."""

MOST_FRAMES = 60
"""Frames of a replay: longer trainings show an even choice of their epochs."""


@dataclass(frozen=True)
class Chart:
    """A chart under the key ``name``; ``legend`` is HTML that names its runs where the chart does not."""

    name: str
    figure: Drawn
    title: str
    legend: str = ""


@dataclass(frozen=True)
class Replay:
    """The same chart after each of ``epochs``, ascending; ``frames`` is a JSON array of figures.

    ``steady``: every frame is on the axes of the last one; otherwise on its own, as where a loss falls far.
    """

    epochs: tuple[int, ...]
    frames: bytes
    steady: bool = True


@dataclass(frozen=True)
class Slide:
    """One step: ``lines`` of Markdown, the first the largest, above a chart or a picture (HTML).

    ``replay`` forms the chart epoch by epoch.
    """

    step: Step
    lines: tuple[str, ...] = ()
    chart: Chart | None = None
    replay: Replay | None = None
    picture: str = ""


@dataclass(frozen=True)
class Deck:
    """A whole presentation: the title and subtitle that stand until a person edits them, and the slides in order."""

    title: str
    subtitle: str
    slides: tuple[Slide, ...]


def deck(title: str, subtitle: str, slides: Sequence[Slide | None]) -> Deck:
    """The slides that there are, behind the question, which is the title itself."""
    return Deck(title, subtitle, (Slide("question"), *(slide for slide in slides if slide is not None)))


def replayed_epochs(last: int, most: int = MOST_FRAMES) -> tuple[int, ...]:
    """Epochs 1 to ``last``, or an even choice of ``most`` of them with the first and the last one."""
    count = min(last, most)
    if count < 2:
        return tuple(range(1, last + 1))
    return tuple(round(1 + number * (last - 1) / (count - 1)) for number in range(count))


def replay(
    key: Hashable, last: int, make: Callable[[int], go.Figure], most: int = MOST_FRAMES, *, steady: bool = True
) -> Replay | None:
    """The figures ``make(epoch)`` up to epoch ``last``, drawn once for all sessions; None below two epochs.

    ``key`` names all that they depend on; see :class:`Replay` for ``steady``.
    """
    epochs = replayed_epochs(last, most)
    if len(epochs) < 2:
        return None

    def frames() -> bytes:
        with unchecked():
            return b"[" + b",".join(drawn(make(epoch)).json for epoch in epochs) + b"]"

    return Replay(epochs, _FRAMES.get((key, epochs), frames), steady)


_FRAMES: Memo[bytes] = Memo(most=64 * 2**20, size=len)
