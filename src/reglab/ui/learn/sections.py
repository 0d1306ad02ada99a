"""Which section of the Learn page is open: the address, the row of choices and the two buttons agree on it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from reglab.ui.shared.query import Query

CHOICE = "learn_section"
_STATE = "learn_sections"
_SECTION = "section"
_QUERY = Query("learn", lambda key: key == _SECTION)


@dataclass(frozen=True)
class Section:
    """One section: its ``key`` in the address (``?section=geometry``), its title, and what draws it."""

    key: str
    title: str
    draw: Callable[[], None]


def open_section(sections: Sequence[Section]) -> Section:
    """The section to draw, after the row of choices; an unknown one in the address opens the first."""
    by_key = {section.key: section for section in sections}
    _follow_address(by_key)
    chosen = st.segmented_control(
        "Section", list(by_key), format_func=lambda key: by_key[key].title, key=CHOICE, required=True, width="stretch",
        label_visibility="collapsed",
    )  # fmt: skip
    section = by_key.get(chosen or "", sections[0])
    _write_address(section.key, sections[0].key)
    return section


def neighbours(sections: Sequence[Section], current: Section) -> None:
    """Buttons to the section before and the one after."""
    place = [section.key for section in sections].index(current.key)
    with st.container(horizontal=True, horizontal_alignment="distribute"):
        for step, icon in ((-1, "arrow_back"), (1, "arrow_forward")):
            if not 0 <= place + step < len(sections):
                st.space("small")
                continue
            there = sections[place + step]
            st.button(
                there.title, icon=f":material/{icon}:", icon_position="left" if step < 0 else "right", type="tertiary",
                key="learn_previous" if step < 0 else "learn_next", on_click=_go, args=(there.key,),
            )  # fmt: skip


def _go(key: str) -> None:
    st.session_state[CHOICE] = key


def _follow_address(known: dict[str, Section]) -> None:
    """Take the section of the query where the page has just opened, or where the person went Back or Forward."""
    asked, first = _QUERY.read().get(_SECTION, ""), next(iter(known))
    if CHOICE not in st.session_state or asked != st.session_state.get(_STATE):
        st.session_state[CHOICE] = asked if asked in known else first
    elif st.session_state[CHOICE] not in known:
        st.session_state[CHOICE] = first
    st.session_state[_STATE] = asked


def _write_address(key: str, first: str) -> None:
    text = "" if key == first else key
    if text != st.session_state[_STATE]:
        st.session_state[_STATE] = text
        _QUERY.write({_SECTION: text} if text else {})
