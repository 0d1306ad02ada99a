"""The live view of one run or of several. All of it is one fragment, polled only while a run is queued or training.

The page is drawn anew when polling begins and ends, and when it slows down or speeds up with the number of sessions.
Every other change (state, buttons, figures) is a tick of the fragment, because only ticks are sure to leave the charts'
nodes, and with them the zoom.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from reglab.errors import UnknownRun
from reglab.jobs import data_remarks
from reglab.store import Run, UnreadableRow
from reglab.ui.shared import run_text, trouble
from reglab.ui.shared.export_panel import export_panel
from reglab.ui.shared.services import services
from reglab.ui.shared.tables import ACTIVE, badge
from reglab.ui.shared.text import literal
from reglab.ui.shared.ticks import steady, tick_every, watched_interval
from reglab.ui.train import run_buttons
from reglab.ui.train.demo import commentary, is_demo
from reglab.ui.train.run_mask import mask_button
from reglab.ui.train.run_panels import panels
from reglab.ui.train.to_sweep import sweep_spec_of

TICK = 1.0
"""Seconds between looks at the store while something trains and few sessions watch."""


@dataclass(frozen=True)
class Live:
    """The runs on screen, and how often they are polled: seconds, or None where none trains or waits."""

    ids: tuple[str, ...]
    every: float | None


def run_view(ids: Sequence[str]) -> None:
    """Draw the runs called ``ids``; what cannot be found is said, with the way back to the form."""
    runs, problems = _find(ids)
    for sentence in problems:
        st.error(f"{literal(sentence)} Is the link complete?", icon=":material/search_off:")
    if not runs:
        run_buttons.open_form()
        return
    live = Live(tuple(run.id for run in runs), _every(runs))
    st.session_state["live"] = live
    tick_every(live.every, _tick)


@steady
def _tick() -> None:
    """One look at the runs."""
    live: Live = st.session_state["live"]
    runs = [services().store.get(run_id) for run_id in live.ids]
    _head(runs)
    panels(runs)
    if _every(runs) != live.every:
        st.rerun()
    trouble.refresh()


def _every(runs: Sequence[Run]) -> float | None:
    return watched_interval(TICK) if any(run.state in ACTIVE for run in runs) else None


def _find(ids: Sequence[str]) -> tuple[list[Run], list[str]]:
    """The runs that there are, each once, and a sentence for each that there is not."""
    runs: dict[str, Run] = {}
    problems = []
    for text in ids:
        try:
            run = services().store.get(text)
        except (UnknownRun, UnreadableRow) as error:
            problems.append(str(error))
        else:
            runs[run.id] = run
    return list(runs.values()), problems


def _head(runs: Sequence[Run]) -> None:
    """Name and state at the left, what one can do at the right, and below it what is trained."""
    alone = runs[0] if len(runs) == 1 else None
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute", gap="small"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small", width="content"):
            title = literal(alone.name) if alone else f"{len(runs)} runs side by side"
            st.subheader(title, width="content", anchor=False)
            if alone:
                badge(alone.state)
        with st.container(horizontal=True, gap="small", width="content"):
            if alone:
                run_buttons.stop_or_resume(alone)
                run_buttons.duplicate(alone)
                mask_button(alone)
            sweep_spec_of(runs)
            run_buttons.new_run(runs)
            run_buttons.link(runs)
            if alone:
                export_panel(alone, "export_run")
    trouble.button_problem()
    if alone:
        st.caption(run_text.facts(alone))
        _explain(alone)
    elif is_demo(runs):
        st.info(commentary(runs), icon=":material/school:")
    else:
        st.caption(run_text.common_facts(runs))


def _explain(run: Run) -> None:
    """A sentence where the run did not end as it should, or its data are unusual."""
    if remarks := data_remarks(run):
        st.warning(literal(" ".join(remarks)), icon=":material/balance:")
    if run.deleted is not None:
        st.warning("This run is deleted; the Runs page can restore it.", icon=":material/delete:")
    if run.state in ("failed", "diverged"):
        st.error(literal(run.error or "The run failed without saying why."), icon=":material/error:")
    if missing := services().store.missing(run):
        st.warning(literal(missing), icon=":material/folder_off:")
    if run.state == "interrupted" and run.resumable:
        st.info(run_text.resume_text(run), icon=":material/replay:")
