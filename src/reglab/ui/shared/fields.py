"""Fields and rows of choices of every page, read and explained on the server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import streamlit as st

from reglab.number_text import NotANumber, read_named, read_number
from reglab.ui.shared.text import literal

Option = TypeVar("Option", bound=str)


def segments(label: str, options: Mapping[Option, str], key: str, *, first: bool = False, **more: Any) -> Option:
    """Segments with exactly one chosen: that of session state, else ``default``, with ``first`` the first one.

    What is chosen is the default as well: a browser that is busy, and is sent two runs of a page at once, sees the
    second only, which does not tell it the value that the first one has set. It would show none, and send none.
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
