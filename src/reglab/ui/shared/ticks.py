"""Ticks of live pages: a fragment that runs again every second or less often, the more sessions watch."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps
from typing import ParamSpec

import streamlit as st
from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from reglab.errors import RegLabError
from reglab.ui.shared.services import services
from reglab.ui.shared.trouble import show

P = ParamSpec("P")

FREE = 4
"""Up to this many sessions tick as often as their page asks for."""

LONGEST = 8
"""The longest interval, as a multiple of what a page asks for."""

READABLE = "<style>[data-testid=stMain] [data-stale=true] { opacity: 1 !important }</style>"
"""Streamlit fades what a slow tick has not drawn yet: on a busy machine the whole page, to a contrast of 2.6 : 1."""

_NUMBER, _FAILED = "ticks_number", "_page_failed"
_RETRY = 3.0  # seconds between checks whether the store works again


def tick_every(seconds: float | None, tick: Callable[[], None]) -> None:
    """Draw ``tick`` as a fragment that runs again every so many ``seconds``, or never by itself.

    Each run of the page makes a fragment of its own, since a tick of the previous page would cost what this run has
    drawn. Streamlit begins a tick by dropping what the server has not sent yet of the same fragment: one that was
    waiting for this run to end makes the browser throw the charts away. And one that arrives when the script has
    ended, but before the server has looked at what it has drawn, makes the server forget the run: a click without
    effect. A tick of a fragment that is no more does neither.
    """
    if seconds is not None:
        st.html(READABLE)
    fragment_every(seconds, tick)


def fragment_every(seconds: float | None, tick: Callable[[], None]) -> None:
    """:func:`tick_every` for a ``tick`` that draws nothing: what stands around it looks the same meanwhile."""
    number = st.session_state[_NUMBER] = st.session_state.get(_NUMBER, 0) + 1

    @wraps(tick)
    def drawn() -> None:
        tick()

    drawn.__qualname__ = f"{tick.__qualname__}_{number}"  # from which Streamlit makes the fragment's identity
    st.fragment(drawn, run_every=seconds)()


def steady(tick: Callable[P, None]) -> Callable[P, None]:
    """Have a tick of a live page show its error in its place; the next tick tries again.

    Streamlit would log a traceback for every tick of every visitor while the store is away.
    """

    @wraps(tick)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            tick(*args, **kwargs)
        except RegLabError as error:
            show(error)

    return guarded


def come_back() -> None:
    """Draw the page anew once the store works again, on a page that could not be drawn without it."""
    st.session_state[_FAILED] = True
    st.fragment(_look, run_every=_RETRY)()


@steady
def _look() -> None:
    if st.session_state.pop(_FAILED, False):
        return  # this is no tick, but the page that has just failed
    if services().runner.trouble() is None:
        st.rerun()


def interval(base: float, watching: int) -> float:
    """Seconds between ticks: ``base`` × max(1, ``watching`` / FREE), the factor rounded up to a power of two.

    In steps, because a new interval takes effect by drawing the page anew.
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
        """A page begins to be drawn for ``session``, which stays counted until :meth:`settle`, if it was."""
        with self._lock:
            if session in self._watching:
                self._watching[session] = False

    def settle(self, session: str) -> None:
        """The page is drawn: unless it called :meth:`watch`, ``session`` no longer watches."""
        with self._lock:
            if self._watching.get(session) is False:
                del self._watching[session]


def session_id() -> str:
    """The session whose script this thread runs."""
    context = get_script_run_ctx()
    assert context is not None  # pages run nowhere else
    return context.session_id


def opens_page() -> bool:
    """Whether this thread draws a page anew, and not a tick of one that is on screen."""
    context = get_script_run_ctx()
    return context is None or not context.fragment_ids_this_run


def watched_interval(base: float) -> float:
    """Count this session as watching; seconds until its page should tick again."""
    return interval(base, WATCHERS.watch(session_id()))


def _connected(session: str) -> bool:
    return runtime.exists() and runtime.get_instance().is_active_session(session)


WATCHERS = Watchers(_connected)
