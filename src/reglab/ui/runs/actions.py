"""What can be done with ticked runs, as callbacks: each takes exactly the runs that its button named when drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import streamlit as st

from reglab.errors import RegLabError
from reglab.store import Run
from reglab.ui.runs.state import runs_state
from reglab.ui.shared.query import TRAIN_PAGE, run_query
from reglab.ui.shared.services import services
from reglab.ui.train.state import prepare_form

EDIT, DELETE = "edit_runs", "delete_runs"
"""Keys of the two panels that a button opens."""


def stop(ids: Sequence[str]) -> None:
    """Ask running runs to stop; cancel queued ones."""
    _each(ids, services().runner.stop)


def resume(ids: Sequence[str]) -> None:
    """Queue stopped, interrupted or failed runs again."""
    _each(ids, services().runner.resume)


def delete(runs: Sequence[Run]) -> None:
    """Hide runs, all or none, and offer Undo."""
    state, ids = runs_state(), [run.id for run in runs]
    st.session_state[DELETE] = False
    state.problem = _problem(lambda: services().store.delete(ids))
    if state.problem is None:
        state.deleted = tuple((run.id, run.name) for run in runs)
        state.ticked = tuple(run for run in state.ticked if run not in ids)


def undo() -> None:
    """Bring back what was last deleted, ticked as it was."""
    state = runs_state()
    ids = tuple(run for run, _ in state.deleted)
    state.problem = _problem(lambda: services().store.restore(ids))
    if state.problem is None:
        state.deleted, state.ticked = (), (*state.ticked, *ids)


def dismiss() -> None:
    """Take Undo off the screen."""
    runs_state().deleted = ()


def save(run_id: str, keys: tuple[str, str, str]) -> None:
    """Store the name, tags and note that are in the fields with these keys."""
    store, (name, tags, note) = services().store, (st.session_state[key] for key in keys)

    def write() -> None:
        store.rename(run_id, name)
        store.set_tags(run_id, tags)
        store.set_note(run_id, note)

    _close_edit(_problem(write))


def retag(runs: Sequence[Run], add_key: str, remove_key: str) -> None:
    """Add the tags under ``add_key`` to every run, and take those under ``remove_key`` away."""
    added, removed = st.session_state[add_key], set(st.session_state[remove_key])

    def write() -> None:
        for run in runs:
            kept = [tag for tag in run.tags if tag not in removed]
            services().store.set_tags(run.id, [*kept, *added])

    _close_edit(_problem(write))


def open_runs(ids: Sequence[str]) -> None:
    """Go to the live view of these runs."""
    st.switch_page(TRAIN_PAGE, query_params=run_query(ids))


def duplicate(run: Run) -> None:
    """Go to a new form with this run's settings."""
    prepare_form(run.spec)
    st.switch_page(TRAIN_PAGE, query_params=run.spec.to_query())


def _close_edit(problem: str | None) -> None:
    runs_state().problem = problem
    st.session_state[EDIT] = problem is not None


def _each(ids: Sequence[str], action: Callable[[str], object]) -> None:
    """``action`` on every run; the first problem is said, the others still get their turn."""
    problems = [_problem(partial(action, run)) for run in ids]
    runs_state().problem = next(filter(None, problems), None)


def _problem(action: Callable[[], object]) -> str | None:
    try:
        action()
    except RegLabError as error:
        return str(error)
    return None
