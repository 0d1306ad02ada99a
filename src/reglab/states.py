"""The states of runs and sweeps: one table that the store, the command line and the pages read.

::

    queued → running → finished | diverged
      ↑  ↘      ↘
      └── cancelled | failed | interrupted
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

State: TypeAlias = Literal["queued", "running", "finished", "failed", "cancelled", "interrupted", "diverged"]
Colour: TypeAlias = Literal["gray", "blue", "green", "red", "orange"]


@dataclass(frozen=True)
class StateFacts:
    """How a state is shown, and what may follow it: a ``final`` one never trains again, a ``resumable`` one may.

    ``icon`` and ``colour`` are those of Streamlit's badges; ``glyph`` stands for the icon in plain text.
    """

    label: str
    icon: str
    glyph: str
    colour: Colour
    final: bool = False
    resumable: bool = False


FACTS: Mapping[State, StateFacts] = {
    "queued": StateFacts("queued", ":material/hourglass_top:", "…", "gray"),
    "running": StateFacts("running", ":material/play_circle:", "▶", "blue"),
    "finished": StateFacts("finished", ":material/check_circle:", "✓", "green", final=True),
    "failed": StateFacts("failed", ":material/error:", "✕", "red", resumable=True),
    "cancelled": StateFacts("stopped", ":material/stop_circle:", "■", "gray", resumable=True),
    "interrupted": StateFacts("interrupted", ":material/power_off:", "‖", "orange", resumable=True),
    "diverged": StateFacts("diverged", ":material/trending_up:", "∞", "red", final=True),
}

STATES: tuple[State, ...] = tuple(FACTS)
FINAL: frozenset[State] = frozenset(state for state, facts in FACTS.items() if facts.final)
RESUMABLE: frozenset[State] = frozenset(state for state, facts in FACTS.items() if facts.resumable)
ENDED: frozenset[State] = FINAL | RESUMABLE
ACTIVE: frozenset[State] = frozenset(STATES) - ENDED


def label_of(state: State, *, began: bool) -> str:
    """The state as people read it: "cancelled" is a run that was stopped before it ``began``, and "stopped" after."""
    return "cancelled" if state == "cancelled" and not began else FACTS[state].label
