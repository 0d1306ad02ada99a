"""What a person can do with the runs on the live view: stop, resume, duplicate, share, open their sweep."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

import streamlit as st

from reglab.spec import RunSpec
from reglab.store import Run
from reglab.ui.shared import run_text
from reglab.ui.shared.query import SWEEP_PAGE, run_query
from reglab.ui.shared.services import services
from reglab.ui.shared.tables import ACTIVE
from reglab.ui.shared.text import literal
from reglab.ui.shared.trouble import attempt
from reglab.ui.train.state import SWEEP_ICON, show_form


def stop_or_resume(run: Run, suffix: str = "") -> bool:
    """Stop, Cancel or Resume, as the run's state allows; False if it allows none. ``suffix`` ends the widget keys."""
    runner = services().runner
    if run.state in ACTIVE:
        stopping = run.wanted == "stop"
        label = "Cancel" if run.state == "queued" else "Stopping…" if stopping else "Stop"
        stop, icon = attempt(lambda: runner.stop(run.id)), ":material/stop:"
        st.button(label, key=f"stop{suffix}", icon=icon, disabled=stopping, on_click=stop)
    elif run.resumable:
        resume, icon = attempt(lambda: runner.resume(run.id)), ":material/play_arrow:"
        about = run_text.resume_text(run)
        st.button("Resume", key=f"resume{suffix}", icon=icon, type="primary", on_click=resume, help=about)
    else:
        return False
    return True


def duplicate(run: Run) -> None:
    """Opens the form with the run's settings."""
    icon, about = ":material/content_copy:", "Opens the form with the settings of this run."
    st.button("Duplicate", key="duplicate", icon=icon, on_click=_leave, args=(run.spec,), help=about)


def new_run(runs: Sequence[Run]) -> None:
    """Opens the form: for one run with the defaults, as Duplicate keeps its settings; else with the last one's."""
    alone = len(runs) == 1
    about = "Opens a new form." if alone else f"Opens the form with the settings of {literal(runs[-1].name)}."
    args = () if alone else (runs[-1].spec,)
    st.button("New run", key="new_run", icon=":material/add:", on_click=_leave, args=args, help=about)


def open_form() -> None:
    """Leads on if there is no run to show."""
    st.button("Open the form", key="open_form", icon=":material/arrow_back:", on_click=show_form)


def sweep_button(runs: Sequence[Run]) -> None:
    """Opens the sweep that all ``runs`` are part of, if there is one."""
    sweeps = {run.sweep for run in runs}
    if len(sweeps) == 1 and None not in sweeps:
        # with the runs, too: the browser first adds all of it to the present page's address, to which Back leads
        query = {**run_query([run.id for run in runs]), "sweep": str(sweeps.pop())}
        about = "Opens the sweep that this is part of, with all its λ."
        st.button("λ sweep", key="back_to_sweep", icon=SWEEP_ICON, on_click=_see_sweep, args=(query,), help=about)


def link(runs: Sequence[Run]) -> None:
    """The address to share, with a button that copies it."""
    with st.popover("Link", icon=":material/link:", key="link"):
        st.caption("Opens this view in any browser that reaches this server.")
        query = urlencode(run_query([run.id for run in runs]), safe=",")
        st.code(f"{st.context.url or ''}?{query}", language=None, wrap_lines=True)


def _see_sweep(query: dict[str, str]) -> None:
    st.switch_page(SWEEP_PAGE, query_params=query)


def _leave(spec: RunSpec | None = None) -> None:
    """Go from the live view to the form: the whole page, not only the fragment that the button is in."""
    show_form(spec)
    st.rerun()
