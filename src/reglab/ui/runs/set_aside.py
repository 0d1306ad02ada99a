"""Runs that come by the dozen, small and alike, so that the Runs page shows them only when asked to.

Those of the Learn page's claims, and those of λ paths; a link that names one of a kind asks for that kind.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from reglab.analysis import is_lesson, is_sweep
from reglab.store import Run


@dataclass(frozen=True)
class Kind:
    """Which groups of runs a switch shows; ``key`` is the switch, and its parameter in the address."""

    key: str
    words: str
    origin: str
    holds: Callable[[str | None], bool]

    def of(self, runs: Sequence[Run]) -> list[Run]:
        """Those of ``runs`` that the switch shows."""
        return [run for run in runs if self.holds(run.group)]


KINDS = (
    Kind("lessons", "Learn's runs", "Learn's claims", is_lesson),
    Kind("paths", "λ paths' runs", "λ paths", is_sweep),
)


def visible(runs: Sequence[Run]) -> list[Run]:
    """``runs`` without the kinds whose switch is off."""
    hidden = [kind for kind in KINDS if not _shown(kind, runs)]
    return [run for run in runs if not any(kind.holds(run.group) for kind in hidden)]


def switches(runs: Sequence[Run]) -> None:
    """A switch for each kind that ``runs`` has any of."""
    for kind in KINDS:
        if count := len(kind.of(runs)):
            label = f"Show {kind.words} ({count:,})"
            st.toggle(label, key=kind.key, bind="query-params", persist_state="session")


def belong(runs: Sequence[Run]) -> str:
    """What ``runs`` come from, for example "λ paths", "Learn's claims and λ paths"."""
    return " and ".join(kind.origin for kind in KINDS if kind.of(runs))


def _shown(kind: Kind, runs: Sequence[Run]) -> bool:
    if kind.key not in st.session_state and kind.key not in st.query_params:
        linked = set(st.query_params.get("runs", "").split(","))
        if any(run.id in linked for run in kind.of(runs)):
            st.session_state[kind.key] = True
    return bool(st.session_state.get(kind.key, st.query_params.get(kind.key) == "true"))
