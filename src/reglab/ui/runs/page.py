"""The Runs page: filter, a page of the table, actions on ticked runs, and their charts in one colour a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from reglab.store import Run, RunCounts, RunFilter, Store
from reglab.ui.runs.actions import EDIT, run_bar, undo_bar
from reglab.ui.runs.state import RunsState, linked_runs, read_table, runs_state, write_query
from reglab.ui.runs.table import (
    KINDS,
    PAGE,
    clear_filter,
    draw_table,
    filter_bar,
    hidden,
    origins,
    page_of_runs,
    seen,
    switches,
)
from reglab.ui.shared import chart_row, trouble
from reglab.ui.shared.chart_row import Keys, Source
from reglab.ui.shared.import_panel import import_panel
from reglab.ui.shared.legend import legend_html
from reglab.ui.shared.live_chart import live_chart
from reglab.ui.shared.query import MAX_RUNS, TRAIN_PAGE
from reglab.ui.shared.run_data import results_of
from reglab.ui.shared.services import services
from reglab.ui.shared.tables import first_page, pager, unreadable_list
from reglab.ui.shared.text import count_of, literal
from reglab.ui.shared.ticks import steady, tick_every, watched_interval

TICK = 2.0
"""Seconds between updates while a run trains or waits."""

HEIGHT = 340
"""Pixels of each chart."""

_PAGER = "page"
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
    groups = store.count_groups([kind.groups for kind in KINDS])
    without = hidden(store, linked_runs())
    counts = store.count_runs(RunFilter(without=without))
    head = st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute")
    head.header("Runs", help="Every run started here or from the command line.", width="content")
    if state.deleted:
        undo_bar(state.deleted)
    if not counts.total:
        _no_runs(groups)
        switches(groups)
        return
    ticked = read_table(state, lambda ids: seen(store.runs_of(ids), without))
    choices = store.run_choices()
    with head:
        run_bar(ticked, choices.tags)
    wanted = filter_bar(choices, without)
    found = store.count_runs(wanted) if wanted.active else counts
    summary = st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute")
    with summary:
        place = st.empty()
        switches(groups)
    _problems(state)
    _rows(store, state, wanted, found)
    place.caption(_summary(counts, found, state), width="content")
    write_query(state)
    if ticked:
        _overlay(store, ticked)


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


def _problems(state: RunsState) -> None:
    if state.problem and not st.session_state.get(EDIT):  # an open Edit panel shows it itself
        st.error(literal(state.problem), icon=":material/error:")
    if state.unknown:
        names = ", ".join(literal(run) for run in state.unknown)
        sentence = f"The link names a run that does not exist: {names}. It may have been deleted."
        st.warning(sentence, icon=":material/link_off:")


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
    """For example "12 runs · 2 training · 1 waiting · 3 match the filter · 2 selected, 1 of them not shown"."""
    parts = [count_of(counts.total, "run")]
    parts += [
        f"{counts.states[name]:,} {label}"
        for name, label in (("running", "training"), ("queued", "waiting"))
        if counts.states.get(name)
    ]
    if found.total != counts.total:
        parts.append(f"{found.total:,} match the filter")
    away = len(set(state.ticked) - set(state.shown))
    selected = f"{len(state.ticked):,} selected" + (f", {away:,} of them not shown" if away else "")
    return " · ".join([*parts, selected if state.ticked else "select runs to compare them"])


def _overlay(store: Store, ticked: Sequence[Run]) -> None:
    """Three charts of the ``ticked`` runs side by side, of the first MAX_RUNS where there are more."""
    runs = ticked[:MAX_RUNS]
    if len(ticked) > MAX_RUNS:
        sentence = f"The charts show the first {MAX_RUNS} of {len(ticked):,} ticked runs; Compare shows all of them."
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
        with place:
            live_chart(figure, key=f"runs_{kind}", height=HEIGHT)
