"""What one can do with a run on the live view, and the badge of its state."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

import streamlit as st

from reglab.spec import RunSpec
from reglab.store import Run
from reglab.ui.shared import run_text
from reglab.ui.shared.query import run_query
from reglab.ui.shared.services import services
from reglab.ui.shared.tables import ACTIVE
from reglab.ui.shared.text import literal
from reglab.ui.shared.trouble import attempt
from reglab.ui.train.state import show_form


def stop_or_resume(run: Run, stop_key: str = "stop", resume_key: str = "resume") -> bool:
    """The one of the two that the run's state allows; False where it allows neither."""
    runner = services().runner
    if run.state in ACTIVE:
        stopping = run.wanted == "stop"
        st.button(
            "Cancel" if run.state == "queued" else "Stopping…" if stopping else "Stop",
            key=stop_key, icon=":material/stop:", disabled=stopping, on_click=attempt(lambda: runner.stop(run.id)),
        )  # fmt: skip
    elif run.resumable:
        st.button(
            "Resume", key=resume_key, icon=":material/play_arrow:", type="primary",
            on_click=attempt(lambda: runner.resume(run.id)), help=run_text.resume_text(run),
        )  # fmt: skip
    else:
        return False
    return True


def duplicate(run: Run) -> None:
    """Opens the form with the run's settings."""
    st.button(
        "Duplicate", key="duplicate", icon=":material/content_copy:", on_click=_leave, args=(run.spec,),
        help="Opens the form with the settings of this run.",
    )  # fmt: skip


def new_run(runs: Sequence[Run]) -> None:
    """Opens the form: beside one run with the defaults, as Duplicate keeps its settings; else with the last one's."""
    alone = len(runs) == 1
    about = "Opens a new form." if alone else f"Opens the form with the settings of {literal(runs[-1].name)}."
    args = () if alone else (runs[-1].spec,)
    st.button("New run", key="new_run", icon=":material/add:", on_click=_leave, args=args, help=about)


def open_form() -> None:
    """The way on where there is no run to show."""
    st.button("Open the form", key="open_form", icon=":material/arrow_back:", on_click=show_form)


def link(runs: Sequence[Run]) -> None:
    """The address to share, with a button that copies it."""
    with st.popover("Link", icon=":material/link:", key="link"):
        st.caption("Opens this view in any browser that reaches this server.")
        query = urlencode(run_query([run.id for run in runs]), safe=",")
        st.code(f"{st.context.url or ''}?{query}", language=None, wrap_lines=True)


def _leave(spec: RunSpec | None = None) -> None:
    """From the live view to the form: the whole page, not only the fragment that the button is in."""
    show_form(spec)
    st.rerun()
