"""The panel that lets a finished run or sweep go on to more epochs, or says why it cannot."""

from __future__ import annotations

import streamlit as st

from reglab.store import Run, Sweep
from reglab.ui.shared.acting import barred
from reglab.ui.shared.services import services
from reglab.ui.shared.text import literal
from reglab.ui.shared.trouble import attempt

MOST = 10_000  # epochs of a run


def extend_panel(job: Run | Sweep, key: str) -> None:
    """Epochs in all, and the button that queues ``job`` for them; its widgets have keys that begin with ``key``."""
    reason = barred("extend", job) or services().store.why_not_extensible(job)
    about = reason or "Goes on to more epochs, with exactly the numbers of having asked for them at once."
    panel = st.popover("Extend", icon=":material/forward:", key=key, disabled=reason is not None, help=literal(about))
    if reason is not None:
        return
    field, fewest = f"{key}_epochs", min(job.epochs + 1, MOST)
    with panel:
        st.number_input(
            "Epochs in all", fewest, MOST, min(2 * job.epochs, MOST), key=field, help=f"So far {job.epochs}."
        )
        extend = attempt(lambda: services().runner.extend(job.id, int(st.session_state[field])))
        st.button("Go on", key=f"{key}_start", icon=":material/play_arrow:", type="primary", on_click=extend)
