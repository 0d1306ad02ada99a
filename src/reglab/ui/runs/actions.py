"""What can be done with ticked runs: the bar of buttons, its two panels, and their callbacks.

A callback takes exactly the runs that its button named when it was drawn.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from reglab import columns
from reglab.access import Action
from reglab.charts import RunStyle
from reglab.charts.run_colours import PALETTE
from reglab.exports.csv import csv_bytes, settings_of
from reglab.states import ACTIVE, RESUMABLE
from reglab.store import BestEpoch, Run, RunMark, Store
from reglab.store.labels import NAME_LENGTH, NOTE_LENGTH
from reglab.ui.runs.bulk import PANEL_WIDTH, delete_panel, duplicate_panel, problem_of
from reglab.ui.runs.state import runs_state
from reglab.ui.shared.acting import barred
from reglab.ui.shared.legend import legend_html
from reglab.ui.shared.query import (
    COMPARE_NOTE,
    COMPARE_PAGE,
    INSPECT_PAGE,
    MAX_RUNS,
    MOST_COMPARED,
    TRAIN_PAGE,
    compare_query,
    run_query,
)
from reglab.ui.shared.services import services
from reglab.ui.shared.tables import undo_notice
from reglab.ui.shared.text import count_of, literal, local_time, named
from reglab.ui.shared.trouble import redrawn

EDIT = "edit_runs"
"""Name of the panel."""

MOST_RESUMED = 1_000
"""Runs whose checkpoints are looked for."""

RESULTS = [
    "id",
    "name",
    "state",
    "created",
    "seconds",
    "device",
    "threads",
    "epoch",
    "best_epoch",
    "best_val_acc",
    "best_val_loss",
    "note",
]
"""Columns of the CSV that are attributes of a run."""

_STOPS = "Stops with a checkpoint; a waiting run is cancelled."
_RESUMES = "Continues from the last checkpoint."
_LAST = (columns.EPOCH, *columns.METRICS)
_FIGURES = [*(f"last.{name}" for name in _LAST), *(f"best.{name}" for name in BestEpoch._fields)]


def run_bar(store: Store, ticked: Sequence[RunMark], tags: Sequence[str]) -> None:
    """The same buttons in the same places, enabled where they apply to ``ticked``; ``tags`` are all tags in use.

    They have no borders, so that all stand in one row of a window of 1024.
    """
    ids = [run.id for run in ticked]
    stoppable = [run.id for run in ticked if run.state in ACTIVE and not barred("stop", run)]
    with st.container(horizontal=True, gap="small", width="content"):
        few = ids if len(ids) <= MAX_RUNS else []
        _button("Open", "open_runs", "open_in_full", _open, few, f"The live view of up to {MAX_RUNS} runs.")
        about = f"Curves, settings, weights and errors of up to {MOST_COMPARED} runs."
        _button("Compare", "compare_runs", "compare_arrows", _compare, ids, about)
        _edit_panel(store, ticked, tags)
        _button("Stop", "stop_runs", "stop", _stop, stoppable, _why("stop", ticked) or _STOPS)
        going_on = _resumable(store, ticked)
        _button("Resume", "resume_runs", "play_arrow", _resume, going_on, _why("resume", ticked) or _RESUMES)
        single = ids if len(ids) == 1 else []
        _button("Inspect", "inspect_run_button", "biotech", _inspect, single, "Looks inside a single ticked run.")
        duplicate_panel(ticked, _why("start", ()))
        csv: dict[str, Any] = {"file_name": "runs.csv", "mime": "text/csv", "icon": ":material/download:"}
        about = "Settings and results of the ticked runs."
        csv |= {"key": "runs_csv", "type": "tertiary", "disabled": not ticked, "on_click": "ignore", "help": about}
        st.download_button("CSV", lambda: runs_csv(store.runs_of(ids)), **csv)
        delete_panel(store, ticked, _why("delete", ticked))


def _resumable(store: Store, ticked: Sequence[RunMark]) -> list[str]:
    """One id for each run, or whole sweep, that can go on; of many, the first :data:`MOST_RESUMED` are looked at."""
    ended = [run.id for run in ticked if run.state in RESUMABLE and not barred("resume", run)][:MOST_RESUMED]
    runs = store.runs_of(ended) if ended else []
    return list({run.sweep or run.id: run.id for run in runs if run.resumable}.values())


def _why(action: Action, ticked: Sequence[RunMark]) -> str | None:
    """Why the visitor may not do this to one of ``ticked``, as help; None where they may."""
    reason = barred(action, *ticked)
    return None if reason is None else literal(reason)


def undo_bar(deleted: Sequence[tuple[str, str]]) -> None:
    """The names of the ``deleted`` runs (id, name), and the button that restores them."""
    look: dict[str, Any] = {"border": True, "wrap": False, "vertical_alignment": "center", "gap": "small"}
    with st.container(horizontal=True, key="undo_bar", **look):
        names = named([name for _, name in deleted], most=3)
        st.markdown(f":material/delete: Deleted {names}. :small[{undo_notice()}]", width="stretch")
        st.button("Undo", key="undo_delete", icon=":material/undo:", on_click=_undo)
        st.button("Dismiss", key="dismiss_undo", type="tertiary", on_click=_dismiss)


def runs_csv(runs: Sequence[Run]) -> bytes:
    """One row a run: :data:`RESULTS`, tags (separated by ";"), ``last.…``, ``best.…``, then the spec's dotted keys."""
    rows = [
        {name: getattr(run, name) for name in RESULTS}
        | {"tags": ";".join(run.tags)}
        | {f"last.{name}": getattr(run.last, name, None) for name in _LAST}
        | {f"best.{name}": getattr(run.best, name, None) for name in BestEpoch._fields}
        | settings_of(run.spec)
        for run in runs
    ]
    return csv_bytes(pd.DataFrame(rows, dtype=object), figures=_FIGURES)


def _button(
    label: str, key: str, icon: str, action: Callable[[Sequence[str]], None], runs: Sequence[str], about: str
) -> None:
    """A button that calls ``action(runs)``, disabled where there are none."""
    icon = f":material/{icon}:"
    look: dict[str, Any] = {"type": "tertiary", "icon": icon, "disabled": not runs, "help": about}
    st.button(label, key=key, on_click=action, args=(runs,), **look)


# Panels


def _edit_panel(store: Store, ticked: Sequence[RunMark], tags: Sequence[str]) -> None:
    """Name, tags, note and colour of a single run; tags to add to several runs, and to remove from them."""
    panel = st.popover(
        "Edit",
        type="tertiary",
        icon=":material/edit:",
        key=runs_state().panel(EDIT),
        on_change="rerun",
        disabled=not ticked or _why("label", ticked) is not None,
        help=_why("label", ticked) or "Name, tags, note, colour.",
    )
    if not panel.open or not ticked:
        return
    with panel, st.container(width=PANEL_WIDTH, gap="small"):
        if problem := runs_state().problem:
            st.error(literal(problem), icon=":material/error:")
        if len(ticked) > 1:
            _tags(ticked, tags)
        elif found := store.runs_of([ticked[0].id]):
            st.caption(f"Run {found[0].id}, created {local_time(found[0].created, st.context.timezone)}")
            _labels(found[0], tags)


def _labels(run: Run, tags: Sequence[str]) -> None:
    # The keys change with what is stored, so that the fields show it; half-typed text stays while it does not change.
    version = zlib.crc32(repr((run.name, run.tags, run.note, run.colour)).encode())
    name, chosen, note, colour = keys = [f"{field}_{run.id}_{version}" for field in ("name", "tags", "note", "colour")]
    known = list(dict.fromkeys([*tags, *run.tags]))
    with st.form(f"edit_{run.id}", border=False):
        st.text_input("Name", value=run.name, key=name, max_chars=NAME_LENGTH)
        st.multiselect(
            "Tags", known, default=run.tags, key=chosen, accept_new_options=True, placeholder="Choose or type"
        )
        st.text_area("Note", value=run.note, key=note, max_chars=NOTE_LENGTH, height=100)
        _colour(run, colour)
        _save_button("save_run", _save, run.id, keys)


def _colour(run: Run, key: str) -> None:
    """The colours by name, with a sample of each; automatic is λ in a sweep, else by the id."""
    names = list(PALETTE)
    options = [None, *range(len(names))]
    now = None if run.colour is None else run.colour % len(names)
    st.selectbox(
        "Colour",
        options,
        index=options.index(now),
        key=key,
        format_func=lambda number: "automatic" if number is None else names[number],
        help="In every chart. Automatic: that of λ in a sweep, else one by the id.",
    )
    st.html(legend_html(RunStyle(name, name, colour) for name, colour in PALETTE.items()))


def _tags(ticked: Sequence[RunMark], tags: Sequence[str]) -> None:
    with st.form("edit_tags", border=False):
        st.caption(f"Tags of {count_of(len(ticked), 'run')}. To edit a name or a note, tick a single run.")
        st.multiselect("Add tags", tags, key="tags_added", accept_new_options=True, placeholder="Choose or type")
        st.multiselect("Remove tags", tags, key="tags_removed", placeholder="Choose", disabled=not tags)
        _save_button("save_tags", _retag, [run.id for run in ticked])


def _save_button(key: str, action: Callable[..., None], *args: object) -> None:
    st.form_submit_button("Save", type="primary", key=key, width="stretch", on_click=action, args=args)


# Callbacks


def _open(ids: Sequence[str]) -> None:
    st.switch_page(TRAIN_PAGE, query_params=run_query(ids))


def _compare(ids: Sequence[str]) -> None:
    if len(ids) > MOST_COMPARED:
        st.session_state[COMPARE_NOTE] = f"The first {MOST_COMPARED} of {len(ids):,} ticked runs are compared."
    st.switch_page(COMPARE_PAGE, query_params=compare_query(ids))


def _inspect(ids: Sequence[str]) -> None:
    st.switch_page(INSPECT_PAGE, query_params={"run": ids[0]})


@redrawn
def _stop(ids: Sequence[str]) -> None:
    _each(ids, services().runner.stop)


@redrawn
def _resume(ids: Sequence[str]) -> None:
    _each(ids, services().runner.resume)


@redrawn
def _undo() -> None:
    """Restore the runs deleted last, and tick them again."""
    state = runs_state()
    ids = tuple(run for run, _ in state.deleted)
    state.problem = problem_of(lambda: services().store.restore(ids))
    if state.problem is None:
        state.deleted, state.ticked = (), (*state.ticked, *ids)


@redrawn
def _dismiss() -> None:
    runs_state().deleted = ()


@redrawn
def _save(run_id: str, keys: Sequence[str]) -> None:
    """Store the name, tags, note and colour in the fields with these keys."""
    store, (name, tags, note, colour) = services().store, (st.session_state[key] for key in keys)

    def write() -> None:
        store.rename(run_id, name)
        store.set_tags(run_id, tags)
        store.set_note(run_id, note)
        store.set_colour(run_id, colour)

    _close_edit(problem_of(write))


@redrawn
def _retag(ids: Sequence[str]) -> None:
    add, remove = st.session_state["tags_added"], st.session_state["tags_removed"]
    _close_edit(problem_of(lambda: services().store.change_tags(ids, add=add, remove=remove)))


def _close_edit(problem: str | None) -> None:
    state = runs_state()
    state.problem = problem
    if problem is None:
        state.close_panel(EDIT)


def _each(ids: Sequence[str], action: Callable[[str], object]) -> None:
    """Call ``action`` for every run; of several problems, the first is shown."""
    problems = [problem_of(partial(action, run)) for run in ids]
    runs_state().problem = next(filter(None, problems), None)
