"""The live view of one sweep. All of it is one fragment, polled only while it trains, waits or is replayed.

The page is drawn anew when polling begins and ends, and when it slows down or speeds up with the number of sessions.
Every other change is a tick of the fragment, because only ticks are sure to leave the charts' nodes, and with them the
zoom.
"""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from reglab.errors import UnknownSweep
from reglab.jobs.sweep_plan import Plan
from reglab.store import Sweep, UnreadableRow
from reglab.ui.shared import trouble
from reglab.ui.shared.services import services
from reglab.ui.shared.tables import ACTIVE, badge
from reglab.ui.shared.text import literal
from reglab.ui.shared.ticks import steady, tick_every, watched_interval
from reglab.ui.sweep import progress_text, replay, sweep_buttons
from reglab.ui.sweep.board import board
from reglab.ui.sweep.data import Shown, results_of, shown_at
from reglab.ui.sweep.query import Look, SweepQuery
from reglab.ui.sweep.table import csv_of
from reglab.ui.sweep.view_state import current_view, follow, open_or_follow, view_state

TICK = 1.0
"""Seconds between looks at the store while something trains and few sessions watch."""


@dataclass(frozen=True)
class Live:
    """The sweep on screen, and how often it is polled: seconds, or None where it is not."""

    id: str
    every: float | None


def sweep_view(address: SweepQuery) -> None:
    """Draw the sweep that the address names; one that cannot be found is said, with the way back to the form."""
    try:
        sweep = services().store.sweep(address.sweep or "")
        results_of(sweep)
    except (UnknownSweep, UnreadableRow) as error:
        unknown = isinstance(error, UnknownSweep)
        sentence = _unknown(address.sweep or "") if unknown else literal(str(error))
        st.error(sentence, icon=":material/search_off:" if unknown else ":material/error:")
        st.button("Open the form", key="path_open_form", icon=":material/arrow_back:", on_click=sweep_buttons.leave)
        return
    open_or_follow(sweep.id, sweep.epochs, address)
    live = Live(sweep.id, _every(sweep))
    st.session_state["path_live"] = live
    tick_every(live.every, _tick)


def _unknown(sweep_id: str) -> str:
    if not sweep_id:
        return "The link names no λ path. Is it complete?"
    return f"There is no λ path “{literal(sweep_id)}”. Is the link complete?"


@steady
def _tick() -> None:
    """One look at the sweep."""
    live: Live = st.session_state["path_live"]
    sweep, state = services().store.sweep(live.id), view_state()
    results = results_of(sweep)
    sweep = results.sweep
    replay.advance(state, results.common, sweep.epochs)
    look = current_view(sweep.epochs)
    shown = shown_at(results, look.epoch, look.measure)
    _head(sweep, look, shown)
    if state.problem:
        st.warning(literal(state.problem), icon=":material/link_off:")
    if results.remarks:
        st.warning(literal(" ".join(results.remarks)), icon=":material/balance:")
    board(results, shown, look)
    follow(state, current_view(sweep.epochs))
    if _every(sweep) != live.every:
        st.rerun()
    trouble.refresh()


def _every(sweep: Sweep) -> float | None:
    """While only a replay runs, nothing trains that its ticks could slow down; it keeps its pace."""
    if sweep.state in ACTIVE:
        return watched_interval(TICK)
    return TICK if view_state().playing else None


def _head(sweep: Sweep, look: Look, shown: Shown) -> None:
    """Name and state at the left, what one can do at the right; below, how far it is and what is trained."""
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute", gap="small"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small", width="content"):
            st.subheader(literal(sweep.name), width="content", anchor=False)
            badge(sweep.state)
        with st.container(horizontal=True, gap="small", width="content"):
            sweep_buttons.stop_or_resume(sweep)
            sweep_buttons.duplicate(sweep)
            sweep_buttons.new_sweep()
            sweep_buttons.link(sweep, look)
            sweep_buttons.table_csv(lambda: csv_of(shown.table), sweep)
    trouble.button_problem()
    position = services().runner.sweep_position(sweep.id) if sweep.state == "queued" else None
    st.progress(sweep.share, progress_text.progress_text(sweep, position, _rate(sweep)))
    _facts(sweep)
    _explain(sweep)


def _rate(sweep: Sweep) -> progress_text.Rate | None:
    """When training was first seen here to have got somewhere; a sweep that does not train forgets it."""
    known: dict[str, progress_text.Rate] = st.session_state.setdefault("path_rates", {})
    if sweep.state != "running":
        known.pop(sweep.id, None)
    elif sweep.share > 0:
        known.setdefault(sweep.id, (sweep.seconds, sweep.share))
    return known.get(sweep.id)


def _facts(sweep: Sweep) -> None:
    """How many runs and how they advance, which is known once it was timed; and what they have in common."""
    with st.container(gap=None):
        if sweep.plan is None:
            st.markdown(f":small[{progress_text.amount_text(sweep.spec)}]")
        else:
            plan = Plan.of(sweep.plan)
            words = f":small[:material/bolt: {progress_text.plan_text(sweep.spec, plan)}]"
            st.markdown(words, help=progress_text.plan_help(plan))
        st.caption(progress_text.facts(sweep.spec))


def _explain(sweep: Sweep) -> None:
    """A sentence where the sweep did not end as it should."""
    if sweep.deleted is not None:
        st.warning("This path is deleted; Restore brings it back with its runs.", icon=":material/delete:")
    if sweep.error or sweep.state == "failed":
        st.error(literal(sweep.error or "The path failed without saying why."), icon=":material/error:")
    if missing := services().store.missing(sweep):
        st.warning(literal(missing), icon=":material/folder_off:")
    if sweep.state == "interrupted" and sweep.resumable:
        st.info(progress_text.resume_text(sweep), icon=":material/replay:")
