"""What a page shows when something is wrong: a banner while runs cannot be trained or recorded, and errors in place."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

import streamlit as st

from reglab.errors import RegLabError
from reglab.ui.shared.markdown import literal
from reglab.ui.shared.services import services

P = ParamSpec("P")

_SHOWN, _FAILED = "_banner_shown", "_page_failed"
_TICK = 3.0  # seconds between looks whether the store works again


def banner() -> str | None:
    """Draw the banner where something is wrong; its sentence."""
    reason = services().runner.trouble()
    st.session_state[_SHOWN] = reason is not None
    if reason is not None:
        _error(reason)
    return reason


def refresh() -> None:
    """Draw the page anew where the banner appears or goes; for the ticks of a live page, which leave the rest alone."""
    if (services().runner.trouble() is not None) != st.session_state.get(_SHOWN, False):
        st.rerun()


def show(error: RegLabError) -> None:
    """Show an error where the person is looking."""
    _error(str(error))


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
    st.fragment(_look, run_every=_TICK)()


@steady
def _look() -> None:
    if st.session_state.pop(_FAILED, False):
        return  # this is no tick, but the page that has just failed
    if services().runner.trouble() is None:
        st.rerun()


def _error(sentence: str) -> None:
    st.error(literal(sentence), icon=":material/error:")
