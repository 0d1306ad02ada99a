"""The panel that chooses the runs and sweeps to compare, among the newest ones and those of the link."""

from __future__ import annotations

import streamlit as st

from reglab.store import Run, Sweep
from reglab.ui.compare.data import Selection
from reglab.ui.compare.state import compare_state, show
from reglab.ui.shared.query import MOST_COMPARED, MOST_SWEEPS
from reglab.ui.shared.services import services

NEWEST = 100
"""Runs and sweeps that are offered besides those on screen."""

_RUNS, _SWEEPS = "compare_pick_runs", "compare_pick_sweeps"


def picker(selection: Selection, *, opened: bool = False) -> None:
    """A button with two lists; ``opened``: the lists themselves."""
    if opened:
        _lists(selection)
        return
    panel = st.popover("Choose", icon=":material/add:", key="compare_picker", on_change="rerun", help="Add or remove.")
    if panel.open:
        with panel, st.container(width=440, gap="small"):
            _lists(selection)


def _lists(selection: Selection) -> None:
    store, shown = services().store, compare_state().shown
    ticked = [run for run in selection.runs if run.id in shown.runs]
    runs = {run.id: run for run in [*ticked, *store.runs(limit=NEWEST)]}
    sweeps = {sweep.id: sweep for sweep in [*selection.sweeps, *store.sweeps(limit=NEWEST)]}
    with st.form("compare_pick", border=False):
        st.multiselect(
            "Runs",
            list(runs),
            default=[run.id for run in ticked],
            format_func=lambda one: _name(runs[one]),
            key=_key(_RUNS, shown.runs),
            max_selections=MOST_COMPARED,
            placeholder="Choose runs",
        )
        st.multiselect(
            "Sweeps",
            list(sweeps),
            default=[sweep.id for sweep in selection.sweeps],
            format_func=lambda one: _name(sweeps[one]),
            key=_key(_SWEEPS, shown.sweeps),
            max_selections=MOST_SWEEPS,
            placeholder="Choose sweeps",
        )
        st.form_submit_button("Compare", type="primary", key="compare_apply", on_click=_apply)


def _key(name: str, ids: tuple[str, ...]) -> str:
    """A key that changes with what is shown, so that the list shows it."""
    return f"{name}_{'-'.join(ids)}"


def _name(job: Run | Sweep) -> str:
    return f"{job.name} ({job.id})"


def _apply() -> None:
    """Callback: compare what the lists hold."""
    shown = compare_state().shown
    runs, sweeps = (st.session_state[_key(name, ids)] for name, ids in ((_RUNS, shown.runs), (_SWEEPS, shown.sweeps)))
    show(runs=tuple(runs), sweeps=tuple(sweeps))
