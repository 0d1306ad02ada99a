"""The Runs page: filter, a page of the table, actions on ticked runs, and their curves side by side."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from reglab.store import RunCounts, RunFilter, Store
from reglab.ui.runs.actions import EDIT
from reglab.ui.runs.overlay import overlay
from reglab.ui.runs.run_bar import run_bar, undo_bar
from reglab.ui.runs.run_list import PAGE, page_of_runs
from reglab.ui.runs.runs_filter import clear_filter, filter_bar
from reglab.ui.runs.set_aside import KINDS, belong, hidden, seen, switches
from reglab.ui.runs.state import RunsState, linked_runs, read_table, runs_state, write_address
from reglab.ui.runs.table import draw_table
from reglab.ui.shared import trouble
from reglab.ui.shared.query import TRAIN_PAGE
from reglab.ui.shared.services import services
from reglab.ui.shared.tables import first_page, pager, unreadable_list
from reglab.ui.shared.text import count_of, literal
from reglab.ui.shared.ticks import steady, watched_interval

TICK = 2.0
"""Seconds between looks at the store while something trains or waits."""

_PAGER = "page"


def runs_page() -> None:
    """Draw the page; it looks again by itself while a run trains or waits."""
    tick = _tick()
    st.fragment(_board, run_every=tick)(tick)


def _tick() -> float | None:
    """Seconds between looks at the store; None where nothing trains or waits."""
    return watched_interval(TICK) if services().store.count_runs().active else None


@steady
def _board(tick: float | None) -> None:
    store, state = services().store, runs_state()
    if _tick() != tick:
        st.rerun()  # to start looking by itself, to stop it, or to do so at another pace
    trouble.refresh()
    groups = store.count_groups([kind.groups for kind in KINDS])
    without = hidden(store, linked_runs())
    counts = store.count_runs(RunFilter(without=without))
    head = st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute")
    head.header("Runs", help="Every run that was started, here or on the command line.", width="content")
    if state.deleted:
        undo_bar(state.deleted)
    if not counts.total:
        _no_runs(groups)
        switches(groups)
        return
    ticked = read_table(state, lambda ids: seen(store.runs_of(ids), without))
    choices = store.run_choices()
    with head:
        run_bar(ticked, choices.tags, state.problem)
    wanted = filter_bar(choices, without)
    found = store.count_runs(wanted) if wanted.active else counts
    summary = st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute")
    with summary:
        place = st.empty()
        switches(groups)
    _sentences(state)
    _rows(store, state, wanted, found)
    place.caption(_summary(counts, found, state), width="content")
    write_address(state)
    if ticked:
        overlay(store, ticked)


def _rows(store: Store, state: RunsState, wanted: RunFilter, found: RunCounts) -> None:
    if not found.total:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown("No run matches the filter.", width="content")
            st.button("Clear filter", key="clear_filter", icon=":material/filter_alt_off:", on_click=clear_filter)
        return
    if state.listed not in (None, (wanted, state.order)):
        first_page(_PAGER)
    state.listed = (wanted, state.order)
    above = st.container()
    first = pager(found.total, PAGE, key=_PAGER, thing="runs")
    page = page_of_runs(store, state, wanted, found, first)
    with above:
        if len(page.rows):
            draw_table(page.rows, state.order, key=state.key, preset=state.preset)
    unreadable_list(page.unreadable, "runs_unreadable")


def _sentences(state: RunsState) -> None:
    if state.problem and not st.session_state.get(EDIT):  # where Edit is open, it says so itself
        st.error(literal(state.problem), icon=":material/error:")
    if state.unknown:
        names = ", ".join(literal(run) for run in state.unknown)
        sentence = f"The link names a run that is not here: {names}. It may have been deleted."
        st.warning(sentence, icon=":material/link_off:")


def _no_runs(groups: Mapping[str, int]) -> None:
    """``groups`` counts the runs there are, all of which are hidden."""
    every = sum(groups.values())
    own = "No runs of your own yet" if every else "No runs yet"
    st.markdown(f"{own}: start one on the Train page, and it is listed here with its curves.")
    if every:
        st.caption(f"All {count_of(every, 'run')} so far belong to {belong(groups)}; the switch below shows them.")
    if st.button("Train a CNN", key="first_run", type="primary", icon=":material/play_circle:"):
        st.switch_page(TRAIN_PAGE)


def _summary(counts: RunCounts, found: RunCounts, state: RunsState) -> str:
    """For example "12 runs · 2 training · 1 waiting · 3 match the filter · 2 selected, 1 of them not shown"."""
    parts = [count_of(counts.total, "run")]
    parts += [
        f"{counts.states[name]:,} {word}"
        for name, word in (("running", "training"), ("queued", "waiting"))
        if counts.states.get(name)
    ]
    if found.total != counts.total:
        parts.append(f"{found.total:,} match the filter")
    away = len(set(state.ticked) - set(state.shown))
    selected = f"{len(state.ticked):,} selected" + (f", {away:,} of them not shown" if away else "")
    return " · ".join([*parts, selected if state.ticked else "select runs to compare them"])
