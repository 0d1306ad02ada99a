"""Fields keep their value where the browser sees only the second of two runs of a page."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest
from tests.factories import add_run, spec
from tests.pages.mounting import mounted, overtaken

from reglab.store import Store, Sweep


def page() -> None:
    """The page that the test names."""
    from importlib import import_module

    import streamlit as st

    name = st.session_state["shown_page"]
    getattr(import_module(f"reglab.ui.{name}.page"), f"{name}_page")()


RUN, SWEEP = "the run", "the sweep"
LINKS: list[tuple[str, dict[str, str]]] = [
    ("train", {"penalty.l2": "0.03", "name": "held"}),
    ("sweep", {"l2": "0, 0.1", "seeds": "4", "name": "held"}),
    ("sweep", {"sweep": SWEEP, "view": "weights", "measure": "accuracy", "epoch": "3", "layer": "fc.weight"}),
    ("compare", {"runs": RUN, "view": "weights", "layer": "fc.weight"}),
    ("inspect", {"run": RUN, "show": "ridge", "layer": "fc.weight", "epoch": "3"}),
    ("data", {"view": "preview", "data.name": "synthetic"}),
    ("learn", {"section": "decay"}),
]


@pytest.mark.parametrize(("shown", "query"), LINKS)
def test_a_busy_browser_shows_what_the_link_asks_for(
    app: AppTest, store: Store, done: Sweep, shown: str, query: dict[str, str]
) -> None:
    run = add_run(store, spec(penalty__l2=0.03), name="held")
    app.session_state["shown_page"] = shown
    app.query_params = {key: {RUN: run.id, SWEEP: done.id}.get(value, value) for key, value in query.items()}
    fields = mounted(overtaken(app))
    assert fields
    assert {key: there for key, (there, _) in fields.items()} == {key: here for key, (_, here) in fields.items()}


def test_the_name_in_a_link_is_that_of_one_form(app: AppTest) -> None:
    """A form that opens anew has the name of its link, and none where that has none."""
    app.session_state["shown_page"] = "train"
    app.query_params = {"name": "held"}
    assert app.run().text_input(key="run_name").value == "held"
    app.text_input(key="run_name").set_value("typed").run()
    assert app.text_input(key="run_name").value == "typed"
    app.query_params = {"run": "gone"}
    app.run()
    app.query_params = {}
    assert app.run().text_input(key="run_name").value == ""
