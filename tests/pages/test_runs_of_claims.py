"""The Runs page hides the claims' runs until asked; the first visit's offer on Train does not count them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from streamlit.testing.v1 import AppTest
from tests.factories import add_run
from tests.lessons.claim_store import finish_trials

from reglab.jobs import ThreadRunner
from reglab.lessons.claim import GROUP
from reglab.lessons.claims import CLAIMS
from reglab.settings import Settings
from reglab.store import Store
from reglab.store.run_filter import LESSON_GROUPS
from reglab.ui.shared.services import close_services


def runs() -> None:
    from reglab.ui.runs.page import runs_page

    runs_page()


def train() -> None:
    from reglab.ui.train.page import train_page

    train_page()


@pytest.fixture(autouse=True)
def services(settings: Settings, store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("REGLAB_HOME", str(settings.home))
    monkeypatch.delenv("REGLAB_STORE", raising=False)
    monkeypatch.setattr(ThreadRunner, "_take_up", lambda self: None)
    yield
    close_services()


def visit(page: AppTest) -> AppTest:
    page.run()
    assert not page.exception
    return page


def names(app: AppTest) -> list[str]:
    return list(app.dataframe[0].value["name"]) if app.dataframe else []


def finish_six(store: Store) -> None:
    finish_trials(store, CLAIMS.get("shrinks").trials(range(3)))


def test_the_group_of_the_claims_is_known_by_its_name() -> None:
    assert GROUP.startswith(LESSON_GROUPS)
    assert not "my claim".startswith(LESSON_GROUPS)


def test_they_are_hidden_until_asked_for(store: Store) -> None:
    finish_six(store)
    add_run(store, name="mine")
    app = visit(AppTest.from_function(runs, default_timeout=30))
    assert names(app) == ["mine"]
    assert app.toggle(key="lessons").label == "Show runs of claims (6)"
    app.toggle(key="lessons").set_value(True)
    assert len(names(visit(app))) == 7
    app.toggle(key="lessons").set_value(False)
    assert names(visit(app)) == ["mine"]


def test_without_them_there_is_no_switch(store: Store) -> None:
    add_run(store, name="mine")
    assert not visit(AppTest.from_function(runs, default_timeout=30)).toggle


def test_a_page_without_other_runs_still_offers_them(store: Store) -> None:
    finish_six(store)
    app = visit(AppTest.from_function(runs, default_timeout=30))
    assert "No runs of your own yet" in app.markdown[0].value
    app.toggle(key="lessons").set_value(True)
    assert len(names(visit(app))) == 6


def test_a_link_to_one_of_them_shows_them(store: Store) -> None:
    finish_six(store)
    add_run(store, name="mine")
    app = AppTest.from_function(runs, default_timeout=30)
    app.query_params["runs"] = store.runs(group=GROUP)[0].id
    visit(app)
    assert app.toggle(key="lessons").value
    assert len(names(app)) == 7
    assert not app.warning


def test_the_offer_of_the_first_visit_does_not_count_them(store: Store) -> None:
    finish_six(store)
    app = visit(AppTest.from_function(train, default_timeout=60))
    assert "demo_sweep" in {button.key for button in app.button}
    add_run(store)
    finish_trials(store, CLAIMS.get("biases").trials(range(3)))  # newer than the other run
    assert "demo_sweep" not in {button.key for button in visit(app).button}
