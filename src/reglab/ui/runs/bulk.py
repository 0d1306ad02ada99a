"""Delete and Duplicate for ticked runs, one or thousands; the panels say beforehand what happens to which runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import streamlit as st

from reglab.errors import RegLabError
from reglab.store import RunMark, Store
from reglab.store.labels import NAME_LENGTH
from reglab.ui.runs.state import runs_state
from reglab.ui.shared.fields import segments
from reglab.ui.shared.query import TRAIN_PAGE
from reglab.ui.shared.services import services
from reglab.ui.shared.tables import undo_notice
from reglab.ui.shared.text import count_of, named
from reglab.ui.shared.trouble import redrawn
from reglab.ui.train.state import FORM

DELETE, DUPLICATE, SEEDS = "delete_runs", "duplicate_runs", "duplicate_seeds"
"""Names of the two panels, and the key of a switch."""

MOST_COPIES, PANEL_WIDTH = 50, 340
"""Runs that are duplicated at once; pixels."""


@dataclass(frozen=True)
class Deletion:
    """Which of the ticked runs Delete removes, and sentences on those that stay or are cancelled."""

    runs: tuple[RunMark, ...]
    remarks: tuple[str, ...]


def deletion(ticked: Sequence[RunMark], sizes: Callable[[Iterable[str]], dict[str, int]]) -> Deletion:
    """Runs that train stay, and so do those of sweeps that are not ticked whole, or train; ``sizes``: sweep → runs."""
    training = [run for run in ticked if run.state == "running"]
    here = Counter(run.sweep for run in ticked if run.sweep)
    whole = sizes(here) if here else {}
    torn = {sweep for sweep, number in here.items() if number < whole.get(sweep, 0)}
    busy = {run.sweep for run in training if run.sweep}
    staying = torn | busy
    going = tuple(run for run in ticked if run.state != "running" and run.sweep not in staying)
    waiting = sum(run.state == "queued" for run in going)
    remarks = []
    if training:
        one = len(training) == 1
        still = "still trains and stays: stop it first." if one else "still train and stay: stop them first."
        remarks.append(f"{named([run.name for run in training], most=3)} {still}")
    if torn:
        left = f"The runs of {count_of(len(torn), 'sweep')} stay"
        remarks.append(f"{left}: a sweep is deleted as a whole. Group by sweep and tick its row.")
    if busy - torn:
        remarks.append(f"The other runs of {count_of(len(busy - torn), 'sweep')} that trains stay with it.")
    if waiting:
        remarks.append(f"{count_of(waiting, 'waiting run')} {'is' if waiting == 1 else 'are'} cancelled.")
    return Deletion(going, tuple(remarks))


def delete_panel(store: Store, ticked: Sequence[RunMark], why: str | None) -> None:
    """Ask before deleting the ticked runs, and say which stay; ``why`` the visitor may not, if so."""
    idle, icon = not ticked or why is not None, ":material/delete:"
    look: dict[str, Any] = {"type": "tertiary", "icon": icon, "disabled": idle, "help": why}
    panel = st.popover("Delete", key=runs_state().panel(DELETE), on_change="rerun", **look)
    if not panel.open or not ticked:
        return
    plan = deletion(ticked, store.sweep_sizes)
    with panel, st.container(width=PANEL_WIDTH, gap="small"):
        if plan.runs:
            st.markdown(f"Delete {named([run.name for run in plan.runs])}?")
        for remark in plan.remarks:
            st.markdown(f":small[{remark}]")
        if not plan.runs:
            return
        undo = "Undo restores them until other runs are deleted" if len(plan.runs) > 1 else "Undo restores it"
        st.caption(f"{undo}. {undo_notice()}")
        label, click = f"Delete {count_of(len(plan.runs), 'run')}", partial(_delete, plan.runs)
        st.button(label, key="confirm_delete", type="primary", width="stretch", on_click=click)


def duplicate_panel(ticked: Sequence[RunMark], why: str | None) -> None:
    """A single run's settings on the form; of several, a copy of each for the queue; ``why`` the visitor may not."""
    icon, about = ":material/content_copy:", "One run: opens the form with its settings. Several: trains each again."
    look: dict[str, Any] = {"type": "tertiary", "icon": icon, "disabled": not ticked, "help": about}
    if len(ticked) < 2:
        st.button("Duplicate", key="duplicate_run", on_click=_to_form, args=(ticked,), **look)
        return
    look |= {"disabled": why is not None, "help": why or about}
    panel = st.popover("Duplicate", key=runs_state().panel(DUPLICATE), on_change="rerun", **look)
    if not panel.open:
        return
    copied = ticked[:MOST_COPIES]
    with panel, st.container(width=PANEL_WIDTH, gap="small"):
        st.markdown(f"Train {named([run.name for run in copied], most=3)} again?")
        segments("Seeds", {"next": "Next seed", "same": "Same seed"}, SEEDS, first=True)
        st.caption(" ".join(_about_copies(ticked)))
        label = f"Queue {count_of(len(copied), 'run')}"
        st.button(label, key="confirm_duplicate", type="primary", width="stretch", on_click=_duplicate, args=(copied,))


def _about_copies(ticked: Sequence[RunMark]) -> list[str]:
    lines = ["Each copy has all settings of its run. The same seed repeats it to the bit, the next one is a repeat."]
    if any(run.state == "running" for run in ticked):
        lines.append("A run that trains goes on; its copy starts from the beginning.")
    if any(run.sweep for run in ticked):
        lines.append("The copy of a sweep's run stands by itself.")
    if len(ticked) > MOST_COPIES:
        lines.append(f"The first {MOST_COPIES} of {len(ticked):,} selected runs are copied.")
    return lines


# Callbacks


@redrawn
def _delete(runs: Sequence[RunMark]) -> None:
    """Hide runs, all or none, and offer Undo."""
    state, ids = runs_state(), [run.id for run in runs]
    state.close_panel(DELETE)
    state.problem = problem_of(lambda: services().store.delete(ids))
    if state.problem is None:
        gone = set(ids)
        state.deleted = tuple((run.id, run.name) for run in runs)
        state.ticked = tuple(run for run in state.ticked if run not in gone)


def _to_form(ticked: Sequence[RunMark]) -> None:
    spec = services().store.get(ticked[0].id).spec
    FORM.prepare(spec)
    st.switch_page(TRAIN_PAGE, query_params=FORM.to_query(spec))


@redrawn
def _duplicate(copied: Sequence[RunMark]) -> None:
    """Queue a copy of each run; where the queue refuses one, those before it wait already, and the sentence says so."""
    state, next_seed, queued = runs_state(), st.session_state.get(SEEDS) == "next", 0
    state.close_panel(DUPLICATE)
    try:
        for run in services().store.runs_of([mark.id for mark in copied]):
            spec = run.spec.with_changes({"train.seed": run.spec.train.seed + 1}) if next_seed else run.spec
            services().runner.submit(spec, name=f"{run.name[: NAME_LENGTH - 7]} · copy")
            queued += 1
    except RegLabError as error:
        state.problem = f"{error} {queued} of {len(copied)} copies were queued before."
        return
    state.problem, state.done = None, f"{queued} copies wait in the queue."


def problem_of(action: Callable[[], object]) -> str | None:
    """The sentence of what went wrong with ``action``, None where nothing did."""
    try:
        action()
    except RegLabError as error:
        return str(error)
    return None
