"""The sessions that watch training, and how often their pages look at the store: the more they are, the less often."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

FREE = 4
"""So many sessions tick as often as their page asks for."""

LONGEST = 8
"""The longest interval, as a multiple of what a page asks for."""


def interval(base: float, watching: int) -> float:
    """Seconds between ticks: ``base`` × max(1, ``watching`` / FREE), the factor rounded up to a power of two.

    Steps instead of a slope, because a new interval takes effect by drawing the page anew.
    """
    factor = 1
    while factor < LONGEST and watching > FREE * factor:
        factor *= 2
    return base * factor


@dataclass
class Watchers:
    """Sessions with a live page on screen; those whose browser has gone are forgotten."""

    connected: Callable[[str], bool]
    _watching: dict[str, bool] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def watch(self, session: str) -> int:
        """Count ``session``; how many watch now."""
        with self._lock:
            self._watching[session] = True
            for other in [other for other in self._watching if other != session and not self.connected(other)]:
                del self._watching[other]
            return len(self._watching)

    def arrive(self, session: str) -> None:
        """A page begins to be drawn for ``session``, which is counted on until :meth:`settle`, if it was."""
        with self._lock:
            if session in self._watching:
                self._watching[session] = False

    def settle(self, session: str) -> None:
        """The page is drawn: unless it called :meth:`watch` meanwhile, ``session`` watches no longer."""
        with self._lock:
            if self._watching.get(session) is False:
                del self._watching[session]


def session_id() -> str:
    """The session whose script this thread runs."""
    context = get_script_run_ctx()
    assert context is not None  # pages run nowhere else
    return context.session_id


def watched_interval(base: float) -> float:
    """Count this session as one that watches; seconds until its page should tick again."""
    return interval(base, WATCHERS.watch(session_id()))


def _connected(session: str) -> bool:
    return runtime.exists() and runtime.get_instance().is_active_session(session)


WATCHERS = Watchers(_connected)
