"""The filter bar of the Runs page; what is chosen is part of the address."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from reglab.datasets import DATASETS
from reglab.models import MODELS
from reglab.states import STATES
from reglab.store import RunChoices, RunFilter
from reglab.store.run_filter import TEXT_LENGTH

CHOICES = ("states", "datasets", "models", "penalties", "tags")
PENALTIES = ("none", "L1", "L2", "elastic net")


def filter_bar(present: RunChoices, without: frozenset[str]) -> RunFilter:
    """Draw it; the filter it asks for, runs of groups that begin as ``without`` left out."""
    with st.grid(6, min_column_width=150, gap="small"):
        text = st.text_input(
            "Search", type="search", live="300ms", placeholder="Search", key="find", bind="query-params",
            label_visibility="collapsed", persist_state="session", max_chars=TEXT_LENGTH,
        )  # fmt: skip
        chosen = {
            "states": _choice("states", "State", STATES),
            "datasets": _choice("datasets", "Dataset", _names(DATASETS.names(), present.datasets)),
            "models": _choice("models", "CNN", _names(MODELS.names(), present.models)),
            "penalties": _choice("penalties", "Penalty", PENALTIES),
            "tags": _choice("tags", "Tag", present.tags),
        }
    return RunFilter(text=text, without=without, **{name: frozenset(values) for name, values in chosen.items()})


def clear_filter() -> None:
    """Show every run again; to be called as a callback."""
    st.session_state["find"] = ""
    for key in CHOICES:
        st.session_state[key] = []


def _names(registered: Sequence[str], present: Sequence[str]) -> list[str]:
    """The registry's names in its order, then those that only old runs have."""
    return [*registered, *sorted(set(present) - set(registered))]


def _choice(key: str, label: str, options: Sequence[str]) -> list[str]:
    """Any of ``options``; a value that has none of the runs any more stays until it is taken out."""
    chosen = [value for value in st.session_state.get(key, []) if value not in options]
    return st.multiselect(
        label, [*options, *chosen], key=key, bind="query-params", placeholder=label,
        label_visibility="collapsed", persist_state="session",
    )  # fmt: skip
