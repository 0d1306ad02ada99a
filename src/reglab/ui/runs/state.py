"""Session state of the Runs page: ticked runs, order, what was just deleted, and what went wrong.

Ticks are run ids, also in the query (``?runs=a,b&sort=-gap_loss``). The browser's table reports row numbers only, and
its message may have been sent before the latest update. Rows therefore keep their places under one widget key; where
they move (another order, other runs), a table with a new key replaces it, so a row number always means the run that
the person saw.
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
_MOST = 100  # ticks in the query: browsers cut off very long addresses
_RUNS = "runs"
_QUERY = Query("runs", lambda key: key == _RUNS)


@dataclass
class RunsState:
    """``ticked``, ``page`` (found for ``basis``) and ``shown`` (the table's rows) are run ids.

    ``preset``: rows that are ticked when the table appears. ``listed``: filter and order of the table on screen.
    ``linked``: the ticks in the query when it was last read or written. ``deleted``: (id, name) that Undo restores.
    """

    ticked: tuple[str, ...] = ()
    order: RunOrder = field(default_factory=RunOrder)
    page: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()
    basis: tuple[Any, ...] = ()
    preset: tuple[int, ...] = ()
    version: int = 0
    listed: tuple[RunFilter, RunOrder] | None = None
    linked: tuple[str, ...] = ()
    deleted: tuple[tuple[str, str], ...] = ()
    problem: str | None = None
    unknown: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The table's widget key."""
        return f"runs_table_{self.version}"


def runs_state() -> RunsState:
    state: RunsState = st.session_state.setdefault(_STATE, RunsState())
    return state


def read_table(state: RunsState, find: Callable[[Sequence[str]], list[Run]]) -> list[Run]:
    """Update ticks and order, and return the ticked runs of all pages.

    Both come from the query where the page opens or the query has changed, else from the table. ``find`` returns the
    existing runs among these ids.
    """
    linked = linked_runs()
    if state.key not in st.session_state:
        state.basis, state.linked = (), linked
        state.ticked = linked or state.ticked
        known = {run.id for run in find(linked)} if linked else set()
        state.unknown = tuple(run for run in linked if run not in known)
        state.order = RunOrder.parse(st.query_params["sort"]) if "sort" in st.query_params else state.order
    elif linked != state.linked:
        state.basis, state.ticked, state.linked = (), linked, linked
    else:
        _take(state, st.session_state[state.key]["selection"])
    found = find(state.ticked) if state.ticked else []
    state.ticked = tuple(run.id for run in found)
    return found


def show(state: RunsState, shown: tuple[str, ...], basis: tuple[Any, ...]) -> None:
    """Put the runs ``shown``, found for ``basis`` (the order first), into the table; into a new one where rows move."""
    if shown != state.shown or basis[:1] != state.basis[:1]:
        state.version += 1
        state.shown, state.preset = shown, tuple(positions(state.ticked, shown))
    state.basis = basis


def write_query(state: RunsState) -> None:
    """Write the ticked runs into the query, and the order where it is not the default."""
    ticked = state.ticked[:_MOST]
    if ticked != state.linked:
        state.linked = ticked
        _QUERY.write({_RUNS: ",".join(ticked)} if ticked else {})
    sort = "" if state.order == RunOrder() else str(state.order)
    if sort == st.query_params.get("sort", ""):
        return
    if sort:
        st.query_params["sort"] = sort
    else:
        del st.query_params["sort"]


def _take(state: RunsState, selection: Mapping[str, Any]) -> None:
    """Ticks, and a click on a column's head, as the browser's table reports them."""
    ticked = reconciled(state.ticked, state.shown, selection["rows"])
    if ticked != state.ticked:
        state.ticked, state.unknown, state.problem = ticked, (), None
    for column in selection["columns"]:
        state.order = state.order.clicked(column)


def linked_runs() -> tuple[str, ...]:
    """The run ids of ``?runs=``, each once."""
    names = (name.strip() for name in _QUERY.read().get(_RUNS, "").split(","))
    return tuple(dict.fromkeys(name for name in names if name))[:_MOST]
