"""Page numbers below a long list, in the address too."""

from __future__ import annotations

from typing import Literal

import streamlit as st

_WIDTHS = {2: 180, 3: 260, 4: 260}  # pixels; beside a text, so few pages leave numbers out unless the width is given


def pager(total: int, size: int, *, key: str, thing: str) -> int:
    """Draw "1–100 of 10,000 runs" with page numbers, where ``total`` things need several pages of ``size``.

    The number of the first thing on the page, from 0. ``key`` is the widget's and its parameter in the address.
    """
    pages = max(1, -(-total // size))
    if pages == 1:
        st.session_state.pop(key, None)
        return 0
    if st.session_state.get(key, 1) > pages:  # the list has become shorter
        st.session_state[key] = pages
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        place = st.empty()
        width: int | Literal["content"] = _WIDTHS.get(pages, "content")
        page = st.pagination(pages, key=key, width=width, bind="query-params", persist_state="session")
        first = (page - 1) * size
        place.caption(f"{first + 1:,}–{min(first + size, total):,} of {total:,} {thing}", width="content")
    return first


def first_page(key: str) -> None:
    """Go back to the first page, before the pager is drawn: the list is another one."""
    if key in st.session_state:
        st.session_state[key] = 1
