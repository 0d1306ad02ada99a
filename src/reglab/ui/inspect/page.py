"""The Inspect page: a run, one sentence on it, and the chosen view. Only that view is read and computed.

While the run trains, all of it follows the training.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import streamlit as st

from reglab.errors import DataError, RegLabError, UnknownRun
from reglab.states import ACTIVE, ENDED, State
from reglab.store import Run, UnreadableRow
from reglab.ui.inspect.data import newest_finished
from reglab.ui.inspect.environment import environment_view
from reglab.ui.inspect.errors import errors_view
from reglab.ui.inspect.filters import filters_view
from reglab.ui.inspect.layers import layers_view
from reglab.ui.inspect.query import View, link_of, read
from reglab.ui.inspect.state import KEYS, QUERY, RUN_KEY, beside_ids, choose_run, keep_view, open_run, shown, view_state
from reglab.ui.inspect.try_image import try_view
from reglab.ui.inspect.weights import weights_view
from reglab.ui.shared import text, trouble
from reglab.ui.shared.ended import deleted_notice, watch
from reglab.ui.shared.fields import segments
from reglab.ui.shared.live_chart import described
from reglab.ui.shared.query import COMPARE_PAGE, TRAIN_PAGE, compare_query, run_query, unique
from reglab.ui.shared.services import services
from reglab.ui.shared.tables import badge, link_button
from reglab.ui.shared.text import literal
from reglab.ui.shared.ticks import steady, tick_every, watched_interval

VIEWS: Mapping[View, tuple[str, Callable[[Run], None]]] = {
    "weights": ("Weights", weights_view),
    "layers": ("Layers", layers_view),
    "filters": ("Filters", filters_view),
    "errors": ("Errors", errors_view),
    "image": ("Try an image", try_view),
    "environment": ("Environment and log", environment_view),
}
"""Every view: its name, and what draws it."""

TICK = 2.0
"""Seconds between updates while the run trains or waits."""

LISTED = 100
"""Runs in the list to choose from, newest first."""


def inspect_page() -> None:
    """Draw the page that the query asks for."""
    QUERY.sync()
    query, repeated = unique(st.query_params, tuple(KEYS))
    link = read(query, repeated)
    run = _find(link.run)
    if run is None:
        _nothing()
        return
    st.set_page_config(page_title=f"{run.name} · Inspect · RegLab")
    open_run(run.id, link)
    st.session_state[RUN_KEY] = run.id
    if run.state in ACTIVE:
        tick_every(watched_interval(TICK), lambda: _tick(run.id, run.state))
    else:
        _board(run)
        watch([run], services().store.get)


@steady
def _tick(run_id: str, state: State) -> None:
    """Draw the board anew; the whole page where the run has come to another state, or another run was chosen."""
    run = services().store.get(run_id)
    if run.state != state or st.session_state.get(RUN_KEY, run_id) != run_id:
        st.rerun()
    _board(run)


def _board(run: Run) -> None:
    _head(run)
    _notes(run)
    view = segments("View", {name: label for name, (label, _) in VIEWS.items()}, KEYS["view"])
    try:
        with described(text.facts(run), text.file_name([run])):
            VIEWS[view][1](run)
    except DataError as error:
        st.info(literal(str(error)), icon=":material/image_not_supported:")
    except RegLabError as error:
        trouble.show(error)
    keep_view()


def _find(wanted: str | None) -> Run | None:
    """The run that the link names; where there is none so, a sentence and the newest finished one."""
    store = services().store
    if wanted is not None:
        try:
            return store.get(wanted)
        except (UnknownRun, UnreadableRow) as error:
            st.error(f"{literal(str(error))} Is the link complete?", icon=":material/search_off:")
    return newest_finished(store)


def _nothing() -> None:
    st.title("Inspect", anchor=False)
    st.markdown("No runs yet. A run that has been trained can be inspected here.")
    if st.button("Train a CNN", key="first_run", type="primary", icon=":material/play_circle:"):
        st.switch_page(TRAIN_PAGE)


def _head(run: Run) -> None:
    """Name and state, the list of runs, buttons, and one sentence."""
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute", gap="small"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small", width="content", key="named"):
            st.title(literal(run.name), width="content", anchor=False)
            badge(run)
        with st.container(horizontal=True, vertical_alignment="center", gap="small", width="content"):
            _run_list(run)
            _buttons(run)
    st.caption(f"{literal(text.progress_line(run, [], None))} {literal(text.facts(run))}")


def _run_list(run: Run) -> None:
    recent = services().store.runs(limit=LISTED)
    names = text.distinct({one.id: f"{one.name} · {one.label}" for one in [*recent, run]})
    look: dict[str, Any] = {"label_visibility": "collapsed", "width": 280}
    st.selectbox("Run", list(names), format_func=names.__getitem__, key=RUN_KEY, on_change=choose_run, **look)


def _buttons(run: Run) -> None:
    to_train = partial(st.switch_page, TRAIN_PAGE, query_params=run_query([run.id]))
    about = "The live view of this run, with its curves."
    st.button("Curves", key="inspect_train", icon=":material/monitoring:", on_click=to_train, help=about)
    to_compare = partial(st.switch_page, COMPARE_PAGE, query_params=compare_query([run.id, *beside_ids()]))
    about = "This run beside others: curves, weights, settings, errors."
    st.button("Compare", key="inspect_compare", icon=":material/compare_arrows:", on_click=to_compare, help=about)
    link_button(link_of(run.id, view_state()), "inspect_link")


def _notes(run: Run) -> None:
    """What a person must know before the figures: what of the link failed, and what the run lacks."""
    if problem := shown().problem:
        st.warning(f"The link: {literal(problem)}", icon=":material/link_off:")
    trouble.button_problem()
    deleted_notice([run])
    if run.state in ACTIVE:
        _still_training(run)
    elif not run.epoch:
        st.warning("This run ended before its first epoch, so only its start is known.", icon=":material/block:")
    if run.state in ("failed", "diverged"):
        trouble.show(run.error or "The run failed without a message; the server's log has the details.")
    if run.state in ENDED and (missing := services().store.missing(run)):
        st.warning(literal(missing), icon=":material/folder_off:")


def _still_training(run: Run) -> None:
    known = f"epoch {run.epoch} of {run.epochs} is the newest here" if run.epoch else "no epoch has ended yet"
    what = "Waiting in the queue" if run.state == "queued" else "Still training"
    st.info(f"{what}: {known}. This page follows.", icon=":material/hourglass_top:")
