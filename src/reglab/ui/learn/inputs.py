"""What the sections share: fields that keep their value while another section is open, and values to try."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from reglab.ui.shared.spec_fields import number_field


@dataclass(frozen=True)
class Example:
    """A button that fills fields with instructive values: field's key → value; ``about`` says what will be seen."""

    title: str
    about: str
    values: Mapping[str, Any] = field(default_factory=dict)


def defaults(values: Mapping[str, Any]) -> None:
    """Give each field its first value."""
    for key, value in values.items():
        st.session_state.setdefault(key, value)


def number(label: str, key: str, about: str) -> str:
    """A field for a number, as it was typed; limits are checked, and explained, on the server."""
    return number_field(label, key, help=about, persist_state="session")


def examples(section: str, choices: tuple[Example, ...]) -> None:
    """A row of buttons to try."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown("**Try**", width="content")
        for i, choice in enumerate(choices):
            st.button(choice.title, key=f"{section}_try_{i}", help=choice.about, on_click=_fill, args=(choice.values,))


def _fill(values: Mapping[str, Any]) -> None:
    st.session_state.update(values)
