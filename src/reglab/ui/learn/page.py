"""The Learn page: a row of sections, of which only the chosen one is drawn."""

from __future__ import annotations

import streamlit as st

from reglab.ui.learn.claims import claims
from reglab.ui.learn.decay import decay
from reglab.ui.learn.geometry import geometry
from reglab.ui.learn.objective import objective
from reglab.ui.learn.sections import Section, neighbours, open_section
from reglab.ui.learn.top import scroll_to_top
from reglab.ui.learn.translator import translator

SECTIONS: tuple[Section, ...] = (
    Section("objective", "Objective", objective),
    Section("geometry", "Geometry", geometry),
    Section("decay", "Decay", decay),
    Section("translator", "Translator", translator),
    Section("claims", "Claims", claims),
)
"""In the order in which they are read; a new section is one line here."""


def learn_page() -> None:
    """Draw the section that the address names."""
    st.header("Learn", anchor=False, width="content", help="Every number here is computed as you look, by the same "
              "code that trains the networks.")  # fmt: skip
    st.markdown("What does λ do to a network? A few small machines to play with, from one formula to tested claims.")
    section = open_section(SECTIONS)
    scroll_to_top(section.key)
    section.draw()
    neighbours(SECTIONS, section)
