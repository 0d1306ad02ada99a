"""The paths so far: a short list with each one's state and best λ; open one, delete it, bring it back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import streamlit as st

from reglab.analysis import best_row, chosen, runs_table, sweep_table
from reglab.errors import RegLabError, StoreError
from reglab.jobs import chance_of
from reglab.store import Sweep, Unreadable
from reglab.sweep import Point
from reglab.ui.shared.services import services
from reglab.ui.shared.tables import BADGES, pager, undo_notice, unreadable_list
from reglab.ui.shared.text import literal
from reglab.ui.sweep.past_text import ago, apart_text, best_text
from reglab.ui.sweep.state import FormState, form_state, show_sweep

SHOWN = 8
"""Paths on a page of the list."""

_COMMON = "λ path · "  # how the names begin that are chosen for people


@dataclass(frozen=True)
class Found:
    """The best λ of a path that has ended, and its validation accuracy."""

    point: Point
    accuracy: float


def previous_sweeps(state: FormState) -> None:
    """Draw the list; nothing where there is no path and none was just deleted."""
    store = services().store
    total = store.count_sweeps()
    if state.deleted is not None:
        _undo_bar(state.deleted)
    if not total:
        return
    st.markdown("**Paths so far**")
    above = st.container()
    first = pager(total, SHOWN, key="past", thing="paths")
    rows = store.every_sweep(offset=first, limit=SHOWN)
    with above:
        for row in rows:
            if isinstance(row, Sweep):
                _row(row)
    unreadable_list([row for row in rows if isinstance(row, Unreadable)], "path_unreadable")


def _row(sweep: Sweep) -> None:
    with st.container(border=True, gap=None, key=f"path_row_{sweep.id}"):
        with st.container(horizontal=True, wrap=False, vertical_alignment="center", horizontal_alignment="distribute"):
            st.markdown(f":small[**{literal(sweep.name.removeprefix(_COMMON))}**]")
            with st.container(horizontal=True, gap="xsmall", width="content", wrap=False):
                st.button("Open", key=f"path_open_{sweep.id}", on_click=show_sweep, args=(sweep.id,))
                st.button(
                    "", key=f"path_delete_{sweep.id}", icon=":material/delete:", type="tertiary", on_click=_delete,
                    args=(sweep.id, sweep.name), help="Delete this path and its runs; Undo brings them back.",
                )  # fmt: skip
        told = _best_text(sweep) if sweep.state == "finished" else ""
        icon, _, colour = BADGES[sweep.state]
        st.caption(f":{colour}[{icon} {sweep.state}] · {ago(sweep.created, datetime.now(UTC))}{told}")
        st.caption(apart_text(sweep.spec))


def _best_text(sweep: Sweep) -> str:
    try:
        found = _best(sweep.id, sweep.state)
    except RegLabError as error:  # one of its runs cannot be read, or its data set is unknown here
        return f" · {literal(str(error))}"
    return "" if found is None else f" · {best_text(sweep.spec, found.point, found.accuracy)}"


@st.cache_data(max_entries=200, show_spinner=False)
def _best(sweep_id: str, _state: str) -> Found | None:
    """Read once: a sweep that has ended does not change."""
    store = services().store
    runs = store.sweep_runs(sweep_id)
    spec = store.sweep(sweep_id).spec
    lanes = runs_table(spec.lanes(), runs)
    epochs = store.epochs([run.id for run in runs])
    table = chosen(sweep_table(lanes, epochs), chance=chance_of(runs))  # what learnt nothing is not the best
    best = best_row(table)
    if best is None:
        return None
    row = table.iloc[best]
    return Found(Point(float(row["lambda"]), float(row["lambda1"]), float(row["lambda2"])), float(row["val_acc"]))


def _delete(sweep_id: str, name: str) -> None:
    state = form_state()
    try:
        if services().store.sweep(sweep_id).state == "running":
            raise StoreError(f"“{name}” is still training; stop it first.")
        services().store.delete_sweep(sweep_id)
    except RegLabError as error:
        state.start_problem = str(error)
    else:
        state.deleted, state.start_problem = (sweep_id, name), None


def _undo() -> None:
    state = form_state()
    if state.deleted is not None:
        try:
            services().store.restore_sweep(state.deleted[0])
        except RegLabError as error:
            state.start_problem = str(error)
        state.deleted = None


def _undo_bar(deleted: tuple[str, str]) -> None:
    with st.container(border=True, horizontal=True, wrap=False, vertical_alignment="center", key="path_undo_bar"):
        notice = undo_notice()
        st.markdown(
            f":material/delete: Deleted “{literal(deleted[1])}” with its runs. :small[{notice}]", width="stretch"
        )
        st.button("Undo", key="path_undo", icon=":material/undo:", on_click=_undo)
