"""Fields that code sets, and rows of choices, as a browser shows them that has seen only the last run."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest
from tests.pages.mounting import mounted, overtaken
from tests.patience import PATIENCE


def fields() -> None:
    """One field of every kind, each set by code in the first run."""
    import streamlit as st

    from reglab.ui.shared.fields import KEPT

    options, kept = ["a", "b"], KEPT if st.session_state["kept"] else {}
    if "text" not in st.session_state:
        st.session_state.update(list="b", lists=["b"], pills=["b"], stops="b", switch=True, box=True)
        st.session_state.update(text="x", area="y", number=7, empty=9, slider=5)
    st.selectbox("list", options, key="list", **kept)
    st.multiselect("lists", options, key="lists", **kept)
    st.pills("pills", options, selection_mode="multi", key="pills", **kept)
    st.select_slider("stops", options, key="stops", **kept)
    st.toggle("switch", key="switch", **kept)
    st.checkbox("box", key="box", **kept)
    st.text_input("text", key="text", **kept)
    st.text_area("area", key="area", **kept)
    st.number_input("number", 0, 10, key="number", **kept)
    st.number_input("empty", value=None, step=1, key="empty", **kept)
    st.slider("slider", 0, 10, key="slider", **kept)


@pytest.mark.parametrize("kept", [True, False])
def test_every_kind_of_field_keeps_the_value_that_code_gave_it_only_if_kept(kept: bool) -> None:
    """Streamlit says nothing of the value in the second run otherwise; once it does, KEPT is no longer needed."""
    app = AppTest.from_function(fields, default_timeout=PATIENCE)
    app.session_state["kept"] = kept
    found = mounted(overtaken(app))
    assert len(found) == 11
    assert {key for key, (there, here) in found.items() if there != here} == (set() if kept else set(found))


def row() -> None:
    import streamlit as st

    from reglab.ui.shared.fields import segments

    st.text(segments("Letter", {"a": "A", "b": "B", "c": "C"}, "letter", first=True))


@pytest.mark.parametrize(("code", "chosen"), [(None, "A"), ("b", "B")])
def test_a_row_of_choices_shows_what_is_chosen(code: str | None, chosen: str) -> None:
    app = AppTest.from_function(row, default_timeout=PATIENCE)
    if code:
        app.session_state["letter"] = code
    assert mounted(overtaken(app)) == {"letter": ([chosen], [chosen])}
    app.button_group[0].set_value("c").run()
    assert mounted(app) == {"letter": (["C"], ["C"])}
    assert app.text[0].value == "c"
