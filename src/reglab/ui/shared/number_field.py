"""A field for a number, read on the server.

The browser's own number field drops a decimal comma and a typographic minus without a word: "0,01" becomes 1.
"""

from __future__ import annotations

from typing import Any

import streamlit as st

from reglab.number_text import NotANumber, read_number
from reglab.ui.shared.markdown import literal


def number_field(label: str, key: str, **options: Any) -> str:
    """A text field whose value under ``key`` is what was typed; where that is no number, the reason stands below it."""
    typed = st.text_input(label, key=key, **options) or ""
    if typed.strip():
        try:
            read_number(typed)
        except NotANumber as error:
            sentence = str(error)
            field_problem(f"{sentence[:1].upper()}{sentence[1:]}")
    return typed


def field_problem(sentence: str) -> None:
    """Say below a field why it cannot be used."""
    st.markdown(f":red[:small[{literal(sentence)}]]")
