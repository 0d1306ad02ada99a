"""Buttons of what changes the store: idle, with the reason as their help, where this visitor may not press them.

They only say it. What refuses is the store.
"""

from __future__ import annotations

from typing import Any

import streamlit as st

from reglab.access import Action
from reglab.store import Run, RunMark, Sweep
from reglab.ui.shared.services import services
from reglab.ui.shared.text import literal


def barred(action: Action, *jobs: Run | RunMark | Sweep) -> str | None:
    """Why the visitor may not do this (to one of ``jobs``), in one sentence; None where they may."""
    store = services().store
    return next(filter(None, (store.why_barred(action, job) for job in (jobs or (None,)))), None)


def act_button(
    label: str,
    action: Action,
    *jobs: Run | RunMark | Sweep,
    disabled: bool = False,
    help: str | None = None,
    **look: Any,
) -> bool:
    """``st.button`` for ``action`` on ``jobs``; see the module."""
    reason = barred(action, *jobs)
    return st.button(label, disabled=disabled or reason is not None, help=literal(reason) if reason else help, **look)
