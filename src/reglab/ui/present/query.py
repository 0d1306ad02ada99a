"""What the link says of a presentation: that the page is presented, and the person's own title.

``?present=1&step=verdict&title=…&subtitle=…`` beside the parameters of the page. The browser keeps step and titles in
the address by itself, so that a reload stays where it is.
"""

from __future__ import annotations

import streamlit as st

PRESENT, STEP, TITLE, SUBTITLE = "present", "step", "title", "subtitle"
PARAMETERS = (PRESENT, STEP, TITLE, SUBTITLE)

LONGEST = 200
"""Characters of a title."""


def presenting() -> bool:
    """Whether the link asks for the presentation of its page."""
    return st.query_params.get(PRESENT) == "1"


def own_text(name: str, default: str) -> str:
    """The title or subtitle in the link, on one line; ``default`` where it has none."""
    return " ".join(st.query_params.get(name, "").split())[:LONGEST] or default


def present_button(key: str) -> None:
    """A button that opens the presentation of this page."""
    about = "Shows this page as large slides: question, curves forming, verdict, link."
    st.button("Present", key=key, icon=":material/slideshow:", on_click=_present, help=about)


def _present() -> None:
    """Callback, of a fragment as well: go to the presentation by a run of the whole page."""
    st.query_params[PRESENT] = "1"
    st.rerun()


def leave() -> None:
    """Callback: go back to the page itself, with its other parameters kept."""
    others = {key: st.query_params.get_all(key) for key in st.query_params if key not in PARAMETERS}
    st.query_params.from_dict(others)
