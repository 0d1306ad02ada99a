"""What one can do with a sweep on its view: stop, resume, again with other settings, share, take the table along."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode

import streamlit as st

from reglab.store import Sweep
from reglab.sweep import SweepSpec
from reglab.ui.shared.services import services
from reglab.ui.shared.tables import ACTIVE
from reglab.ui.shared.trouble import attempt
from reglab.ui.sweep import progress_text
from reglab.ui.sweep.query import Look, sweep_query
from reglab.ui.sweep.state import show_form


def stop_or_resume(sweep: Sweep) -> None:
    """The one of the two that the sweep's state allows."""
    runner = services().runner
    if sweep.deleted is not None:
        st.button(
            "Restore", key="path_restore", icon=":material/undo:", type="primary",
            on_click=attempt(lambda: services().store.restore_sweep(sweep.id)),
        )  # fmt: skip
    elif sweep.state in ACTIVE:
        stopping = sweep.wanted == "stop"
        st.button(
            "Cancel" if sweep.state == "queued" else "Stopping…" if stopping else "Stop", key="path_stop",
            icon=":material/stop:", disabled=stopping, on_click=attempt(lambda: runner.stop_sweep(sweep.id)),
            help="Stops all runs with a checkpoint, to be resumed.",
        )  # fmt: skip
    elif sweep.resumable:
        st.button(
            "Resume", key="path_resume", icon=":material/play_arrow:", type="primary",
            on_click=attempt(lambda: runner.resume_sweep(sweep.id)), help=progress_text.resume_text(sweep),
        )  # fmt: skip


def duplicate(sweep: Sweep) -> None:
    """Opens the form with the sweep's settings."""
    st.button(
        "Duplicate", key="path_duplicate", icon=":material/content_copy:", on_click=leave, args=(sweep.spec,),
        help="Opens the form with the settings of this path.",
    )  # fmt: skip


def new_sweep() -> None:
    """Opens the form as it is at first."""
    st.button("New", key="path_new", icon=":material/add:", on_click=leave, help="Opens the form of a new path.")


def link(sweep: Sweep, look: Look) -> None:
    """The address to share, with a button that copies it."""
    with st.popover("Link", icon=":material/link:", key="path_link"):
        st.caption("Opens exactly this view in any browser that reaches this server.")
        query = urlencode(sweep_query(sweep.id, look))
        st.code(f"{st.context.url or ''}?{query}", language=None, wrap_lines=True)


def table_csv(data: Callable[[], bytes], sweep: Sweep) -> None:
    """The table on screen as a file, at full precision; ``data`` is made when it is asked for."""
    st.download_button(
        "CSV", data, f"path-{sweep.id}.csv", "text/csv", key="path_csv", icon=":material/download:", on_click="ignore",
        help="One row a λ: means, standard errors and differences at the epoch shown, at full precision.",
    )  # fmt: skip


def leave(spec: SweepSpec | None = None) -> None:
    """From the view to the form: the whole page, not only the fragment that the button is in."""
    show_form(spec)
    st.rerun()
