"""The Compare page: the runs and sweeps of the link, one view of them at a time, and a picker for others."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import streamlit as st

from reglab.jobs.run_comparing import caveats
from reglab.states import ACTIVE
from reglab.store import Run
from reglab.ui.compare.against import against_view
from reglab.ui.compare.curves import curves_view
from reglab.ui.compare.data import Selection, select
from reglab.ui.compare.differences import differences_view
from reglab.ui.compare.errors import errors_view
from reglab.ui.compare.parallel import parallel_view
from reglab.ui.compare.picker import picker
from reglab.ui.compare.query import View, to_query
from reglab.ui.compare.slides import slides
from reglab.ui.compare.state import CompareState, compare_state, keep, open_compare, switch
from reglab.ui.compare.weights import weights_view
from reglab.ui.present import stage
from reglab.ui.present.query import present_button, presenting
from reglab.ui.shared import trouble
from reglab.ui.shared.live_chart import described
from reglab.ui.shared.report_button import report_button
from reglab.ui.shared.services import services
from reglab.ui.shared.tables import link_button
from reglab.ui.shared.text import common_facts, count_of, file_name, literal, named
from reglab.ui.shared.ticks import steady, tick_every, watched_interval

TICK = 2.0
"""Seconds between updates while one of the runs trains or waits."""

VIEWS: Mapping[View, tuple[str, Callable[[Selection], None]]] = {
    "curves": ("Curves", curves_view),
    "differences": ("Differences", differences_view),
    "lambda": ("Against λ", against_view),
    "weights": ("Weights", weights_view),
    "errors": ("Errors", errors_view),
    "parallel": ("Parallel", parallel_view),
}
"""The views by name: only the one that is shown reads and computes anything."""

ABOUT = (
    "Any number of runs and sweeps in one view: their curves, the settings in which they differ, λ, weights and "
    "errors. A run has the same colour on every page; Edit on the Runs page changes it."
)


def compare_page() -> None:
    """Draw the page, which updates itself while a run trains or waits."""
    open_compare()
    selection = select(services().store, compare_state().shown)
    if presenting() and selection.begun:
        stage.show(slides(selection, compare_state().shown, services().settings.public_url))
        return
    tick = _interval(selection)
    tick_every(tick, lambda: _board(tick))


def _interval(selection: Selection) -> float | None:
    return watched_interval(TICK) if selection.training else None


@steady
def _board(tick: float | None) -> None:
    state = compare_state()
    selection = select(services().store, state.shown)
    if _interval(selection) != tick:
        st.rerun()  # to start, stop or retime the updates
    trouble.refresh()
    _head(state, selection)
    problems = st.container(gap="small")
    if selection.runs:
        _compared(selection)
    else:
        st.markdown(
            "Nothing to compare yet. Tick runs on the **Runs** page and press **Compare**, or choose some here."
        )
        picker(selection, opened=True)
    keep(state)
    for problem in (*state.problems, *selection.problems):  # those of the link go with the first change of a switch
        problems.warning(literal(problem), icon=":material/link_off:")


def _compared(selection: Selection) -> None:
    """The chosen view, or why there is nothing to show."""
    _remarks(selection)
    view = switch("view", "View", {name: label for name, (label, _) in VIEWS.items()})
    if selection.begun:
        with described(common_facts(selection.runs), f"compare-{file_name(selection.runs)}"):
            VIEWS[view][1](selection)
    else:
        st.info("No figures yet: none of these runs has done an epoch.", icon=":material/hourglass_empty:")


def _head(state: CompareState, selection: Selection) -> None:
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.title("Compare", help=ABOUT, width="content", anchor=False)
        with st.container(horizontal=True, vertical_alignment="center", gap="small", width="content"):
            if selection.runs:
                st.caption(_amount(selection), width="content")
                picker(selection)
                if selection.begun:
                    present_button("compare_present")
                link_button(to_query(state.shown), "compare_link")
                report_button(selection.jobs, "reglab-compare", "compare_report")


def _amount(selection: Selection) -> str:
    """For example "12 runs", "54 runs, of them those of 2 sweeps"."""
    sweeps = f", with those of {count_of(len(selection.sweeps), 'sweep')}" if selection.sweeps else ""
    return count_of(len(selection.runs), "run") + sweeps


def _remarks(selection: Selection) -> None:
    """What cannot be compared and why, and which runs have nothing to show."""
    lines = [literal(sentence) for sentence in caveats(selection.runs)]
    if waiting := [run for run in selection.runs if not run.epoch]:
        lines.append(f"Without any epoch yet: {_states(waiting)}.")
    if active := [run for run in selection.begun if run.state in ACTIVE]:
        lines.append(f"Not finished yet, compared at the newest epoch: {_states(active)}.")
    if lines:
        st.caption("  \n".join(lines))


def _states(runs: list[Run]) -> str:
    """Names of runs by state, for example "“a” and “b” (queued)"."""
    labels = dict.fromkeys(run.label for run in runs)
    return "; ".join(f"{named([run.name for run in runs if run.label == label], most=3)} ({label})" for label in labels)
