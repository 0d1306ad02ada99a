"""What pages show of runs and sweeps alike: badges of states, links, page numbers, rows that cannot be read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal
from urllib.parse import urlencode

import streamlit as st

from reglab.states import FACTS
from reglab.store import Run, Sweep, Unreadable
from reglab.ui.shared.services import services
from reglab.ui.shared.text import count_of, literal

_WIDTHS = {2: 180, 3: 260, 4: 260}  # pixels; beside a text, so few pages leave numbers out unless the width is given
_UNREADABLE = 20  # rows that are listed


def badge(subject: Run | Sweep) -> None:
    """The state of a run or sweep, in its colour."""
    facts = FACTS[subject.state]
    st.badge(subject.label, icon=facts.icon, color=facts.colour)


def pager(total: int, size: int, *, key: str, thing: str) -> int:
    """Draw "1–100 of 10,000 runs" with page numbers, if ``total`` things need several pages of ``size``.

    Returns the number of the first thing on the page, from 0. ``key`` is the widget's and its parameter in the address.
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


def unreadable_list(rows: Sequence[Unreadable], key: str) -> None:
    """A closed panel with name, id and reason of the rows that this version cannot read; nothing without any."""
    if not rows:
        return
    one = len(rows) == 1
    with st.expander(f"{count_of(len(rows), rows[0].kind)} cannot be read", icon=":material/warning:", key=key):
        st.caption(
            f"A newer version of RegLab may have written {'it' if one else 'them'}, or another program. Nothing was "
            "changed, and queued ones wait until a version that can read them takes them up."
        )
        for row in rows[:_UNREADABLE]:
            st.markdown(f"**{literal(row.name)}** · {literal(row.id)}  \n:small[{literal(row.reason)}]")
        if len(rows) > _UNREADABLE:
            st.caption(f"and {len(rows) - _UNREADABLE:,} more; `reglab check` lists all of them.")


def link_button(query: Mapping[str, str], key: str) -> None:
    """A button with the address of this page and ``query``, to copy."""
    with st.popover("Link", icon=":material/link:", key=key):
        st.caption("Opens this view in any browser that reaches this server.")
        st.code(f"{st.context.url or ''}?{urlencode(query, safe=',')}", language=None, wrap_lines=True)


def undo_notice() -> str:
    """For example "Files are removed for good after 30 days."."""
    return f"Files are removed for good after {count_of(services().settings.undo_days, 'day')}."
