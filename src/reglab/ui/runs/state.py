"""Session state of the Runs page: what the table shows and what is ticked, in step with the query.

The query holds the ticks, the order, the grouping, the columns, the open groups and the name of the view
(``?runs=a,b&sort=-gap_loss&group=lambda&columns=…``); the filter is in it by itself. Each is read when the page opens,
and followed where the person navigates; otherwise the page is right, and the query follows it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import streamlit as st

from reglab.store import RunFilter, RunMark, RunOrder, Store
from reglab.store.run_table import SORTABLE
from reglab.ui.runs.columns import COLUMNS, DEFAULT
from reglab.ui.runs.run_grid import Event
from reglab.ui.shared.query import Query
from reglab.ui.shared.text import named

MOST_TICKED = 10_000
"""Runs that can be ticked at once."""

Grouping = Literal["none", "sweep", "cnn", "lambda"]
GROUPS: tuple[Grouping, ...] = get_args(Grouping)

_STATE = "runs_page"
_MOST = 100  # ticks in the query: browsers cut off very long addresses
_MOST_OPEN = 20  # open groups in it
_LONGEST = 60  # characters of a view's name


def _query(name: str) -> Query:
    """A parameter of its own, which Streamlit writes alone: the filter's widgets are bound to others."""
    return Query(f"runs_{name}", lambda key: key == name)


QUERIES: Mapping[str, Query] = {name: _query(name) for name in ("runs", "sort", "group", "columns", "open", "view")}


@dataclass
class RunsState:
    """``ticked`` and ``page`` are run ids, the latter keys of groups in a grouped table, found for ``basis``.

    ``opened``: keys of the open groups; ``members``: key → run ids of the groups on screen; ``shown``: all ids.
    ``linked``: the parameters when they were last read or written, and ``meant``: what of them could be followed, which
    is the state until the person changes it. ``seen``: the last event of the table. ``deleted``:
    (id, name) that Undo restores. ``problem`` and ``done`` are sentences on the last action, ``remarks`` some on the
    link, whose runs are ``unchecked`` at first.
    """

    ticked: tuple[str, ...] = ()
    order: RunOrder = field(default_factory=RunOrder)
    grouping: Grouping = "sweep"
    columns: tuple[str, ...] = DEFAULT
    opened: tuple[str, ...] = ()
    view: str = ""
    page: tuple[str, ...] = ()
    basis: tuple[Any, ...] = ()
    shown: tuple[str, ...] = ()
    members: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    listed: tuple[RunFilter, RunOrder, str] | None = None
    linked: dict[str, str] = field(default_factory=dict)
    meant: dict[str, str] = field(default_factory=dict)
    panels: dict[str, int] = field(default_factory=dict)
    seen: int = 0
    deleted: tuple[tuple[str, str], ...] = ()
    problem: str | None = None
    done: str | None = None
    unchecked: bool = False
    remarks: dict[str, str] = field(default_factory=dict)

    def take(self, events: Sequence[Event]) -> None:
        """What was pressed in the table, in its order, each event once."""
        for event in events:
            if event.number <= self.seen:
                continue
            self.seen = event.number
            match event.kind:
                case "sort":
                    self.order = self.order.clicked(event.id)
                    self.remarks.pop("sort", None)
                case "open":
                    self.opened = tuple(key for key in self.opened if key != event.id) + (event.id,) * event.on
                case "tick":
                    self.tick(self.members.get(event.id, (event.id,)), on=event.on)
                case "all":
                    self.tick(self.shown, on=event.on)

    def tick(self, runs: Sequence[str], *, on: bool) -> None:
        """Tick these runs, as many as can be, or none of them; earlier remarks go."""
        self.problem = self.done = None
        self.remarks = {}
        ticked = dict.fromkeys(self.ticked)
        for run in runs:
            if on:
                ticked.setdefault(run)
            else:
                ticked.pop(run, None)
        self.ticked = tuple(ticked)[:MOST_TICKED]
        if len(ticked) > MOST_TICKED:
            self.remarks["ticks"] = f"At most {MOST_TICKED:,} runs can be selected: the first {MOST_TICKED:,} are."

    def follow(self, name: str, value: str) -> None:
        """Show what the parameter ``name`` of a query says, with a sentence on what of it is unknown."""
        self.remarks.pop(name, None)
        match name:
            case "runs":
                self.ticked, self.unchecked = _split(value, ",")[:_MOST], True
            case "sort":
                self.order = RunOrder.parse(value)
                if value and value.removeprefix("-") not in SORTABLE:
                    self.remarks[name] = f"The link sorts by a column that does not exist: {named([value[:_LONGEST]])}."
            case "group":
                self.grouping = next((known for known in GROUPS if known == value), usual_grouping())
                if value and value not in GROUPS:
                    unknown = named([value[:_LONGEST]])
                    self.remarks[name] = f"The link groups by something that does not exist: {unknown}."
            case "columns":
                wanted = _split(value, ",")
                self.columns = tuple(key for key in COLUMNS if key in wanted) or DEFAULT
                if unknown_columns := [key[:_LONGEST] for key in wanted if key not in COLUMNS]:
                    self.remarks[name] = f"The link names columns that do not exist: {named(unknown_columns, most=3)}."
            case "open":
                self.opened = _split(value, ";")[:_MOST_OPEN]
            case "view":
                self.view = value[:_LONGEST]

    def panel(self, name: str) -> str:
        """The widget key of the panel ``name``: a new one each time that it is closed."""
        number = self.panels.get(name, 0)
        return f"{name}_{number}" if number else name

    def close_panel(self, name: str) -> None:
        """Close the panel for good: a tick that waits meanwhile says by the old key alone that it is open."""
        self.panels[name] = self.panels.get(name, 0) + 1

    def parameters(self) -> dict[str, str]:
        """The query that stands for this state; an absent parameter is the default."""
        return {
            "runs": ",".join(self.ticked[:_MOST]),
            "sort": "" if self.order == RunOrder() else str(self.order),
            "group": "" if self.grouping == usual_grouping() else self.grouping,
            "columns": "" if self.columns == DEFAULT else ",".join(self.columns),
            "open": ";".join(self.opened[:_MOST_OPEN]),
            "view": self.view,
        }


def runs_state() -> RunsState:
    """This session's state."""
    state: RunsState = st.session_state.setdefault(_STATE, RunsState(grouping=usual_grouping()))
    return state


def usual_grouping() -> Grouping:
    """By sweep; in links of earlier versions that ask for the runs of sweeps (``?paths=true``), none, as there."""
    return "none" if st.query_params.get("paths") == "true" else "sweep"


def read_query(state: RunsState) -> None:
    """Follow the query where the page opens, if it says anything, and where it has changed."""
    for name, query in QUERIES.items():
        opens = query.opens
        value = query.read().get(name, "")
        if opens and not value:
            state.linked[name] = state.meant[name] = ""
        elif opens or value != state.linked.get(name, ""):
            state.follow(name, value)
            state.linked[name], state.meant[name] = value, state.parameters()[name]


def write_query(state: RunsState) -> None:
    """Let the query follow what the person changes; a link with something unknown in it stays as it is.

    To correct it would be a new entry of the browser's history: after Back, Forward would be lost.
    """
    for name, value in state.parameters().items():
        if value != state.meant.get(name, ""):
            QUERIES[name].write({name: value} if value else {})
            state.linked[name] = state.meant[name] = value


def ticked_runs(store: Store, state: RunsState) -> list[RunMark]:
    """The ticked runs that are there; the others lose their ticks, with a sentence where the link named them."""
    found = store.run_marks(state.ticked) if state.ticked else []
    known = {run.id for run in found}
    unknown = [run[:_LONGEST] for run in state.ticked if run not in known]
    if unknown and state.unchecked:
        state.remarks["runs"] = _missing(unknown)
    unchanged = state.parameters()["runs"] == state.meant.get("runs", "")
    state.ticked, state.unchecked = tuple(run.id for run in found), False
    if unchanged:
        state.meant["runs"] = state.parameters()["runs"]
    return found


def _missing(unknown: Sequence[str]) -> str:
    one = len(unknown) == 1
    return (
        f"The link names {'a run' if one else 'runs'} that {'does' if one else 'do'} not exist: {named(unknown)}. "
        + ("It may have been deleted." if one else "They may have been deleted.")
    )


def _split(text: str, separator: str) -> tuple[str, ...]:
    names = (name.strip() for name in text.split(separator))
    return tuple(dict.fromkeys(name for name in names if name))
