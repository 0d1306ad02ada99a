"""The live view of one sweep: head, buttons, progress and board in one fragment, polled while runs train or wait.

The page is drawn anew when polling begins, ends or changes its pace. Every other change is a tick of the fragment,
because only ticks are sure to keep the charts' nodes, and with them the zoom.
"""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from reglab.content.epoch_view import EpochView
from reglab.errors import RegLabError, UnknownSweep
from reglab.jobs.sweep_plan import Plan
from reglab.states import ACTIVE
from reglab.store import Sweep, UnreadableRow
from reglab.ui.present import stage
from reglab.ui.present.query import present_button, presenting
from reglab.ui.shared import trouble
from reglab.ui.shared.acting import act_button
from reglab.ui.shared.ended import watch
from reglab.ui.shared.export_panel import export_panel
from reglab.ui.shared.extend_panel import extend_panel
from reglab.ui.shared.following import follow, following
from reglab.ui.shared.live_chart import described
from reglab.ui.shared.query import COMPARE_PAGE, compare_query
from reglab.ui.shared.report_button import report_button
from reglab.ui.shared.services import services
from reglab.ui.shared.tables import badge, link_button
from reglab.ui.shared.text import literal, started_by
from reglab.ui.shared.ticks import steady, tick_every, watched_interval
from reglab.ui.shared.trouble import attempt
from reglab.ui.sweep import progress_text
from reglab.ui.sweep.board import board
from reglab.ui.sweep.data import Results, csv_of, epoch_view, results_of
from reglab.ui.sweep.families import families
from reglab.ui.sweep.maps import beside_of, has_rate_map, maps
from reglab.ui.sweep.query import SWEEP, SweepQuery, ViewState, sweep_query
from reglab.ui.sweep.slides import slides
from reglab.ui.sweep.state import (
    FORM,
    advance_replay,
    keep_view,
    leave_for,
    link_problem,
    open_sweep,
    shown_sweep,
    view_state,
)

TICK = 1.0
"""Seconds between two readings of the store while something trains and few sessions watch."""


def sweep_view(address: SweepQuery) -> None:
    """Draw the sweep of the query, or why it cannot be shown."""
    sweep_id = address.sweep or ""
    try:
        sweep = services().store.sweep(sweep_id)
        results_of(sweep)
    except (UnknownSweep, UnreadableRow) as error:
        if isinstance(error, UnreadableRow):
            problem = literal(str(error))
        elif sweep_id:
            problem = f"There is no sweep “{literal(sweep_id)}”. Is the link complete?"
        else:
            problem = "The link names no sweep. Is it complete?"
        st.title("No sweep to show", anchor=False)
        st.error(problem, icon=":material/error:" if isinstance(error, UnreadableRow) else ":material/search_off:")
        st.button("Open the form", key="sweep_open_form", icon=":material/arrow_back:", on_click=FORM.leave_for)
        return
    open_sweep(sweep.id, sweep.epochs, sweep.spec.epoch_rule, address)
    if presenting():
        results = results_of(sweep)
        _present(results, address.view)
        return
    every = _interval(results_of(sweep), address.view)
    tick_every(every, lambda: _tick(sweep.id, every))
    if every is None:
        watch([sweep], services().store.sweep)


def _present(results: Results, shown: ViewState) -> None:
    def at(epoch: int | None) -> EpochView:
        return epoch_view(results, replace(shown, epoch=epoch))

    stage.show(slides(results, at(shown.epoch), at, services().settings.public_url))


@steady
def _tick(sweep_id: str, every: float | None) -> None:
    """Draw the sweep once."""
    results = results_of(services().store.sweep(sweep_id))
    sweep = results.sweep
    follow(following([sweep], [sweep.share]))
    advance_replay(results.common, sweep.epochs)
    state = view_state(sweep.epochs)
    view = epoch_view(results, state)
    _head(results, state, view)
    if problem := link_problem(sweep.epochs):
        st.warning(literal(problem), icon=":material/link_off:")
    if results.remarks:
        st.warning(literal(" ".join(results.remarks)), icon=":material/balance:")
    with described(progress_text.whole_text(sweep.spec), f"sweep-{sweep.id}"):
        if state.beside and not has_rate_map(sweep.spec):
            families(results, view, state, beside_of(state))
        board(results, view)
        if has_rate_map(sweep.spec):
            maps(results, view, state, beside_of(state))
    keep_view(sweep.epochs)
    if _interval(results, state) != every:
        st.rerun()
    trouble.refresh()


def _interval(results: Results, view: ViewState) -> float | None:
    """Seconds between ticks, if any. A replay alone keeps its pace: it slows down no training."""
    watched = (results.sweep, results.confirming, results.checking, *beside_of(view))
    if any(isinstance(one, Sweep) and one.state in ACTIVE for one in watched):
        return watched_interval(TICK)
    return TICK if shown_sweep().playing else None


def _head(results: Results, state: ViewState, view: EpochView) -> None:
    """Name, state and buttons; below them progress, execution, shared settings and problems."""
    sweep = results.sweep
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute", gap="small"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small", width="content", key="named"):
            st.title(literal(sweep.name), width="content", anchor=False)
            badge(sweep)
        with st.container(horizontal=True, gap="small", width="content"):
            _buttons(results, state, view)
    trouble.button_problem()
    position = services().runner.position(sweep.id, "sweep") if sweep.state == "queued" else None
    st.progress(sweep.share, progress_text.progress_text(sweep, position, _rate(sweep), results.ends))
    with st.container(gap=None):
        if sweep.plan is None:
            st.markdown(f":small[{progress_text.amount_text(sweep.spec)}]")
        else:
            plan = Plan.of(sweep.plan)
            execution = f":small[:material/bolt: {progress_text.plan_text(sweep.spec, plan)}]"
            st.markdown(execution, help=progress_text.plan_help(plan))
        st.caption(literal(progress_text.facts(sweep.spec)) + started_by(sweep))
    if sweep.confirmation is not None:
        how = " on fresh seeds and the locked test part"
        _linked("Confirms", sweep.confirmation.sweep, "sweep_confirmed_sweep", how)
    if sweep.checks_rate_of is not None:
        _linked("Checks the learning rate of", sweep.checks_rate_of, "sweep_checked_sweep")
    if sweep.deleted is not None:
        st.warning("This sweep is deleted. Restore it to keep it and its runs.", icon=":material/delete:")
    if sweep.error or sweep.state == "failed":
        st.error(literal(sweep.error or "The sweep failed without an error message."), icon=":material/error:")
    if missing := services().store.missing(sweep):
        st.warning(literal(missing), icon=":material/folder_off:")
    if sweep.state == "interrupted" and sweep.resumable:
        st.info(progress_text.resume_text(sweep), icon=":material/replay:")


def _linked(verb: str, sweep_id: str, key: str, how: str = "") -> None:
    """Which other sweep this one is about, and the way to it."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        try:
            name = services().store.sweep(sweep_id).name
        except RegLabError:  # deleted for good, or of a later version
            st.caption(f"{verb} a sweep that is no longer here.", width="content")
            return
        st.caption(f"{verb} {literal(name)}{how}.", width="content")
        icon = ":material/arrow_back:"
        st.button("The sweep", key=key, icon=icon, on_click=leave_for, args=(sweep_id,))


def _rate(sweep: Sweep) -> progress_text.Rate | None:
    """Seconds and share done when this session first saw the sweep train; forgotten when it stops."""
    known: dict[str, progress_text.Rate] = st.session_state.setdefault("sweep_rates", {})
    if sweep.state != "running":
        known.pop(sweep.id, None)
    elif sweep.share > 0:
        known.setdefault(sweep.id, (sweep.seconds, sweep.share))
    return known.get(sweep.id)


def _compare(sweep_id: str) -> None:
    # with the sweep, too: the browser first adds all of it to the present page's address, to which Back leads
    st.switch_page(COMPARE_PAGE, query_params={SWEEP: sweep_id, **compare_query(sweeps=[sweep_id])})


def _buttons(results: Results, state: ViewState, view: EpochView) -> None:
    """Restore, Stop, Resume or Extend; Duplicate, New, Link, CSV and Export."""
    sweep, runner = results.sweep, services().runner
    if sweep.deleted is not None:
        restore = attempt(lambda: services().store.restore([sweep.id]))
        act_button(
            "Restore", "restore", sweep, key="sweep_restore", icon=":material/undo:", type="primary", on_click=restore
        )
    elif sweep.state in ACTIVE:
        stopping = sweep.wanted == "stop"
        label = "Cancel" if sweep.state == "queued" else "Stopping…" if stopping else "Stop"
        stop, about = attempt(lambda: runner.stop(sweep.id)), "Stops all runs with a checkpoint. Resume continues them."
        key, icon = "sweep_stop", ":material/stop:"
        act_button(label, "stop", sweep, key=key, icon=icon, disabled=stopping, on_click=stop, help=about)
    elif sweep.resumable:
        resume, icon = attempt(lambda: runner.resume(sweep.id)), ":material/play_arrow:"
        about = progress_text.resume_text(sweep)
        act_button(
            "Resume", "resume", sweep, key="sweep_resume", icon=icon, type="primary", on_click=resume, help=about
        )
    elif sweep.state == "finished":
        extend_panel(sweep, "sweep_extend")
    icon, about = ":material/content_copy:", "Opens the form with the settings of this sweep."
    st.button("Duplicate", key="sweep_duplicate", icon=icon, on_click=FORM.leave_for, args=(sweep.spec,), help=about)
    st.button(
        "New", key="sweep_new", icon=":material/add:", on_click=FORM.leave_for, help="Opens the form of a new sweep."
    )
    icon, about = ":material/compare_arrows:", "Opens Compare with this sweep, to which others and runs can be added."
    st.button("Compare", key="sweep_compare", icon=icon, on_click=_compare, args=(sweep.id,), help=about)
    present_button("sweep_present")
    link_button(sweep_query(sweep.id, state), "sweep_link")
    report_button([sweep], f"reglab-{sweep.id}", "sweep_report")
    st.download_button(
        "CSV",
        lambda: csv_of(view),
        f"sweep-{sweep.id}.csv",
        "text/csv",
        key="sweep_csv",
        icon=":material/download:",
        on_click="ignore",
        help="One row for each λ: means, standard errors and differences at this epoch, at full precision.",
    )
    export_panel(lambda: services().store.sweep_runs(sweep.id), "sweep_export")
