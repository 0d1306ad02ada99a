"""Which sweep the form shows: kept while one visits other pages, and in step with the query.

As on the Train page, the query is read when the form opens and when the person goes Back or Forward; every other time
the widgets are right, and the query follows them.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from reglab.spec import RunSpec
from reglab.sweep import SweepSpec
from reglab.ui.shared.query import FieldChanges, Query
from reglab.ui.sweep.form_values import KEYS, to_values
from reglab.ui.sweep.query import LOOKS, NEWEST, SWEEP, USUAL, Look, SweepQuery, form_query, sweep_query

START = "path_start"
"""Key of the form's button."""

_STATE = "sweep_form"
_OWN = frozenset({SWEEP, *LOOKS, "l1", "l2", "lambdas", "ratio", "ways", "seeds", "folds", "run", "runs"})

QUERY = Query("path", lambda key: key in _OWN or ("." in key and key.partition(".")[0] in RunSpec.PARTS))
"""The page's part of the query: the sweep of the form, or the one on screen and how it is looked at."""


@dataclass
class FormState:
    """The form of this session. ``key`` makes a second press of a button the same sweep; a newly opened form has a new
    one. ``values`` are the widgets as last drawn, ``address`` the sweep that the query stood for then; the problems are
    sentences to show until something is edited. ``deleted`` is (id, name) that Undo brings back.
    """

    values: dict[str, Any] | None = None
    address: SweepSpec = USUAL
    changes: FieldChanges = field(default_factory=FieldChanges)
    key: str = ""
    link_problem: str | None = None
    start_problem: str | None = None
    deleted: tuple[str, str] | None = None


def form_state() -> FormState:
    """This session's form."""
    state: FormState = st.session_state.setdefault(_STATE, FormState())
    return state


def current_values() -> dict[str, Any]:
    """Every field's value now, those that are not on screen included."""
    return {key: st.session_state[key] for key in KEYS if key in st.session_state}


def open_or_follow(address: SweepQuery) -> FormState:
    """Give the widgets their values before they are drawn, where the form has just opened or the query moved."""
    state, wanted = form_state(), address.form or USUAL
    state.changes.settle(behind=QUERY.behind())
    if START not in st.session_state:  # the button was not on screen a moment ago: the form opens
        _set(state, to_values(address.form) if address.form else state.values or to_values(USUAL))
        state.key, state.start_problem, state.link_problem = uuid.uuid4().hex, None, address.problem
        state.deleted = None
    elif current_values() != state.values:
        state.start_problem = state.link_problem = None
    elif wanted != state.address:
        _set(state, to_values(wanted))
        state.link_problem = address.problem
    state.address = wanted
    return state


def keep(state: FormState, spec: SweepSpec | None) -> None:
    """Remember the widgets; let the query follow them where they make a ``spec``."""
    state.values = current_values()
    if spec is not None and spec != state.address:
        state.address = spec
        QUERY.write(form_query(spec))
    state.changes.sent = True


def fill(values: Mapping[str, Any]) -> None:
    """Set the fields. A message that the browser sent before it knew of that does not change them back."""
    form_state().changes.put(values)


def show_sweep(sweep_id: str, look: Look = NEWEST) -> None:
    """Go to the view of this sweep."""
    QUERY.write(sweep_query(sweep_id, look))


def show_form(spec: SweepSpec | None = None) -> None:
    """Go to a new form that starts from ``spec``, or from the usual one."""
    st.session_state[_STATE] = FormState(values=to_values(spec) if spec else None)
    QUERY.write(form_query(spec) if spec else {})


def _set(state: FormState, values: Mapping[str, Any]) -> None:
    """Set the widgets. That is no edit, also where another run begins before this one has drawn them."""
    state.changes.put(values)
    state.values = current_values()
