"""The filter bar of the Runs page; what is chosen is part of the address."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from reglab.analysis import RunFilter
from reglab.analysis import runs as t
from reglab.datasets import DATASETS
from reglab.events import STATES
from reglab.models import MODELS

CHOICES = ("states", "datasets", "models", "penalties", "tags")
PENALTIES = ("none", "L1", "L2", "elastic net")


def filter_bar(table: pd.DataFrame) -> RunFilter:
    """Draw it; what it asks for."""
    with st.grid(6, min_column_width=150, gap="small"):
        text = st.text_input(
            "Search", type="search", live="300ms", placeholder="Search", key="find", bind="query-params",
            label_visibility="collapsed", persist_state="session",
        )  # fmt: skip
        chosen = {
            "states": _choice("states", "State", STATES),
            "datasets": _choice("datasets", "Dataset", _names(DATASETS.names(), table[t.DATASET])),
            "models": _choice("models", "CNN", _names(MODELS.names(), table[t.MODEL])),
            "penalties": _choice("penalties", "Penalty", PENALTIES),
            "tags": _choice("tags", "Tag", tags_of(table)),
        }
    return RunFilter(text=text, **{name: frozenset(values) for name, values in chosen.items()})


def clear_filter() -> None:
    """Show every run again; to be called as a callback."""
    st.session_state["find"] = ""
    for key in CHOICES:
        st.session_state[key] = []


def tags_of(table: pd.DataFrame) -> list[str]:
    """Every tag in use, in alphabetical order."""
    return sorted({tag for tags in table[t.TAGS] for tag in tags}, key=str.casefold)


def _names(registered: Sequence[str], present: pd.Series) -> list[str]:
    """The registry's names in its order, then those that only old runs have."""
    return [*registered, *sorted(set(present) - set(registered))]


def _choice(key: str, label: str, options: Sequence[str]) -> list[str]:
    """Any of ``options``; a value that has none of the runs any more stays until it is taken out."""
    chosen = [value for value in st.session_state.get(key, []) if value not in options]
    return st.multiselect(
        label, [*options, *chosen], key=key, bind="query-params", placeholder=label,
        label_visibility="collapsed", persist_state="session",
    )  # fmt: skip
