"""What a page shows when something is wrong: a banner, an error in place of a tick, and the page again afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from tests.jobs.running import wait_until
from tests.pages.browsing import plain
from tests.patience import PATIENCE

from reglab.ui.shared.services import services
from reglab.ui.shared.ticks import READABLE

APP = str(Path(__file__).parents[2] / "app.py")


pytestmark = pytest.mark.usefixtures("served_home")


def shown(app: AppTest) -> list[str]:
    assert not app.exception
    return [plain(error.value) for error in app.error]


def test_the_banner_is_above_every_page_for_as_long_as_something_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    app = AppTest.from_file(APP, default_timeout=PATIENCE).run()
    assert shown(app) == []
    monkeypatch.setattr(services().runner, "trouble", lambda: "The disk is full.")
    for page in ("1_Experiment/1_train.py", "2_Results/1_runs.py", "3_Understand/1_learn.py"):
        app.switch_page(f"pages/{page}").run()
        assert shown(app) == ["The disk is full."]
    monkeypatch.undo()
    assert shown(app.run()) == []


def test_a_page_that_needs_the_store_says_the_same_once(served_home: Path) -> None:
    app = AppTest.from_file(APP, default_timeout=PATIENCE).run()
    store = served_home / "reglab.sqlite"
    store.rename(served_home / "away.sqlite")
    app.switch_page("pages/2_Results/1_runs.py").run()
    wait_until(lambda: services().runner.trouble() is not None, "the runner to notice")
    [sentence] = shown(app.run())
    assert sentence.startswith(f"The store {store} is no longer there")
    (served_home / "away.sqlite").rename(store)


def test_a_tick_that_fails_shows_its_error_and_logs_nothing(caplog: pytest.LogCaptureFixture) -> None:
    def script() -> None:
        import streamlit as st

        from reglab.errors import StoreUnavailable
        from reglab.ui.shared import ticks

        def tick() -> None:
            raise StoreUnavailable("The store cannot be reached.")

        st.fragment(ticks.steady(tick))()

    app = AppTest.from_function(script, default_timeout=PATIENCE).run()
    assert shown(app) == ["The store cannot be reached."]
    assert "StoreUnavailable" not in caplog.text  # with its traceback


def test_a_live_page_is_drawn_anew_when_the_banner_appears_and_when_it_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    def script() -> None:
        import streamlit as st

        from reglab.ui.shared import trouble

        st.session_state["drawn"] = st.session_state.get("drawn", 0) + 1
        trouble.banner()
        if st.session_state["drawn"] in (1, 3):
            st.session_state["change"]()
        trouble.refresh()

    app = AppTest.from_function(script, default_timeout=PATIENCE)

    def change() -> None:
        reason = None if services().runner.trouble() else "The disk is full."
        monkeypatch.setattr(services().runner, "trouble", lambda: reason)

    monkeypatch.setattr(services().runner, "trouble", lambda: None)
    app.session_state["change"] = change
    app.run()
    assert (app.session_state["drawn"], shown(app)) == (2, ["The disk is full."])
    app.run()
    assert (app.session_state["drawn"], shown(app)) == (4, [])


def test_a_page_that_ticks_stays_readable_while_a_slow_tick_draws_and_others_fade() -> None:
    def script(seconds: float | None) -> None:
        from reglab.ui.shared import ticks

        ticks.tick_every(seconds, lambda: None)

    for seconds, styles in ((60.0, 1), (None, 0)):
        app = AppTest.from_function(script, default_timeout=PATIENCE, args=(seconds,)).run()
        assert [element.proto.body for element in app.get("html")] == [READABLE] * styles
