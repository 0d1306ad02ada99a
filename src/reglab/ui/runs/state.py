"""What the Runs page remembers in a session: ticks, order, what was just deleted, and what went wrong.

Ticks are run ids, also in the address (``?runs=a,b&sort=-gap_loss``); the browser's table knows only row numbers, and
what it sends may have crossed an update on its way. So rows stand still under one widget key, and wherever they move
(another order, other runs) a table with a new key takes over: a row number never means another run than the person saw.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from reglab.analysis import positions, reconciled
from reglab.store import Run, RunFilter, RunOrder
from reglab.ui.shared.query import Query

_STATE = "runs_page"
_MOST = 100  # ticks that the address names: browsers cut off very long ones
_RUNS = "runs"
_QUERY = Query("runs", lambda key: key == _RUNS)


@dataclass
class RunsState:
    """``ticked`` are run ids; ``page`` those on the page, found for ``basis``, ``shown`` those of the table's rows;
    ``preset`` the rows that are ticked when the table appears. ``listed`` are filter and order of the table on screen.
    ``address`` is what the query said of the ticks when it was last read or written. ``deleted`` are (id, name) that
    Undo brings back.
    """

    ticked: tuple[str, ...] = ()
    order: RunOrder = field(default_factory=RunOrder)
    page: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()
    basis: tuple[Any, ...] = ()
    preset: tuple[int, ...] = ()
    version: int = 0
    listed: tuple[RunFilter, RunOrder] | None = None
    address: tuple[str, ...] = ()
    deleted: tuple[tuple[str, str], ...] = ()
    problem: str | None = None
    unknown: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The table's widget key."""
        return f"runs_table_{self.version}"


def runs_state() -> RunsState:
    """This session's state."""
    state: RunsState = st.session_state.setdefault(_STATE, RunsState())
    return state


def read_table(state: RunsState, find: Callable[[Sequence[str]], list[Run]]) -> list[Run]:
    """The ticked runs, on whichever page they are, and the order.

    Both come from the address where the page opens or the address moved by itself, else from the table. ``find`` gives
    those of the runs with these ids that are there.
    """
    linked = linked_runs()
    if state.key not in st.session_state:
        state.basis, state.address = (), linked
        state.ticked = linked or state.ticked
        known = {run.id for run in find(linked)} if linked else set()
        state.unknown = tuple(run for run in linked if run not in known)
        state.order = RunOrder.parse(st.query_params["sort"]) if "sort" in st.query_params else state.order
    elif linked != state.address:
        state.basis, state.ticked, state.address = (), linked, linked
    else:
        _take(state, st.session_state[state.key]["selection"])
    found = find(state.ticked) if state.ticked else []
    state.ticked = tuple(run.id for run in found)
    return found


def show(state: RunsState, shown: tuple[str, ...], basis: tuple[Any, ...]) -> None:
    """Put the runs ``shown``, found for ``basis`` (the order first), into the table; a new one where rows move."""
    if shown != state.shown or basis[:1] != state.basis[:1]:
        state.version += 1
        state.shown, state.preset = shown, tuple(positions(state.ticked, shown))
    state.basis = basis


def write_address(state: RunsState) -> None:
    """Let the address name the ticked runs, and the order where it is not the default."""
    ticked = state.ticked[:_MOST]
    if ticked != state.address:
        state.address = ticked
        _QUERY.write({_RUNS: ",".join(ticked)} if ticked else {})
    sort = "" if state.order == RunOrder() else str(state.order)
    if sort != st.query_params.get("sort", ""):
        _write_sort(sort)


def _take(state: RunsState, selection: Mapping[str, Any]) -> None:
    """Ticks, and a click on a column's head, as the browser's table reports them."""
    ticked = reconciled(state.ticked, state.shown, selection["rows"])
    if ticked != state.ticked:
        state.ticked, state.unknown, state.problem = ticked, (), None
    for column in selection["columns"]:
        state.order = state.order.clicked(column)


def _write_sort(text: str) -> None:
    if text:
        st.query_params["sort"] = text
    else:
        del st.query_params["sort"]


def linked_runs() -> tuple[str, ...]:
    """The run ids of ``?runs=``, each once."""
    names = (name.strip() for name in _QUERY.read().get(_RUNS, "").split(","))
    return tuple(dict.fromkeys(name for name in names if name))[:_MOST]
