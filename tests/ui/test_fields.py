"""Segments: exactly one is chosen, in the browser too."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest
from tests.patience import PATIENCE


def page() -> None:
    import streamlit as st

    from reglab.ui.shared.fields import segments

    st.text(segments("Letter", {"a": "A", "b": "B", "c": "C"}, "letter", first=True))


@pytest.mark.parametrize(("kept", "shown"), [(None, 0), ("b", 1)])
def test_what_a_busy_browser_falls_back_on_is_what_is_chosen(kept: str | None, shown: int) -> None:
    """It learns the default of a widget from every run, and a value that session state has set from that run alone."""
    app = AppTest.from_function(page, default_timeout=PATIENCE)
    if kept:
        app.session_state["letter"] = kept
    for _ in range(2):
        app.run()
        [group] = app.button_group
        assert list(group.proto.default) == [shown]
        assert app.text[0].value == "abc"[shown]
    group.set_value("c").run()
    assert list(app.button_group[0].proto.default) == [2]
    assert app.text[0].value == "c"
