"""What each visitor's import has come to, and how it leaves the disk when they are gone.

Streamlit forgets a session some minutes after its browser has left, and Python frees it whenever it next looks for
cycles, which may be hours later. So every visit of the wizard lets go of what sessions hold that are forgotten.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import BoundedSemaphore
from typing import Any
from weakref import WeakValueDictionary

import streamlit as st
from streamlit import runtime

from reglab.datasets.imported import Manifest
from reglab.errors import DataError
from reglab.imports import Found
from reglab.imports.uploaded import Uploaded
from reglab.ui.shared.ticks import session_id

STATE = "import_set_state"


@dataclass
class ImportState:
    """A visitor's import: understood, saved, or a problem."""

    uploaded: Uploaded | None = None
    found: Found | None = None
    saved: Manifest | None = None
    problem: str | None = None

    def release(self) -> None:
        """The upload and the decoded images leave the disk."""
        if self.uploaded is not None:
            self.uploaded.close()
        if self.found is not None:
            self.found.spool.close()
        self.uploaded = self.found = None


AT_ONCE = 2
"""Imports that are read or saved at the same time: each takes all cores."""

_TURNS = BoundedSemaphore(AT_ONCE)
_STATES: WeakValueDictionary[str, ImportState] = WeakValueDictionary()


def own_state() -> ImportState:
    """The state of this visitor's import."""
    for session, state in list(_STATES.items()):
        if not _known(session):
            state.release()
    return put_state(st.session_state.get(STATE) or ImportState())


def put_state(state: ImportState) -> ImportState:
    """Make ``state`` that of this visitor."""
    st.session_state[STATE] = _STATES[session_id()] = state
    return state


@contextmanager
def turn() -> Iterator[None]:
    """The block in which images are decoded.

    :raises DataError: others are in theirs.
    """
    if not _TURNS.acquire(blocking=False):
        raise DataError(f"{AT_ONCE} other imports are being read or saved; try again in a moment.")
    try:
        yield
    finally:
        _TURNS.release()


def _known(session: str) -> bool:
    """Whether Streamlit has this session, connected or about to come back; true where nobody can say."""
    sessions: Any = getattr(runtime.get_instance(), "_session_mgr", None) if runtime.exists() else None
    return sessions is None or sessions.get_session_info(session) is not None
