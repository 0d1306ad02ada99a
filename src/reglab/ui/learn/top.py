"""A new section starts at its top: Streamlit keeps the scroll position when a page changes under it."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

_component = st.components.v2.component(
    "reglab_scroll_to_top", js=Path(__file__).with_name("top.js").read_text("utf-8"), isolate_styles=False
)


def scroll_to_top(shown: str) -> None:
    """Scroll the page up whenever ``shown`` differs from the last time."""
    _component(data=shown, key="learn_top", height=1)
