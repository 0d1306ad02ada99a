"""Fields that code has changed, for example by a preset, and messages that the browser sent before it knew.

The browser sends the values of all fields with every message. One that was under way while code changed a field still
carries its old value, which would change the field back. Such a message also carries an old query
(:mod:`reglab.ui.query`), or arrives before the run that would have written the new one has got that far.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import streamlit as st


@dataclass
class FieldChanges:
    """The last changes by code: widget key → (value before, value after); ``sent`` once the query was written, too."""

    changes: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    sent: bool = False

    def put(self, values: Mapping[str, Any]) -> None:
        """Give the fields these values."""
        for key, value in values.items():
            before = st.session_state.get(key)
            st.session_state[key] = value
            if before != value:
                self.changes[key] = (before, value)
                self.sent = False

    def settle(self, *, behind: bool) -> None:
        """Before the fields are drawn: restore what a message from before the changes took back, else forget them."""
        if self.sent and not behind:
            self.changes.clear()
        for key, (before, after) in self.changes.items():
            if st.session_state.get(key) == before:
                st.session_state[key] = after
