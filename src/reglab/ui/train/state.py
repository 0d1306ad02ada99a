"""Which spec the form shows: kept while one visits other pages, and in step with the query.

The query is read when the form opens and when the person goes Back or Forward; every other time the widgets are right,
and the query follows them.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from reglab.spec import RunSpec
from reglab.ui.shared.query import FieldChanges, Link, Query, run_query
from reglab.ui.shared.spec_fields import WIDGETS, to_values

_OWN = frozenset({"run", "runs", "sweep", "view", "measure", "epoch", "layer", "role", "what"})  # and those of a path

QUERY = Query("train", lambda key: "." in key or key in _OWN)
"""The page's part of the query: the settings of the form, or the runs on screen."""


@dataclass
class FormState:
    """The form of this session. ``key`` makes a second press of Start the same run; a newly opened form has a new one.

    ``values`` are the widgets as last drawn, ``address`` the spec that the query stood for then; ``link_problem`` and
    ``start_problem`` are sentences to show until something is edited.
    """

    values: dict[str, Any] | None = None
    address: RunSpec = field(default_factory=RunSpec)
    changes: FieldChanges = field(default_factory=FieldChanges)
    key: str = ""
    link_problem: str | None = None
    start_problem: str | None = None


def form_state() -> FormState:
    """This session's form."""
    state: FormState = st.session_state.setdefault("train_form", FormState())
    return state


def current_values() -> dict[str, Any]:
    """Every field's value now, those behind a closed "More" included."""
    return {key: st.session_state[key] for key in WIDGETS.values() if key in st.session_state}


def open_or_follow(address: Link) -> FormState:
    """Give the widgets their values before they are drawn, where the form has just opened or the query moved."""
    state, wanted = form_state(), address.spec or RunSpec()
    state.changes.settle(behind=QUERY.behind())
    values = current_values()
    if "start" not in st.session_state:  # the button was not on screen a moment ago: the form opens
        _fill(state, to_values(address.spec) if address.spec else state.values or to_values(RunSpec()))
        state.key, state.start_problem, state.link_problem = uuid.uuid4().hex, None, address.problem
    elif values != state.values:
        state.start_problem = state.link_problem = None
    elif wanted != state.address:
        _fill(state, to_values(wanted))
        state.link_problem = address.problem
    state.address = wanted
    return state


def put(key: str, value: Any) -> None:
    """Change a field by code. A message that the browser sent before it knew of that does not change it back."""
    form_state().changes.put({key: value})


def chosen(key: str) -> Any:
    """The value that the person has just given a field; None where an old message of the browser has brought it.

    For callbacks of fields that code changes as well: they run before the page has settled what is old.
    """
    QUERY.read()
    return None if key in form_state().changes.settle(behind=QUERY.behind()) else st.session_state[key]


def keep(state: FormState, spec: RunSpec | None) -> None:
    """Remember the widgets; let the query follow them where they make a ``spec``."""
    state.values = current_values()
    if spec is not None and spec != state.address:
        state.address = spec
        QUERY.write(spec.to_query())
    state.changes.sent = True


def show_runs(ids: Iterable[str]) -> None:
    """Go to the live view of these runs."""
    QUERY.write(run_query(ids))


def prepare_form(spec: RunSpec | None = None) -> None:
    """The form starts from ``spec``, or from the defaults, when it is next opened; for those on other pages."""
    st.session_state["train_form"] = FormState(values=to_values(spec) if spec else None)


def show_form(spec: RunSpec | None = None) -> None:
    """Go to a new form that starts from ``spec``, or from the defaults."""
    prepare_form(spec)
    QUERY.write(spec.to_query() if spec else {})


def _fill(state: FormState, values: Mapping[str, Any]) -> None:
    """Set the widgets. That is no edit, also where another run begins before this one has drawn them."""
    state.changes.put(values)
    state.values = current_values()
