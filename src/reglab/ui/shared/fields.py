"""Fields and rows of choices of every page, read and explained on the server.

A run of a page that sets a field in session state sends the value to the browser once. A busy browser may see only the
next run: it then shows the field's default, and sends that back with its next message, as a person's choice. Fields of
every kind can lose their value so, those bound to the query too; each is drawn with :data:`KEPT` if code sets it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import streamlit as st

from reglab.number_text import NotANumber, read_named, read_number
from reglab.ui.shared.text import literal

Option = TypeVar("Option", bound=str)

KEPT: Mapping[str, Any] = {"persist_state": "session"}
"""For a field that code sets: Streamlit repeats its value in every run until the browser has sent one itself.

:func:`segments` need it less, as their default is their value: that also ends with the visit to the page. A default
does not do for others: it would take the × from a list or number that may be empty. Fields that code sets in every run,
or never, and buttons, uploads and table editors, which it cannot set, lose nothing.
"""


def segments(label: str, options: Mapping[Option, str], key: str, *, first: bool = False, **more: Any) -> Option:
    """Segments with exactly one chosen: that of session state, else ``default``, with ``first`` the first one.

    What is chosen is the default as well: it is what a browser falls back on that has not seen the run that set it.
    """
    more = {
        "required": True,
        "default": next(iter(options)) if first else None,
        "label_visibility": "collapsed",
        **more,
    }
    if (known := st.session_state.get(key)) in options:
        more["default"] = known
    chosen: Option = st.segmented_control(label, list(options), format_func=options.__getitem__, key=key, **more)
    return chosen


def number_field(label: str, key: str, **options: Any) -> str:
    """A text field for a number, read on the server; if it is none, the reason stands below the field.

    The browser's own number field drops a decimal comma and a typographic minus silently: "0,01" becomes 1.
    """
    typed = st.text_input(label, key=key, **options) or ""
    if typed.strip():
        try:
            read_number(typed)
        except NotANumber as error:
            sentence = str(error)
            field_problem(f"{sentence[:1].upper()}{sentence[1:]}")
    return typed


def is_number(typed: object) -> bool:
    """Whether :func:`number_field` has nothing to explain: a number, or nothing at all."""
    try:
        read_named(typed, "")
    except NotANumber:
        return not str(typed or "").strip()
    return True


def field_problem(sentence: str) -> None:
    """Explain below a field why its value cannot be used."""
    st.markdown(f":red[:small[{literal(sentence)}]]")
