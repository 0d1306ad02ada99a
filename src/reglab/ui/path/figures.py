"""Figures that are drawn again only when there is something new to draw."""

from __future__ import annotations

from collections.abc import Callable

import plotly.graph_objects as go
import streamlit as st


def kept(kind: str, source: object, make: Callable[[], go.Figure]) -> go.Figure:
    """The last figure of ``kind`` if it was made from an equal ``source``, else a new one."""
    key = f"path_figure_{kind}"
    found: tuple[object, go.Figure] | None = st.session_state.get(key)
    if found is None or found[0] != source:
        found = (source, make())
        st.session_state[key] = found
    return found[1]
