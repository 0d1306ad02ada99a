"""The filter above the table of runs, and the kinds of runs behind a switch.

Runs of claims come by the dozen, small and alike: a switch shows them. A sweep is a row, or its runs are behind a
switch where the table has no groups.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import streamlit as st

from reglab.datasets import DATASETS
from reglab.models import MODELS
from reglab.penalties import PENALTIES
from reglab.spec import PenaltySpec
from reglab.states import FACTS
from reglab.store import RunChoices, RunFilter
from reglab.store.run_filter import LESSON_GROUPS, SWEEP_GROUPS, TEXT_LENGTH
from reglab.ui.shared.trouble import redrawn

CHOICES = ("states", "datasets", "models", "penalties", "tags")


@redrawn
def _changed() -> None:
    """Callback of a field: nothing but the page that shows what it leaves."""


_BOUND: dict[str, Any] = {"bind": "query-params", "persist_state": "session", "on_change": _changed}


@dataclass(frozen=True)
class Kind:
    """Runs behind a switch: ``key`` is the widget and its query parameter, ``groups`` the prefix of their groups."""

    key: str
    groups: str
    label: str
    origin: str


KINDS = (
    Kind("lessons", LESSON_GROUPS, "runs of claims", "claims on Learn"),
    Kind("paths", SWEEP_GROUPS, "runs of sweeps", "sweeps"),
)


def filter_bar(present: RunChoices, without: frozenset[str]) -> RunFilter:
    """Draw the filter, whose values are in the query; runs whose group begins with one of ``without`` are left out."""
    _follow_older_links()
    with st.grid(6, min_column_width=100, gap="xsmall"):
        look: dict[str, Any] = {"type": "search", "live": "300ms", "max_chars": TEXT_LENGTH}
        text = st.text_input("Search", key="find", **look, **_shown_as("Search"))
        chosen: dict[str, Sequence[str]] = {
            "states": [_STATES[label] for label in _choice("states", "State", [*_STATES]) if label in _STATES],
            "datasets": _choice("datasets", "Dataset", _names(DATASETS.names(), present.datasets)),
            "models": _choice("models", "CNN", _names(MODELS.names(), present.models)),
            "penalties": _choice("penalties", "Penalty", _penalties()),
            "tags": _choice("tags", "Tag", present.tags),
        }
    return RunFilter(text=text, without=without, **{name: frozenset(values) for name, values in chosen.items()})


_STATES = {facts.label: state for state, facts in FACTS.items()}
"""Label → state."""

_OLDER: dict[str, str] = {state: facts.label for state, facts in FACTS.items()}
"""State → label: older links name the states themselves."""


def _follow_older_links() -> None:
    """?states=cancelled is ?states=stopped."""
    given = st.query_params.get_all("states")
    labels = [_OLDER.get(value, value) for value in given]
    if labels != given:
        st.query_params["states"] = labels
        st.session_state["states"] = labels


def clear_filter() -> None:
    """Callback: show every run again."""
    st.session_state.update({"find": "", **{key: [] for key in CHOICES}})


def _names(registered: Sequence[str], present: Sequence[str]) -> list[str]:
    """The registry's names in its order, then those that only old runs have."""
    return [*registered, *sorted(set(present) - set(registered))]


def _penalties() -> list[str]:
    """The labels of all sums of penalty terms, by their number of terms: "none", "L1", …, "elastic net"."""
    terms = PENALTIES.names()
    sums = (keys for count in range(len(terms) + 1) for keys in combinations(terms, count))
    return [PenaltySpec(**{key: float(key in keys) for key in terms}).label for keys in sums]


def _choice(key: str, label: str, options: Sequence[str]) -> list[str]:
    """Any of ``options``; a chosen value that no run has any more stays until it is removed."""
    gone = [value for value in st.session_state.get(key, []) if value not in options]
    # Without labels for the options: a link holds them as they are displayed, ?datasets=digits.
    return st.multiselect(label, [*options, *gone], key=key, **_shown_as(label))


def _shown_as(label: str) -> dict[str, Any]:
    """A field bound to the query that shows its label inside, while it is empty."""
    return {"placeholder": label, "label_visibility": "collapsed", **_BOUND}


def hidden(*, grouped: bool) -> frozenset[str]:
    """Group prefixes of the kinds that are not shown; sweeps are, as a row each, where the table has groups."""
    return frozenset(kind.groups for kind in KINDS if not (_shown(kind) or (grouped and kind.groups == SWEEP_GROUPS)))


def _shown(kind: Kind) -> bool:
    return bool(st.session_state.get(kind.key, st.query_params.get(kind.key) == "true"))


def switches(counts: Mapping[str, int], *, grouped: bool) -> None:
    """A switch for each kind that has runs; ``counts``: group prefix → number of runs."""
    for kind in KINDS:
        if (count := counts.get(kind.groups, 0)) and not (grouped and kind.groups == SWEEP_GROUPS):
            st.toggle(f"Show {kind.label} ({count:,})", key=kind.key, **_BOUND)


def filter_values() -> dict[str, str | list[str]]:
    """What is chosen in the filter, by parameter; nothing for what is not."""
    keys = ("find", *CHOICES)
    return {key: value for key in keys if (value := st.session_state.get(key))}


def set_filter(values: Mapping[str, object]) -> None:
    """Callback: choose ``values``, whatever of them can be chosen, and nothing else."""
    clear_filter()
    for key, value in values.items():
        if key == "find" and isinstance(value, str):
            st.session_state[key] = value[:TEXT_LENGTH]
        elif key in CHOICES and isinstance(value, list):
            st.session_state[key] = [one for one in value if isinstance(one, str)]


def origins(counts: Mapping[str, int]) -> str:
    """Where the hidden runs come from, for example "claims on Learn and sweeps"."""
    return " and ".join(kind.origin for kind in KINDS if counts.get(kind.groups))
