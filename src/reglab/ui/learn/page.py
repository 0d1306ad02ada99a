"""The Learn page: a row of sections; only the chosen one is drawn."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from reglab.ui.learn.claims import claims
from reglab.ui.learn.decay import decay
from reglab.ui.learn.geometry import geometry
from reglab.ui.learn.objective import objective
from reglab.ui.learn.sections import Section, neighbours, open_section
from reglab.ui.learn.translator import translator

SECTIONS: tuple[Section, ...] = (
    Section("objective", "Objective", objective),
    Section("geometry", "Geometry", geometry),
    Section("decay", "Decay", decay),
    Section("translator", "Translator", translator),
    Section("claims", "Claims", claims),
)
"""In reading order; a new section is one line here."""

_SCRIPT = Path(__file__).with_name("top.js").read_text("utf-8")
_scroll_to_top = st.components.v2.component("reglab_scroll_to_top", js=_SCRIPT, isolate_styles=False)


def learn_page() -> None:
    """Draw the section that the query names."""
    about = "Every number here is computed live by the code that trains the networks."
    st.title("Learn", anchor=False, width="content", help=about)
    st.markdown("What does λ do to a network? Interactive examples, from a single formula to tested claims.")
    section = open_section(SECTIONS)
    _scroll_to_top(data=section.key, key="learn_top", height=1)  # Streamlit would keep the scroll position
    section.draw()
    neighbours(SECTIONS, section)
