"""What a page shows when something is wrong: a banner while runs cannot be trained or recorded, and errors in place."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

import streamlit as st

from reglab.errors import RegLabError
from reglab.ui.shared.services import services
from reglab.ui.shared.text import literal

P = ParamSpec("P")

_SHOWN, _PROBLEM = "_banner_shown", "button_problem"


def banner() -> str | None:
    """Draw the banner if something is wrong; its sentence."""
    reason = services().runner.trouble()
    st.session_state[_SHOWN] = reason is not None
    if reason is not None:
        show(reason)
    return reason


def refresh() -> None:
    """Draw the page anew if the banner appears or goes; for the ticks of a live page, which leave the rest alone."""
    if (services().runner.trouble() is not None) != st.session_state.get(_SHOWN, False):
        st.rerun()


def show(error: RegLabError | str) -> None:
    """Show an error where the person is looking."""
    st.error(literal(str(error)), icon=":material/error:")


def redrawn(act: Callable[P, object]) -> Callable[P, None]:
    """``act`` as a callback in a live page, after which the whole page is drawn anew.

    Streamlit would draw the fragment that was pressed, which may be no more: a press between a last tick and the page
    that follows it would have its effect, and nobody would see it.
    """

    @wraps(act)
    def callback(*args: P.args, **kwargs: P.kwargs) -> None:
        act(*args, **kwargs)
        st.rerun()

    return callback


def attempt(act: Callable[[], object]) -> Callable[[], None]:
    """``act`` as a button's callback, :func:`redrawn`; its error is kept for :func:`button_problem`."""

    @redrawn
    def on_click() -> None:
        try:
            act()
        except RegLabError as error:
            st.session_state[_PROBLEM] = str(error)

    return on_click


def button_problem() -> None:
    """Show, once, why the last press of a button failed; stands beside the buttons."""
    if problem := st.session_state.pop(_PROBLEM, None):
        show(problem)
