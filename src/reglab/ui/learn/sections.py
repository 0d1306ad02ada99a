"""The sections of the Learn page: which one is open, kept in step with the query, and the fields that they share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from reglab.ui.shared.fields import number_field, segments
from reglab.ui.shared.query import Query

CHOICE = "learn_section"
_STATE = "learn_sections"
_SECTION = "section"
_QUERY = Query("learn", lambda key: key == _SECTION)


@dataclass(frozen=True)
class Section:
    """``key`` is its name in the query (``?section=geometry``), ``draw`` draws it."""

    key: str
    title: str
    draw: Callable[[], None]


def open_section(sections: Sequence[Section]) -> Section:
    """Draw the row of choices and return the chosen section; an unknown one in the query opens the first."""
    by_key = {section.key: section for section in sections}
    _follow_query(by_key)
    chosen = segments("Section", {key: section.title for key, section in by_key.items()}, CHOICE, width="stretch")
    section = by_key.get(chosen or "", sections[0])
    _write_query(section.key, sections[0].key)
    return section


def neighbours(sections: Sequence[Section], current: Section) -> None:
    """Buttons to the previous and the next section."""
    place = [section.key for section in sections].index(current.key)
    before: dict[str, Any] = {"key": "learn_previous", "icon": ":material/arrow_back:", "icon_position": "left"}
    after: dict[str, Any] = {"key": "learn_next", "icon": ":material/arrow_forward:", "icon_position": "right"}
    with st.container(horizontal=True, horizontal_alignment="distribute"):
        for index, look in ((place - 1, before), (place + 1, after)):
            if 0 <= index < len(sections):
                there = sections[index]
                st.button(there.title, type="tertiary", on_click=_go, args=(there.key,), **look)
            else:
                st.space("small")


def _go(key: str) -> None:
    st.session_state[CHOICE] = key


def _follow_query(known: dict[str, Section]) -> None:
    """Take the section from the query where the page has just opened, or after Back or Forward."""
    asked, first = _QUERY.read().get(_SECTION, ""), next(iter(known))
    if CHOICE not in st.session_state or asked != st.session_state.get(_STATE):
        st.session_state[CHOICE] = asked if asked in known else first
    elif st.session_state[CHOICE] not in known:
        st.session_state[CHOICE] = first
    st.session_state[_STATE] = asked


def _write_query(key: str, first: str) -> None:
    text = "" if key == first else key
    if text != st.session_state[_STATE]:
        st.session_state[_STATE] = text
        _QUERY.write({_SECTION: text} if text else {})


# Fields


@dataclass(frozen=True)
class Example:
    """A button that fills fields with ``values`` (key → value); ``about`` says what they show."""

    title: str
    about: str
    values: Mapping[str, Any] = field(default_factory=dict)


def defaults(values: Mapping[str, Any]) -> None:
    """Set each field that has no value yet."""
    for key, value in values.items():
        st.session_state.setdefault(key, value)


def number(label: str, key: str, about: str, place: DeltaGenerator | None = None) -> str:
    """A field for a number in ``place``, and its text; limits are checked on the server."""
    with place or nullcontext():
        return number_field(label, key, help=about, persist_state="session")


def examples(section: str, choices: tuple[Example, ...]) -> None:
    """A row of buttons that fill the fields."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown("**Try**", width="content")
        for i, choice in enumerate(choices):
            fill = partial(st.session_state.update, choice.values)
            st.button(choice.title, key=f"{section}_try_{i}", help=choice.about, on_click=fill)
