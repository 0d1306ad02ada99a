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
from reglab.errors import RegLabError
from reglab.exports.csv import csv_bytes, settings_of
from reglab.states import ACTIVE
from reglab.store import BestEpoch, Run
from reglab.store.labels import NAME_LENGTH, NOTE_LENGTH
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
from reglab.ui.train.state import FORM

EDIT, DELETE = "edit_runs", "delete_runs"
"""Keys of the two panels."""

PANEL_WIDTH = 340
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


def run_bar(ticked: Sequence[Run], tags: Sequence[str]) -> None:
    """The same buttons in the same places, enabled where they apply to ``ticked``; ``tags`` are all tags in use."""
    ids = [run.id for run in ticked]
    stoppable = [run.id for run in ticked if run.state in ACTIVE and not barred("stop", run)]
    may_go_on = [run for run in ticked if run.resumable and not barred("resume", run)]
    resumable = list({run.sweep or run.id: run.id for run in may_go_on}.values())  # a sweep resumes whole
    with st.container(horizontal=True, gap="small", width="content"):
        few = ids if len(ids) <= MAX_RUNS else []
        _button("Open", "open_runs", "open_in_full", _open, few, f"The live view of up to {MAX_RUNS} runs.")
        about = f"Curves, settings, weights and errors of up to {MOST_COMPARED} runs."
        _button("Compare", "compare_runs", "compare_arrows", _compare, ids, about)
        _edit_panel(ticked, tags)
        _button("Stop", "stop_runs", "stop", _stop, stoppable, _why("stop", ticked) or _STOPS)
        _button("Resume", "resume_runs", "play_arrow", _resume, resumable, _why("resume", ticked) or _RESUMES)
        single = ticked if len(ticked) == 1 else []
        _button("Inspect", "inspect_run_button", "biotech", _inspect, single, "Looks inside a single ticked run.")
        _button("Duplicate", "duplicate_run", "content_copy", _duplicate, single, "Opens the form with its settings.")
        csv: dict[str, Any] = {"file_name": "runs.csv", "mime": "text/csv", "icon": ":material/download:"}
        about = "Settings and results of the ticked runs."
        st.download_button(
            "CSV", lambda: runs_csv(ticked), **csv, key="runs_csv", disabled=not ticked, on_click="ignore", help=about
        )
        _delete_panel(ticked)


def _why(action: Action, ticked: Sequence[Run]) -> str | None:
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
    label: str, key: str, icon: str, action: Callable[[Any], None], runs: Sequence[str] | Sequence[Run], about: str
) -> None:
    """A button that calls ``action(runs)``, disabled where there are none."""
    icon = f":material/{icon}:"
    st.button(label, key=key, icon=icon, disabled=not runs, on_click=action, args=(runs,), help=about)


# Panels


def _edit_panel(ticked: Sequence[Run], tags: Sequence[str]) -> None:
    """Name, tags, note and colour of a single run; tags to add to several runs, and to remove from them."""
    panel = st.popover(
        "Edit",
        icon=":material/edit:",
        key=EDIT,
        on_change="rerun",
        disabled=not ticked or _why("label", ticked) is not None,
        help=_why("label", ticked) or "Name, tags, note, colour.",
    )
    if not panel.open or not ticked:
        return
    with panel, st.container(width=PANEL_WIDTH, gap="small"):
        if problem := runs_state().problem:
            st.error(literal(problem), icon=":material/error:")
        if len(ticked) == 1:
            st.caption(f"Run {ticked[0].id}, created {local_time(ticked[0].created, st.context.timezone)}")
            _labels(ticked[0], tags)
        else:
            _tags(ticked, tags)


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


def _tags(ticked: Sequence[Run], tags: Sequence[str]) -> None:
    present = list(dict.fromkeys(tag for run in ticked for tag in run.tags))
    with st.form("edit_tags", border=False):
        st.caption(f"Tags of {count_of(len(ticked), 'run')}. To edit a name or a note, tick a single run.")
        st.multiselect("Add tags", tags, key="tags_added", accept_new_options=True, placeholder="Choose or type")
        st.multiselect("Remove tags", present, key="tags_removed", placeholder="Choose", disabled=not present)
        _save_button("save_tags", _retag, ticked)


def _save_button(key: str, action: Callable[..., None], *args: object) -> None:
    st.form_submit_button("Save", type="primary", key=key, width="stretch", on_click=action, args=args)


def _delete_panel(ticked: Sequence[Run]) -> None:
    """Ask before deleting the ticked runs."""
    why, icon = _why("delete", ticked), ":material/delete:"
    idle = not ticked or why is not None
    panel = st.popover("Delete", icon=icon, key=DELETE, on_change="rerun", disabled=idle, help=why)
    if not panel.open or not ticked:
        return
    with panel, st.container(width=PANEL_WIDTH, gap="small"):
        st.markdown(f"Delete {named([run.name for run in ticked])}?")
        undo = "Undo restores them until other runs are deleted" if len(ticked) > 1 else "Undo restores it"
        st.caption(f"{undo}. {undo_notice()}")
        label, click = f"Delete {count_of(len(ticked), 'run')}", partial(_delete, ticked)
        st.button(label, key="confirm_delete", type="primary", width="stretch", on_click=click)


# Callbacks


def _open(ids: Sequence[str]) -> None:
    st.switch_page(TRAIN_PAGE, query_params=run_query(ids))


def _compare(ids: Sequence[str]) -> None:
    if len(ids) > MOST_COMPARED:
        st.session_state[COMPARE_NOTE] = f"The first {MOST_COMPARED} of {len(ids):,} ticked runs are compared."
    st.switch_page(COMPARE_PAGE, query_params=compare_query(ids))


def _inspect(runs: Sequence[Run]) -> None:
    st.switch_page(INSPECT_PAGE, query_params={"run": runs[0].id})


def _stop(ids: Sequence[str]) -> None:
    _each(ids, services().runner.stop)


def _resume(ids: Sequence[str]) -> None:
    _each(ids, services().runner.resume)


def _duplicate(runs: Sequence[Run]) -> None:
    FORM.prepare(runs[0].spec)
    st.switch_page(TRAIN_PAGE, query_params=FORM.to_query(runs[0].spec))


def _delete(runs: Sequence[Run]) -> None:
    """Hide runs, all or none, and offer Undo."""
    state, ids = runs_state(), [run.id for run in runs]
    st.session_state[DELETE] = False
    state.problem = _problem(lambda: services().store.delete(ids))
    if state.problem is None:
        state.deleted = tuple((run.id, run.name) for run in runs)
        state.ticked = tuple(run for run in state.ticked if run not in ids)


def _undo() -> None:
    """Restore the runs deleted last, and tick them again."""
    state = runs_state()
    ids = tuple(run for run, _ in state.deleted)
    state.problem = _problem(lambda: services().store.restore(ids))
    if state.problem is None:
        state.deleted, state.ticked = (), (*state.ticked, *ids)


def _dismiss() -> None:
    runs_state().deleted = ()


def _save(run_id: str, keys: Sequence[str]) -> None:
    """Store the name, tags, note and colour in the fields with these keys."""
    store, (name, tags, note, colour) = services().store, (st.session_state[key] for key in keys)

    def write() -> None:
        store.rename(run_id, name)
        store.set_tags(run_id, tags)
        store.set_note(run_id, note)
        store.set_colour(run_id, colour)

    _close_edit(_problem(write))


def _retag(runs: Sequence[Run]) -> None:
    added, removed = st.session_state["tags_added"], set(st.session_state["tags_removed"])

    def write() -> None:
        for run in runs:
            services().store.set_tags(run.id, [*(tag for tag in run.tags if tag not in removed), *added])

    _close_edit(_problem(write))


def _close_edit(problem: str | None) -> None:
    runs_state().problem = problem
    st.session_state[EDIT] = problem is not None


def _each(ids: Sequence[str], action: Callable[[str], object]) -> None:
    """Call ``action`` for every run; of several problems, the first is shown."""
    problems = [_problem(partial(action, run)) for run in ids]
    runs_state().problem = next(filter(None, problems), None)


def _problem(action: Callable[[], object]) -> str | None:
    try:
        action()
    except RegLabError as error:
        return str(error)
    return None
