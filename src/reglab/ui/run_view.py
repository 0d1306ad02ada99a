"""The live view of one run or of several: a head that changes with the state, and below it what moves by itself.

Only the moving part is polled, and only while a run is queued or training; a change of state redraws the page once.
"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from reglab.errors import UnknownRun
from reglab.store import Run
from reglab.ui import run_buttons, live_words
from reglab.ui.form_state import show_form
from reglab.ui.run_panels import panels
from reglab.ui.services import services

TICK = 0.5
"""Seconds between looks at the store while something trains."""

Look = tuple[tuple[str, str], ...]


def run_view(ids: Sequence[str]) -> None:
    """Draw the runs called ``ids``; what cannot be found is said, with the way back to the form."""
    runs, problems = _find(ids)
    for sentence in problems:
        st.error(f"{sentence} Is the link complete?", icon=":material/search_off:")
    if not runs:
        st.button("Open the form", icon=":material/arrow_back:", on_click=show_form, key="open_form")
        return
    _head(runs)
    active = any(run.state in live_words.ACTIVE for run in runs)
    st.fragment(_moving, run_every=TICK if active else None)(tuple(run.id for run in runs), _look(runs))


def _moving(ids: tuple[str, ...], drawn: Look) -> None:
    """What follows the training. ``drawn`` is how the head shows the runs: once it is out of date, all is redrawn."""
    runs = [services().store.get(run_id) for run_id in ids]
    if _look(runs) != drawn or "run_problem" in st.session_state:
        st.rerun()
    panels(runs)


def _look(runs: Sequence[Run]) -> Look:
    """What the head depends on."""
    return tuple((run.state, run.wanted) for run in runs)


def _find(ids: Sequence[str]) -> tuple[list[Run], list[str]]:
    """The runs that there are, each once, and a sentence for each that there is not."""
    runs: dict[str, Run] = {}
    problems = []
    for text in ids:
        try:
            run = services().store.get(text)
        except UnknownRun as error:
            problems.append(str(error))
        else:
            runs[run.id] = run
    return list(runs.values()), problems


def _head(runs: Sequence[Run]) -> None:
    """Name and state at the left, what one can do at the right, and below it what is trained."""
    alone = runs[0] if len(runs) == 1 else None
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.subheader(_literal(alone.name) if alone else f"{len(runs)} runs side by side", width="content")
        if alone:
            run_buttons.badge(alone)
        st.space("stretch")
        if alone:
            run_buttons.stop_or_resume(alone)
            run_buttons.duplicate(alone)
        run_buttons.new_run()
        run_buttons.link()
    run_buttons.say_problem()
    if alone:
        st.caption(live_words.facts(alone))
        _explain(alone)


def _explain(run: Run) -> None:
    """A sentence where the run did not end as it should."""
    if run.deleted is not None:
        st.warning("This run is deleted; the Runs page can restore it.", icon=":material/delete:")
    if run.state in ("failed", "diverged"):
        st.error(run.error or "The run failed without saying why.", icon=":material/error:")
    if run.state == "interrupted" and run.resumable:
        st.info(live_words.resume_words(run), icon=":material/replay:")


def _literal(text: str) -> str:
    """``text`` without Markdown's meaning: a name is whatever people type."""
    return "".join(f"\\{c}" if c in r"\`*_{}[]()<>#+-!|~$:" else c for c in text)
