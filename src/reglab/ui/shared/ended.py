"""Runs and sweeps that have ended and stay on screen: what other tabs and the command line do to them is noticed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import streamlit as st

from reglab.errors import UnknownRun
from reglab.store import Run, Sweep, UnreadableRow
from reglab.ui.shared.acting import act_button
from reglab.ui.shared.query import RUNS_PAGE
from reglab.ui.shared.services import services
from reglab.ui.shared.tables import undo_notice
from reglab.ui.shared.text import named
from reglab.ui.shared.ticks import fragment_every, steady
from reglab.ui.shared.trouble import attempt

LOOK = 5.0
"""Seconds between looks at jobs that have ended: one statement each, and nothing is drawn."""


def watch(jobs: Sequence[Run] | Sequence[Sweep], read: Callable[[str], Run | Sweep]) -> None:
    """Draw the page anew once one of ``jobs`` is deleted, restored, resumed or gone; ``read`` gets one by its id."""
    shown = {job.id: _standing(job) for job in jobs}  # as drawn: a change meanwhile is not missed

    @steady
    def look() -> None:
        if any(_standing_of(job, read) != before for job, before in shown.items()):
            st.rerun()

    fragment_every(LOOK, look)


def _standing(job: Run | Sweep) -> tuple[object, ...]:
    """What of a job decides whether its page is out of date."""
    return job.state, job.deleted, job.queued


def _standing_of(job: str, read: Callable[[str], Run | Sweep]) -> tuple[object, ...]:
    """The same of a job by its id; empty where it is gone for good."""
    try:
        return _standing(read(job))
    except (UnknownRun, UnreadableRow):
        return ()


def deleted_notice(runs: Sequence[Run]) -> None:
    """Which of ``runs`` are deleted, with a button that restores them and one that leads to the others."""
    gone = [run for run in runs if run.deleted is not None]
    if not gone:
        return
    ids = [run.id for run in gone]
    who = (
        "This run is"
        if len(runs) == 1
        else f"{named([run.name for run in gone], most=3)} {'is' if len(gone) == 1 else 'are'}"
    )
    with st.container(horizontal=True, vertical_alignment="center", border=True, gap="small", key="deleted_notice"):
        st.markdown(f":material/delete: {who} deleted. :small[{undo_notice()}]", width="stretch")
        restore = attempt(lambda: services().store.restore(ids))
        about = "A run of a sweep comes back with its sweep." if any(run.sweep for run in gone) else None
        icon = ":material/undo:"
        act_button(
            "Restore", "restore", *gone, key="restore_run", icon=icon, type="primary", on_click=restore, help=about
        )
        st.button("Runs", key="to_runs", icon=":material/table_rows:", on_click=partial(st.switch_page, RUNS_PAGE))
