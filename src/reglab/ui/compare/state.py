"""Session state of the Compare page: what it shows, in step with its query.

The query is read when the page opens and when the person navigates; otherwise the switches are right, and the query
follows them. A switch that is not on screen keeps its value, because the state has it and not the widget.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import streamlit as st

from reglab.ui.compare.query import DEFAULT, NAMES, CompareQuery, read, to_query
from reglab.ui.shared.fields import KEPT, segments
from reglab.ui.shared.query import COMPARE_NOTE, Query

QUERY = Query("compare", lambda key: key in NAMES)
PREFIX = "compare_"
"""Of the widget keys; the rest is the name of the parameter."""

_STATE = "compare_page"

Option = TypeVar("Option", bound=str)


@dataclass
class CompareState:
    """``shown`` is what the page shows, ``address`` what the query stood for when last read or written, None before.

    ``problems``: what of the link could not be used; ``settled``: the switches have been drawn since it was read, so a
    change is a person's.
    """

    shown: CompareQuery = DEFAULT
    address: CompareQuery | None = None
    problems: tuple[str, ...] = ()
    settled: bool = True


def compare_state() -> CompareState:
    """This session's state."""
    state: CompareState = st.session_state.setdefault(_STATE, CompareState())
    return state


def open_compare() -> CompareState:
    """The state, set by the query where the page has just opened or the query has changed."""
    state, (asked, problems) = compare_state(), read(QUERY.read())
    note: str | None = st.session_state.pop(COMPARE_NOTE, None)
    if asked != state.address or note:
        state.shown = state.address = asked
        state.problems, state.settled = (*problems, *([note] if note else [])), False
        for name in NAMES:
            st.session_state.pop(PREFIX + name, None)
    return state


def keep(state: CompareState) -> None:
    """Let the query follow the switches."""
    if state.shown != state.address:
        state.address = state.shown
        state.problems = () if state.settled else state.problems
        QUERY.write(to_query(state.shown))
    state.settled = True


def show(**changes: Any) -> None:
    """Change what is shown by code, for example the runs; the widgets of these switches begin anew."""
    state = compare_state()
    state.shown = replace(state.shown, **changes)
    for name in changes:
        st.session_state.pop(PREFIX + name, None)


def switch(name: str, label: str, options: Mapping[Option, str], **more: Any) -> Option:
    """Segments for the parameter ``name``; its value."""
    return _chosen(name, options, lambda key: segments(label, options, key, **more))


def choice(name: str, label: str, options: Mapping[Option, str], **more: Any) -> Option:
    """A list to choose one from for the parameter ``name``; its value."""
    look = {"label_visibility": "collapsed", **KEPT, **more}
    return _chosen(
        name,
        options,
        lambda key: st.selectbox(label, list(options), format_func=lambda one: options.get(one, one), key=key, **look),
    )


def _chosen(name: str, options: Mapping[Option, str], draw: Callable[[str], Option]) -> Option:
    """Draw a widget that shows the state's value, or the first option where that is none; the state takes its value.

    A parameter that is "" by default stands for the first option, whichever that is.
    """
    state, key, first = compare_state(), PREFIX + name, next(iter(options))
    if st.session_state.get(key) not in options:
        now = getattr(state.shown, name)
        st.session_state[key] = now if now in options else first
    value = draw(key)
    kept = "" if value == first and getattr(DEFAULT, name) == "" else value
    if getattr(state.shown, name) != kept:
        changed: dict[str, Any] = {name: kept}
        state.shown = replace(state.shown, **changed)
    return value
