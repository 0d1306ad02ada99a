"""A press of a button that may fail: what went wrong is said where the buttons are, once."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from reglab.errors import RegLabError
from reglab.ui.shared.markdown import literal

_PROBLEM = "button_problem"


def attempt(act: Callable[[], object]) -> Callable[[], None]:
    """``act`` as a button's callback; what goes wrong is kept for :func:`say_problem`."""

    def on_click() -> None:
        try:
            act()
        except RegLabError as error:
            st.session_state[_PROBLEM] = str(error)

    return on_click


def say_problem() -> None:
    """What went wrong with the last press of a button, once."""
    problem = st.session_state.pop(_PROBLEM, None)
    if problem:
        st.error(literal(problem), icon=":material/error:")
