"""Runs that come by the dozen, small and alike, so that the Runs page shows them only when asked to.

Those of the Learn page's claims, and those of λ paths; a link that names one of a kind asks for that kind.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from reglab.store import Run, Store
from reglab.store.run_filter import LESSON_GROUPS, SWEEP_GROUPS


@dataclass(frozen=True)
class Kind:
    """A switch: ``key`` is the widget and its parameter in the address, ``groups`` how the runs' groups begin."""

    key: str
    groups: str
    words: str
    origin: str


KINDS = (
    Kind("lessons", LESSON_GROUPS, "Learn's runs", "Learn's claims"),
    Kind("paths", SWEEP_GROUPS, "λ paths' runs", "λ paths"),
)


def hidden(store: Store, linked: Sequence[str]) -> frozenset[str]:
    """How the groups of the runs begin whose switch is off; ``linked`` are the runs that the address names."""
    undecided = [kind for kind in KINDS if kind.key not in st.session_state and kind.key not in st.query_params]
    named = store.runs_of(linked) if undecided and linked else []
    for kind in undecided:
        if any((run.group or "").startswith(kind.groups) for run in named):
            st.session_state[kind.key] = True
    return frozenset(kind.groups for kind in KINDS if not _shown(kind))


def seen(runs: Sequence[Run], without: frozenset[str]) -> list[Run]:
    """Those of ``runs`` that are not hidden."""
    return [run for run in runs if not any((run.group or "").startswith(groups) for groups in without)]


def switches(counts: Mapping[str, int]) -> None:
    """A switch for each kind that there are runs of; ``counts`` by the beginning of their groups."""
    for kind in KINDS:
        if count := counts.get(kind.groups, 0):
            label = f"Show {kind.words} ({count:,})"
            st.toggle(label, key=kind.key, bind="query-params", persist_state="session")


def belong(counts: Mapping[str, int]) -> str:
    """What the hidden runs come from, for example "λ paths", "Learn's claims and λ paths"."""
    return " and ".join(kind.origin for kind in KINDS if counts.get(kind.groups))


def _shown(kind: Kind) -> bool:
    return bool(st.session_state.get(kind.key, st.query_params.get(kind.key) == "true"))
