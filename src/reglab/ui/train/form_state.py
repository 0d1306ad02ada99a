"""Which spec the form shows: kept while one visits other pages, and in step with the address.

The address is read when the form opens and when it changes by itself (Back, Forward); every other time the widgets
are right, and the address follows them.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from reglab.spec import RunSpec
from reglab.ui.train.form_values import WIDGETS, to_values
from reglab.ui.urls import Address, run_query

_ECHO = 2.0  # seconds in which the browser may still send the address from before our last change to it
_OWN = frozenset({"run", "runs", "sweep", "view", "measure", "epoch", "layer", "role", "what"})  # and those of a path
_STALE = 1.0  # seconds in which it may still send a field's value from before code changed it


@dataclass(frozen=True)
class Change:
    """A field's value before and after code changed it, and when."""

    before: Any
    after: Any
    at: float


@dataclass
class FormState:
    """The form of this session. ``key`` makes a second press of Start the same run; a newly opened form has a new one.

    ``values`` are the widgets as last drawn, ``address`` the spec that the URL stood for then; ``changes`` are the last
    ones that code made to fields; ``link_problem`` and ``start_problem`` are sentences to show until something is
    edited.
    """

    values: dict[str, Any] | None = None
    address: RunSpec = field(default_factory=RunSpec)
    written: float = 0.0
    changes: dict[str, Change] = field(default_factory=dict)
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


def open_or_follow(address: Address) -> FormState:
    """Give the widgets their values before they are drawn, where the form has just opened or the address moved."""
    state = form_state()
    _undo_echoes(state)
    values = current_values()
    if "start" not in st.session_state:  # the button was not on screen a moment ago: the form opens
        _fill(to_values(address.spec) if address.spec else state.values or to_values(RunSpec()))
        state.key, state.start_problem, state.link_problem = uuid.uuid4().hex, None, address.problem
        state.address = address.spec or RunSpec()
    elif values != state.values:
        state.start_problem = state.link_problem = None
    elif _moved(state, address):
        _fill(to_values(address.spec or RunSpec()))
        state.link_problem, state.address = address.problem, address.spec or RunSpec()
    return state


def put(key: str, value: Any) -> None:
    """Change a field by code. A message that the browser sent before it knew of that does not change it back."""
    before = st.session_state.get(key)
    st.session_state[key] = value
    if before != value:
        form_state().changes[key] = Change(before, value, time.monotonic())


def keep(state: FormState, spec: RunSpec | None) -> None:
    """Remember the widgets; let the address follow them where they make a ``spec``."""
    state.values = current_values()
    if spec is not None and spec != state.address:
        state.address, state.written = spec, time.monotonic()
        _write(spec.to_query())


def show_runs(ids: Iterable[str]) -> None:
    """Go to the live view of these runs."""
    _write(run_query(ids))


def prepare_form(spec: RunSpec | None = None) -> None:
    """The form starts from ``spec``, or from the defaults, when it is next opened; for those on other pages."""
    st.session_state["train_form"] = FormState(values=to_values(spec) if spec else None)


def show_form(spec: RunSpec | None = None) -> None:
    """Go to a new form that starts from ``spec``, or from the defaults."""
    prepare_form(spec)
    _write(spec.to_query() if spec else {})


def _fill(values: Mapping[str, Any]) -> None:
    for key, value in values.items():
        st.session_state[key] = value


def _undo_echoes(state: FormState) -> None:
    for key, change in state.changes.items():
        if time.monotonic() - change.at < _STALE and st.session_state.get(key) == change.before:
            st.session_state[key] = change.after


def _moved(state: FormState, address: Address) -> bool:
    return (address.spec or RunSpec()) != state.address and time.monotonic() - state.written > _ECHO


def _write(own: Mapping[str, str]) -> None:
    """Replace our own parameters in the address, and leave those of others (embed, …) alone."""
    foreign = {key: value for key, value in st.query_params.items() if "." not in key and key not in _OWN}
    st.query_params.from_dict({**foreign, **own})
