"""The Runs page with 1,000 runs of 100 epochs: how long a visitor waits for it to open, and for each answer after."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator

import pytest
from streamlit.testing.v1 import AppTest
from tests.factories import add_many

from reglab.settings import Settings
from reglab.store import Store
from reglab.ui.services import close_services

RUNS, EPOCHS, TIMES = 1_000, 100, 15
MOST = 0.5  # seconds; about five times what an idle core of a laptop needs


def page() -> None:
    from reglab.ui.runs.page import runs_page

    runs_page()


@pytest.fixture
def app(settings: Settings, store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    """The page on a store full of runs, opened once."""
    add_many(store, RUNS, EPOCHS)
    monkeypatch.setenv("REGLAB_HOME", str(settings.home))
    monkeypatch.delenv("REGLAB_STORE", raising=False)
    opened = AppTest.from_function(page, default_timeout=60).run()
    assert len(opened.dataframe[0].value) == RUNS
    yield opened
    close_services()


def median(app: AppTest, prepare: Callable[[int], object]) -> float:
    """Seconds of a run of the page's script, after ``prepare``."""
    seconds = []
    for i in range(TIMES):
        prepare(i)
        start = time.perf_counter()
        app.run()
        seconds.append(time.perf_counter() - start)
        assert not app.exception
    return statistics.median(seconds)


def test_every_answer_of_the_page_is_quick(app: AppTest) -> None:
    def tick(i: int) -> None:
        rows = {"rows": [i, i + 1, i + 2, i + 3], "columns": [], "cells": []}
        app.session_state[app.session_state["runs_page"].key] = {"selection": rows}

    answers = {
        "again": median(app, lambda i: None),
        "search": median(app, lambda i: app.text_input(key="find").set_value(f"run {i}")),
        "all runs": median(app, lambda i: app.text_input(key="find").set_value("")),
        "four other runs ticked": median(app, tick),
    }
    print(f"\nRuns page, {RUNS:,} runs × {EPOCHS} epochs, median seconds of the page's script:")
    for name, seconds in answers.items():
        print(f"  {name:24} {seconds:.3f}")
    assert max(answers.values()) < MOST
