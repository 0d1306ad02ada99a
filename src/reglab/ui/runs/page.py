"""The Runs page: filter, a page of the table with its groups, actions on ticked runs, and their charts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from reglab.store import RunCounts, RunFilter, Store
from reglab.ui.runs.actions import EDIT, run_bar, undo_bar
from reglab.ui.runs.filter import KINDS, clear_filter, filter_bar, hidden, origins, switches
from reglab.ui.runs.rows import PAGE, groups_on, table_rows
from reglab.ui.runs.run_grid import run_grid
from reglab.ui.runs.state import (
    MOST_TICKED,
    Grouping,
    RunsState,
    read_query,
    runs_state,
    ticked_runs,
    write_query,
)
from reglab.ui.runs.views import columns_panel, keep_views, views_panel
from reglab.ui.shared import chart_row, trouble
from reglab.ui.shared.chart_row import Keys, Source
from reglab.ui.shared.fields import segments
from reglab.ui.shared.import_panel import import_panel
from reglab.ui.shared.legend import legend_html
from reglab.ui.shared.live_chart import described, live_chart
from reglab.ui.shared.query import MAX_RUNS, MOST_COMPARED, TRAIN_PAGE
from reglab.ui.shared.run_data import results_of
from reglab.ui.shared.services import services
from reglab.ui.shared.tables import first_page, pager, unreadable_list
from reglab.ui.shared.text import common_facts, count_of, file_name, literal
from reglab.ui.shared.ticks import steady, tick_every, watched_interval
from reglab.ui.shared.trouble import redrawn

TICK = 2.0
"""Seconds between updates while a run trains or waits."""

HEIGHT = 340
"""Pixels of each chart."""

TABLE = "runs_table"
"""The table's key."""

_PAGER, _GROUPING = "page", "runs_group"
_GROUPINGS: Mapping[Grouping, str] = {"sweep": "Sweep", "cnn": "CNN", "lambda": "λ", "none": "None"}
_ABOUT = (
    "Every run started here or from the command line. In the table, ↑ and ↓ move between rows, → and ← open and close "
    "a group, Space selects. Selected runs stand on top."
)
_ABOUT_GROUPS = (
    "The runs of a sweep, a CNN or a λ are one row that opens: mean ± one standard error over seeds, s/√n. "
    "It is shown where every seed has the same settings; the spread over λ is no error."
)
_KEYS = Keys("runs_loss_view", "runs_log_loss", "runs_gap_measure", "runs_weight_view", "runs_layer")


def runs_page() -> None:
    """Draw the page, which updates itself while a run trains or waits."""
    tick = _tick()
    tick_every(tick, lambda: _board(tick))
    import_panel()


def _tick() -> float | None:
    """Seconds between updates; None where nothing trains or waits."""
    return watched_interval(TICK) if services().store.count_runs().active else None


@steady
def _board(tick: float | None) -> None:
    store, state = services().store, runs_state()
    if _tick() != tick:
        st.rerun()  # to start, stop or retime the updates
    trouble.refresh()
    read_query(state)
    grouped = state.grouping != "none"
    kinds, without = store.count_groups([kind.groups for kind in KINDS]), hidden(grouped=grouped)
    every = store.count_runs()
    counts = store.count_runs(RunFilter(without=without)) if without else every
    head = st.container(horizontal=True, vertical_alignment="center", gap="small")
    head.title("Runs", help=_ABOUT, width="content")
    if state.deleted:
        undo_bar(state.deleted)
    if not counts.total and not state.ticked:
        _no_runs(kinds)
        switches(kinds, grouped=grouped)
        return
    ticked = ticked_runs(store, state)
    choices = store.run_choices()
    run_bar(store, ticked, choices.tags)
    wanted = filter_bar(choices, without)
    found = store.count_runs(wanted) if wanted.active else counts
    with head:
        place = st.empty()
        _selection(store, state, wanted, found)
        switches(kinds, grouped=grouped)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        _grouping(state)
        views_panel(state)
        columns_panel(state)
    remarks = st.container(gap="small")
    _table(store, state, wanted, found, every)
    place.caption(_summary(counts, found, state), width="content")
    write_query(state)
    with remarks:
        _remarks(state)
    if ticked:
        _overlay(store, [run.id for run in ticked])
    keep_views(state)


def _grouping(state: RunsState) -> None:
    """What a row is: a run, or a sweep, CNN or λ with its runs."""

    @redrawn
    def choose() -> None:
        state.grouping, state.opened = st.session_state[_GROUPING], ()

    st.session_state[_GROUPING] = state.grouping
    with st.container(horizontal=True, vertical_alignment="center", gap="small", width="content"):
        st.markdown(":small[Group by]", width="content", help=_ABOUT_GROUPS)
        segments("Group by", _GROUPINGS, _GROUPING, on_change=choose)


def _selection(store: Store, state: RunsState, wanted: RunFilter, found: RunCounts) -> None:
    """Buttons for all runs that match, and for none, where something is ticked."""
    if not state.ticked:
        return

    @redrawn
    def every() -> None:
        state.tick(store.run_ids(wanted, state.order, limit=MOST_TICKED + 1), on=True)

    @redrawn
    def none() -> None:
        state.tick(state.ticked, on=False)

    look: dict[str, Any] = {"type": "tertiary", "width": "content"}
    with st.container(horizontal=True, gap="small", width="content"):
        if len(state.ticked) < min(found.total, MOST_TICKED):
            st.button(f"Select all {found.total:,}", key="select_all", on_click=every, **look)
        st.button("Clear selection", key="select_none", on_click=none, **look)


def _table(store: Store, state: RunsState, wanted: RunFilter, found: RunCounts, every: RunCounts) -> None:
    """The table, or why it is empty; ticked runs stay on top whatever the filter."""
    if not found.total:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown("No run matches the filter.", width="content")
            st.button(
                "Clear filter", key="clear_filter", icon=":material/filter_alt_off:", on_click=redrawn(clear_filter)
            )
        if not state.ticked:
            return
    listed = (wanted, state.order, state.grouping)
    if state.listed not in (None, listed):
        first_page(_PAGER)
    state.listed = listed
    groups = groups_on(store, state, wanted, every)
    total = found.total if groups is None else len(groups.keys)
    above = st.container()
    first = pager(total, PAGE, key=_PAGER, thing="runs" if groups is None else "rows")
    table = table_rows(store, state, wanted, found, groups, first)
    with above:
        below = "40dvh" if state.ticked else "8rem" if total > PAGE else "5rem"  # for the pager and Import
        run_grid(
            table.columns,
            table.rows,
            table.pinned,
            key=TABLE,
            seen=state.seen,
            below=below,
            on_events=redrawn(state.take),
        )
    unreadable_list(table.unreadable, "runs_unreadable")


def _remarks(state: RunsState) -> None:
    if state.problem and not st.session_state.get(state.panel(EDIT)):  # an open Edit panel shows it itself
        st.error(literal(state.problem), icon=":material/error:")
    if state.done:
        st.success(state.done, icon=":material/check_circle:")
    for remark in state.remarks.values():
        st.warning(remark, icon=":material/info:")


def _no_runs(groups: Mapping[str, int]) -> None:
    """``groups``: group prefix → number of hidden runs."""
    every = sum(groups.values())
    own = "No runs of your own yet" if every else "No runs yet"
    st.markdown(f"{own}. Runs started on the Train page appear here with their curves.")
    if every:
        st.caption(f"All {count_of(every, 'run')} so far belong to {origins(groups)}; the switch below shows them.")
    if st.button("Train a CNN", key="first_run", type="primary", icon=":material/play_circle:"):
        st.switch_page(TRAIN_PAGE)


def _summary(counts: RunCounts, found: RunCounts, state: RunsState) -> str:
    """For example "12 runs · 2 training · 1 waiting · 3 match the filter · 2 selected"."""
    parts = [count_of(counts.total, "run")]
    parts += [
        f"{counts.states[name]:,} {label}"
        for name, label in (("running", "training"), ("queued", "waiting"))
        if counts.states.get(name)
    ]
    if found.total != counts.total:
        parts.append(f"{found.total:,} match the filter")
    selected = f"{len(state.ticked):,} selected" if state.ticked else "select runs to compare them"
    return " · ".join([*parts, selected])


def _overlay(store: Store, ticked: Sequence[str]) -> None:
    """Three charts of the ``ticked`` runs side by side, of the first MAX_RUNS where there are more."""
    runs = store.runs_of(ticked[:MAX_RUNS])
    if not runs:
        return
    if len(ticked) > MAX_RUNS:
        sentence = (
            f"The charts show the first {MAX_RUNS} of {len(ticked):,} ticked runs; Compare shows up to {MOST_COMPARED}."
        )
        st.info(sentence, icon=":material/palette:")
    legend = st.container(key="runs_legend")
    grid = st.grid(3, min_column_width=270, gap="small", border=True)
    boxes = [grid.cell() for _ in range(3)]
    places = [box.container() for box in boxes]
    results = results_of(runs)
    specs, planned = [run.spec for run in runs], max(run.epochs for run in runs)
    source = Source(
        results.version,
        results.styles,
        specs,
        planned,
        results.epochs,
        results.layers,
        ratios=lambda: store.gradients(list(results.styles)),
        own_legend=len(runs) > 1,
    )
    figures = chart_row.figures(source, chart_row.switches(boxes, source.layers, _KEYS, keep_layer=True))
    if len(runs) > 1:
        legend.html(legend_html(results.styles.values()))
    for place, (kind, figure) in zip(places, figures.items(), strict=True):
        with place, described(common_facts(runs), file_name(runs)):
            live_chart(figure, key=f"runs_{kind}", height=HEIGHT)
