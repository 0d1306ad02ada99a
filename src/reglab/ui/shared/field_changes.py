"""Fields that code has changed, for example by a preset, and messages that the browser sent before it knew.

The browser sends the values of all fields with every message. One that was under way while code changed a field still
carries an old value, which would change the field back, or look like a choice of the person to a callback. Such a
message also carries an old query (:mod:`reglab.ui.shared.query`), or it cuts off the run that would have written the
new one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import streamlit as st


@dataclass
class Change:
    """The value that code gave a field, and those it had ``before`` that the browser may still send."""

    after: Any
    before: list[Any]


@dataclass
class FieldChanges:
    """The last changes by code, by widget key; ``sent`` once the query was written, too."""

    changes: dict[str, Change] = field(default_factory=dict)
    sent: bool = False

    def put(self, values: Mapping[str, Any]) -> None:
        """Give the fields these values."""
        for key, value in values.items():
            before = st.session_state.get(key)
            st.session_state[key] = value
            if before != value:
                known = self.changes.get(key)
                self.changes[key] = Change(value, [*(known.before if known else ()), before])
                self.sent = False

    def settle(self, *, behind: bool) -> list[str]:
        """Restore the fields that a message from before the changes took back, and return their keys.

        To be called before the fields are drawn, and by callbacks before they take a value as a choice. ``behind``:
        the message has an old query.
        """
        if self.sent and not behind:
            self.changes.clear()
        stale = [
            key for key, change in self.changes.items() if _now(key) != change.after and _now(key) in change.before
        ]
        for key in stale:
            st.session_state[key] = self.changes[key].after
        return stale


def _now(key: str) -> Any:
    return st.session_state.get(key)
