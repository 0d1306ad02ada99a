"""The Runs page with 10,000 runs of 30 epochs: what it costs to open and to answer, and what it sends.

Reading all runs as :meth:`Store.runs` does is the yardstick: it took as long for every visitor and every look.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator

import pytest
from streamlit.testing.v1 import AppTest
from tests.factories import add_many

from reglab.settings import Settings
from reglab.store import RunFilter, RunOrder, Store
from reglab.store import run_table_columns as t
from reglab.ui.shared.services import close_services

RUNS, EPOCHS, TIMES = 10_000, 30, 15
LISTING, PAGE = 0.2, 0.5  # CPU seconds; several times what a core of a laptop needs
BYTES = 200_000  # with all 10,000 runs it would be several million


def page() -> None:
    from reglab.ui.runs.page import runs_page

    runs_page()


@pytest.fixture
def full(store: Store) -> Store:
    """A store full of runs."""
    add_many(store, RUNS, EPOCHS)
    return store


@pytest.fixture
def app(settings: Settings, full: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    """The page on that store, opened once."""
    monkeypatch.setenv("REGLAB_HOME", str(settings.home))
    monkeypatch.delenv("REGLAB_STORE", raising=False)
    opened = AppTest.from_function(page, default_timeout=60).run()
    assert len(opened.dataframe[0].value) == 100
    yield opened
    close_services()


def median(action: Callable[[int], object], times: int = TIMES) -> float:
    """CPU seconds of ``action`` in all threads of this process, database included: the same on a busy machine."""
    seconds = []
    for i in range(times):
        start = time.process_time()
        action(i)
        seconds.append(time.process_time() - start)
    return statistics.median(seconds)


def answer(app: AppTest, prepare: Callable[[int], object]) -> float:
    """Median CPU seconds of a run of the page's script, after ``prepare``."""

    def act(i: int) -> None:
        prepare(i)
        app.run()
        assert not app.exception

    return median(act)


def report(title: str, seconds: dict[str, float]) -> None:
    print(f"\n{title}, {RUNS:,} runs × {EPOCHS} epochs, median CPU seconds:")
    for name, value in seconds.items():
        print(f"  {name:34} {value:.3f}")


def test_a_page_of_the_table_is_quick_whatever_it_is_sorted_by(full: Store) -> None:
    shown = full.run_table()[t.RUN].tolist()
    calls: dict[str, Callable[[int], object]] = {
        "newest 100": lambda i: full.run_table(),
        "by name": lambda i: full.run_table(order=RunOrder(t.NAME, False)),
        "by gap, page 50": lambda i: full.run_table(order=RunOrder(t.GAP, True), offset=5_000),
        "by tags, with a search": lambda i: full.run_table(RunFilter(text=f"run {i}"), RunOrder(t.TAGS, False)),
        "count": lambda i: full.count_runs(),
        "count with a search and a tag": lambda i: full.count_runs(RunFilter(text="1", tags=frozenset({"bulk"}))),
        "choices of the filter": lambda i: full.run_choices(),
        "the same 100 rows again": lambda i: full.runs_of(shown),
    }
    seconds = {name: median(call) for name, call in calls.items()}
    everything = median(lambda i: full.runs(), times=3)
    report("The store", seconds | {"every run, for comparison": everything})
    print(f"  the newest 100 are {everything / seconds['newest 100']:.0f} times quicker than every run")
    assert max(seconds.values()) < LISTING
    assert seconds["newest 100"] < everything / 20


def test_every_answer_of_the_page_is_quick(app: AppTest) -> None:
    def tick(i: int) -> None:
        rows = {"rows": [i, i + 1, i + 2, i + 3], "columns": [], "cells": []}
        app.session_state[app.session_state["runs_page"].key] = {"selection": rows}

    def open_anew(_: int) -> None:
        opened = AppTest.from_function(page, default_timeout=60).run()
        assert not opened.exception

    answers = {
        "opened by another visitor": median(open_anew),
        "again, as every tick does": answer(app, lambda i: None),
        "another page": answer(app, lambda i: app.session_state.__setitem__("page", 1 + i)),
        "search": answer(app, lambda i: app.text_input(key="find").set_value(f"run {i}")),
        "all runs": answer(app, lambda i: app.text_input(key="find").set_value("")),
        "four other runs selected": answer(app, tick),
    }
    report("The Runs page", answers)
    assert max(answers.values()) < PAGE


def test_the_page_sends_what_it_shows(app: AppTest) -> None:
    sent = len(app.dataframe[0].proto.SerializeToString())
    print(f"\nThe table of {RUNS:,} runs sends {sent:,} bytes")
    assert sent < BYTES
