"""The runs of the Learn page's claims: many, small and alike, so the Runs page shows them only when asked to.

A link that names one of them asks for them.
"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from reglab.analysis.run_filter import is_lesson
from reglab.store import Run

KEY = "lessons"
"""The switch, and its parameter in the address."""


def visible(runs: Sequence[Run]) -> list[Run]:
    """``runs`` without those of the claims, unless the switch is on."""
    if KEY not in st.session_state and KEY not in st.query_params:
        linked = set(st.query_params.get("runs", "").split(","))
        if any(run.id in linked and is_lesson(run.group) for run in runs):
            st.session_state[KEY] = True
    shown = st.session_state.get(KEY, st.query_params.get(KEY) == "true")
    return [run for run in runs if shown or not is_lesson(run.group)]


def lesson_switch(runs: Sequence[Run]) -> None:
    """The switch, where ``runs`` has any of the claims' runs."""
    count = sum(is_lesson(run.group) for run in runs)
    if count:
        st.toggle(f"Show Learn's runs ({count:,})", key=KEY, bind="query-params", persist_state="session")
