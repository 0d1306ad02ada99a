"""Which sweep the form shows: kept while one visits other pages, and in step with the address.

As on the Train page, the address is read when the form opens and when it changes by itself (Back, Forward); every other
time the widgets are right, and the address follows them.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from reglab.spec import RunSpec
from reglab.sweep import SweepSpec
from reglab.ui.path.address import LOOKS, NEWEST, SWEEP, USUAL, Look, PathAddress, form_query, sweep_query
from reglab.ui.path.form_values import KEYS, to_values

START = "path_start"
"""Key of the form's button."""

_STATE = "path_form"
_ECHO = 2.0  # seconds in which the browser may still send the address from before our last change to it
_OWN = frozenset({SWEEP, *LOOKS, "l1", "l2", "lambdas", "ratio", "ways", "seeds", "folds", "run", "runs"})


@dataclass
class FormState:
    """The form of this session. ``key`` makes a second press of a button the same sweep; a newly opened form has a new
    one. ``values`` are the widgets as last drawn, ``address`` the sweep that the URL stood for then; the problems are
    sentences to show until something is edited. ``deleted`` is (id, name) that Undo brings back.
    """

    values: dict[str, Any] | None = None
    address: SweepSpec = USUAL
    written: float = 0.0
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


def open_or_follow(address: PathAddress) -> FormState:
    """Give the widgets their values before they are drawn, where the form has just opened or the address moved."""
    state, wanted = form_state(), address.form or USUAL
    if START not in st.session_state:  # the button was not on screen a moment ago: the form opens
        fill(to_values(address.form) if address.form else state.values or to_values(USUAL))
        state.key, state.start_problem, state.link_problem = uuid.uuid4().hex, None, address.problem
        state.address, state.deleted = wanted, None
    elif current_values() != state.values:
        state.start_problem = state.link_problem = None
    elif wanted != state.address and time.monotonic() - state.written > _ECHO:
        fill(to_values(wanted))
        state.link_problem, state.address = address.problem, wanted
    return state


def keep(state: FormState, spec: SweepSpec | None) -> None:
    """Remember the widgets; let the address follow them where they make a ``spec``."""
    state.values = current_values()
    if spec is not None and spec != state.address:
        state.address, state.written = spec, time.monotonic()
        write(form_query(spec))


def fill(values: Mapping[str, Any]) -> None:
    """Set the fields."""
    for key, value in values.items():
        st.session_state[key] = value


def show_sweep(sweep_id: str, look: Look = NEWEST) -> None:
    """Go to the view of this sweep."""
    write(sweep_query(sweep_id, look))


def show_form(spec: SweepSpec | None = None) -> None:
    """Go to a new form that starts from ``spec``, or from the usual one."""
    st.session_state[_STATE] = FormState(values=to_values(spec) if spec else None)
    write(form_query(spec) if spec else {})


def write(own: Mapping[str, str]) -> None:
    """Replace our own parameters in the address, and leave those of others (embed, …) alone."""
    foreign = {key: value for key, value in st.query_params.items() if key not in _OWN and not _is_setting(key)}
    st.query_params.from_dict({**foreign, **own})


def _is_setting(key: str) -> bool:
    return key.partition(".")[0] in RunSpec.PARTS and "." in key
