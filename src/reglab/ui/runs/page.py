"""The Runs page: filter, table, actions on ticked runs, and their curves side by side."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from reglab.analysis import matching
from reglab.store import Run, Unreadable
from reglab.ui.live_words import ACTIVE
from reglab.ui.markdown import literal
from reglab.ui.runs.overlay import overlay
from reglab.ui.runs.run_actions import EDIT, TRAIN
from reglab.ui.runs.run_bar import run_bar, undo_bar
from reglab.ui.runs.run_list import table_of
from reglab.ui.runs.run_states import count_of
from reglab.ui.runs.runs_filter import clear_filter, filter_bar, tags_of
from reglab.ui.runs.runs_state import RunsState, arranged, read_table, runs_state, write_address
from reglab.ui.runs.runs_table import draw_table
from reglab.ui.runs.set_aside import belong, switches, visible
from reglab.ui.services import services
from reglab.ui.unreadable import unreadable_list

TICK, LONG_TICK, MANY = 2.0, 5.0, 200
"""Seconds between looks at the store while something trains or waits; with MANY runs a look takes longer."""

_READ = "runs_just_read"


def runs_page() -> None:
    """Draw the page; it looks again by itself while a run trains or waits."""
    rows = services().store.every_run()
    live = _active(_readable(rows))
    tick = TICK if len(rows) < MANY else LONG_TICK
    st.session_state[_READ] = rows
    st.fragment(_board, run_every=tick if live else None)(live)


def _board(live: bool) -> None:
    store, state = services().store, runs_state()
    found: list[Run | Unreadable] = st.session_state.pop(_READ, None) or store.every_run()
    every = _readable(found)
    if _active(every) != live:
        st.rerun()  # to start looking by itself, or to stop it
    runs = visible(every)
    head = st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute")
    head.header("Runs", help="Every run that was started, here or on the command line.", width="content")
    if state.deleted:
        undo_bar(state.deleted)
    unreadable_list([row for row in found if isinstance(row, Unreadable)], "runs_unreadable")
    if not runs:
        _no_runs(every)
        switches(every)
        return
    table, by_id = table_of(store, runs), {run.id: run for run in runs}
    read_table(state, by_id)
    ticked = [by_id[run] for run in state.ticked]
    with head:
        run_bar(ticked, tags_of(table), state.problem)
    rows = arranged(state, matching(table, filter_bar(table)))
    hint = "" if ticked else " · tick some to lay their curves side by side"
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.caption(_summary(runs, len(rows), len(ticked)) + hint, width="content")
        switches(every)
    _sentences(state)
    _rows(state, rows)
    write_address(state)
    if ticked:
        overlay(store, ticked)


def _rows(state: RunsState, rows: pd.DataFrame) -> None:
    if rows.empty:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown("No run matches the filter.", width="content")
            st.button("Clear filter", key="clear_filter", icon=":material/filter_alt_off:", on_click=clear_filter)
        return
    draw_table(rows, state.order, key=state.key, preset=state.preset)


def _sentences(state: RunsState) -> None:
    if state.problem and not st.session_state.get(EDIT):  # where Edit is open, it says so itself
        st.error(literal(state.problem), icon=":material/error:")
    if state.unknown:
        names = ", ".join(literal(run) for run in state.unknown)
        sentence = f"The link names a run that is not here: {names}. It may have been deleted."
        st.warning(sentence, icon=":material/link_off:")


def _no_runs(every: Sequence[Run]) -> None:
    """``every`` run there is, all of which are set aside."""
    own = "No runs of your own yet" if every else "No runs yet"
    st.markdown(f"{own}: start one on the Train page, and it is listed here with its curves.")
    if every:
        st.caption(f"All {count_of(len(every), 'run')} so far belong to {belong(every)}; the switch below shows them.")
    if st.button("Train a CNN", key="first_run", type="primary", icon=":material/play_circle:"):
        st.switch_page(TRAIN)


def _summary(runs: Sequence[Run], shown: int, ticked: int) -> str:
    """For example "12 runs · 2 training · 1 waiting · 3 shown · 2 ticked"."""
    states = [run.state for run in runs]
    parts = {"training": states.count("running"), "waiting": states.count("queued"), "ticked": ticked}
    if shown != len(runs):
        parts["shown"] = shown
    return " · ".join([count_of(len(runs), "run"), *(f"{number:,} {word}" for word, number in parts.items() if number)])


def _readable(rows: Sequence[Run | Unreadable]) -> list[Run]:
    return [row for row in rows if isinstance(row, Run)]


def _active(runs: Sequence[Run]) -> bool:
    return any(run.state in ACTIVE for run in runs)
