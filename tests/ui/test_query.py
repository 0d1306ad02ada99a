"""The query of a page in step with its widgets: moves of the person, echoes of the browser, and no clocks."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from tests.pages.browsing import go_back, lag
from tests.patience import PATIENCE

import reglab.ui

CLOCK = re.compile(r"monotonic|perf_counter|time\.time\(")


def page() -> None:
    """A query of one parameter, ``a``, with a button that writes the next number."""
    import streamlit as st

    from reglab.ui.shared.query import Query, arrive

    arrive(st.session_state.get("page", "one"))
    query = Query("test", lambda key: key == "a")
    now = query.read()
    st.text(f"{now.get('a', 'none')} {query.behind()}")
    number = st.number_input("number", 0, key="number")
    if str(number) != now.get("a", "0"):
        query.write({"a": str(number)} if number else {})


@pytest.fixture
def app() -> AppTest:
    return AppTest.from_function(page, default_timeout=PATIENCE)


def shown(app: AppTest) -> str:
    return app.text[0].value


def write(app: AppTest, number: int) -> AppTest:
    app.number_input(key="number").set_value(number)
    return app.run()


def address(app: AppTest) -> dict[str, str]:
    return {key: value if isinstance(value, str) else value[0] for key, value in app.query_params.items()}


def test_a_link_is_read(app: AppTest) -> None:
    assert shown(lag(app, a="3", other="x")) == "3 False"


def test_an_echo_shows_the_newest_query_and_writes_it_again(app: AppTest) -> None:
    lag(app, other="x")
    write(app, 1)
    write(app, 2)
    for late in ({}, {"a": "1"}, {}):
        assert shown(lag(app, other="x", **late)) == "2 True"
        assert address(app) == {"a": "2", "other": "x"}
    assert shown(app.run()) == "2 False"


def test_back_to_a_query_of_before_is_followed_and_what_was_left_is_an_echo(app: AppTest) -> None:
    lag(app)
    write(app, 1)
    write(app, 2)
    app.number_input(key="number").set_value(1)
    assert shown(go_back(app, a="1")) == "1 False"
    assert shown(lag(app, a="2")) == "1 True"
    app.number_input(key="number").set_value(2)
    assert shown(go_back(app, a="2")) == "2 False"


def test_a_query_that_never_was_is_followed_without_a_mark(app: AppTest) -> None:
    lag(app)
    write(app, 1)
    assert shown(lag(app, a="7")) == "7 False"


def test_parameters_of_others_are_no_move_and_are_kept(app: AppTest) -> None:
    lag(app, other="x")
    write(app, 1)
    assert shown(lag(app, a="1", other="y")) == "1 False"
    write(app, 0)
    assert address(app) == {"other": "y"}


def test_on_another_page_the_query_is_read_anew(app: AppTest) -> None:
    lag(app)
    write(app, 1)
    app.session_state["page"] = "two"
    assert shown(lag(app)) == "none False"


def test_no_page_looks_at_a_clock_to_know_what_the_browser_means() -> None:
    """Only questions of how long something takes may be asked of a clock, and none of ui/ asks one."""
    files = sorted(Path(reglab.ui.__file__).parent.rglob("*.py"))
    assert [file.name for file in files if CLOCK.search(file.read_text("utf-8"))] == []
