"""Session state of the page: its switches, in step with the query.

The query is read when a run opens and when the person navigates (Back, Forward). Otherwise the switches are right, and
the query follows them. A link without a run shows the newest finished one, and names it once a switch is moved.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

from reglab.ui.inspect.query import DEFAULT, OWN, SWITCHES, Link, ViewState, link_of, normal
from reglab.ui.shared.query import Query

QUERY = Query("inspect", OWN.__contains__)
KEYS: Mapping[str, str] = {name: f"inspect_{name}" for name in SWITCHES}
"""Switch → widget key."""

RUN_KEY = "inspect_run"
ALL = "all layers"
_SHOWN = "inspect_shown"


@dataclass
class Shown:
    """The run on screen; ``address``: the view state of the query when it was last read or written.

    ``newest``: the last stop of the slider over epochs, which a link leaves out.
    """

    run: str = ""
    address: ViewState = DEFAULT
    problem: str | None = None
    newest: int | None = None


def shown() -> Shown:
    """This session's run on screen."""
    state: Shown = st.session_state.setdefault(_SHOWN, Shown())
    return state


def open_run(run_id: str, link: Link) -> None:
    """Set the switches before they are drawn, where the run has just opened or the query has changed."""
    state = shown()
    if state.run != run_id or KEYS["view"] not in st.session_state or link.view != state.address:
        for name in SWITCHES:
            put(name, getattr(link.view, name))
        state.run, state.address, state.problem = run_id, link.view, link.problem


def put(name: str, value: Any) -> None:
    """Set a switch; None of it is its default."""
    st.session_state[KEYS[name]] = ALL if name == "layer" and value is None else value


def view_state() -> ViewState:
    """The switches as they are."""
    now = {name: st.session_state.get(KEYS[name]) for name in SWITCHES}
    now["layer"] = None if now["layer"] == ALL else now["layer"]
    now["epoch"] = None if now["epoch"] == shown().newest else now["epoch"]
    return normal(replace(DEFAULT, **{name: value for name, value in now.items() if value is not None}))


def beside_ids() -> list[str]:
    """The other runs that predict."""
    return [run for run in (st.session_state.get(KEYS["beside"]) or "").split(",") if run]


def keep_view() -> None:
    """Let the query follow the switches."""
    state, view = shown(), view_state()
    if view != state.address:
        state.address, state.problem = view, None
        QUERY.write(link_of(state.run, view))


def choose_run() -> None:
    """Callback of the list of runs: go to the chosen one, with the same view."""
    view = replace(view_state(), layer=None, epoch=None)
    QUERY.write(link_of(st.session_state[RUN_KEY], view))
