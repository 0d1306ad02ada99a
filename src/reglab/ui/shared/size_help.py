"""What a form says where the images make a CNN huge, with a button for each remedy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from reglab.errors import RegLabError
from reglab.spec import RunSpec
from reglab.training import oversize
from reglab.ui.shared.text import literal

Change = Callable[[Mapping[str, Any]], None]
"""Gives the fields of dotted settings these values."""


def size_help(network: RunSpec | None, change: Change, key: str) -> None:
    """How large ``network`` is and what makes it smaller; nothing where it is of a usual size."""
    try:
        large = None if network is None else oversize(network)
    except RegLabError:
        return  # the sentence beside Start says what does not fit
    if large is None:
        return
    with st.container(border=True, gap="xsmall"):
        st.markdown(literal(large.about))
        with st.container(horizontal=True, gap="small"):
            if large.pool:
                _press("Use a global-pooling head", f"{key}_pool", change, {"model.head": "pool"})
            if large.resize is not None:
                _press(f"Resize to {large.resize} px", f"{key}_resize", change, {"data.resize": large.resize})


def _press(label: str, key: str, change: Change, values: Mapping[str, Any]) -> None:
    st.button(label, key=key, on_click=change, args=(values,))
