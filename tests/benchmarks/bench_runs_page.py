"""The Runs page with 10 to 10,000 runs of 30 epochs: what it costs to open and to answer, and what it sends.

Half of the runs are in groups of twenty. Reading all runs as :meth:`Store.runs` does is the yardstick.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import insert
from streamlit.testing.v1 import AppTest
from tests.factories import add_many, layer_stats

from reglab.settings import load_settings
from reglab.store import RunFilter, RunOrder, Store, open_store
from reglab.store import run_table_columns as t
from reglab.store.schema import layers
from reglab.ui.shared.services import close_services

SIZES, EPOCHS, TIMES = (10, 100, 1_000, 10_000), 30, 9
LISTING, ANSWER, OPENING = 0.3, 0.5, 2.0  # CPU seconds
BYTES = 400_000  # with all 10,000 runs it would be several million


def page() -> None:
    from reglab.ui.runs.page import runs_page

    runs_page()


def fill(store: Store, count: int) -> None:
    """``count`` runs with the layers of their last epoch, the older half of them in groups of twenty."""
    ids = add_many(store, count, EPOCHS)
    last = [{"position": i, **vars(layer)} for i, layer in enumerate(layer_stats(EPOCHS))]
    with store._database.write() as connection:
        connection.execute(insert(layers), [{"run": run, "epoch": EPOCHS, **layer} for run in ids for layer in last])
        connection.exec_driver_sql(
            f"""UPDATE runs SET "group" = 'set ' || (substr(id, 2) / 20) WHERE 0 + substr(id, 2) < {count // 2}"""
        )


@pytest.fixture(scope="module", params=SIZES)
def home(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int]:
    """A home with so many runs."""
    folder = tmp_path_factory.mktemp("home")
    with open_store(load_settings({"REGLAB_HOME": str(folder)})) as store:
        fill(store, request.param)
    return folder, request.param


@pytest.fixture
def full(home: tuple[Path, int]) -> Iterator[Store]:
    with open_store(load_settings({"REGLAB_HOME": str(home[0])})) as store:
        yield store


@pytest.fixture
def app(home: tuple[Path, int], monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    """The page on that store, not yet opened."""
    monkeypatch.setenv("REGLAB_HOME", str(home[0]))
    monkeypatch.delenv("REGLAB_STORE", raising=False)
    yield AppTest.from_function(page, default_timeout=60)
    close_services()


def median(action: Callable[[int], object], times: int = TIMES) -> float:
    """CPU seconds of ``action`` in all threads of this process, database included: the same on a busy machine."""
    seconds = []
    for i in range(times):
        start = time.process_time()
        action(i)
        seconds.append(time.process_time() - start)
    return statistics.median(seconds)


def report(title: str, runs: int, seconds: dict[str, float]) -> None:
    load = os.getloadavg()[0]
    print(f"\n{title}, {runs:,} runs × {EPOCHS} epochs, median CPU seconds (load {load:.1f}):")
    for name, value in seconds.items():
        print(f"  {name:34} {value:.3f}")


def test_a_page_of_the_table_is_quick_whatever_it_is_sorted_or_grouped_by(full: Store, home: tuple[Path, int]) -> None:
    figures = full.run_figures()
    calls: dict[str, Callable[[int], object]] = {
        "newest 100": lambda i: full.run_table(),
        "by name": lambda i: full.run_table(order=RunOrder(t.NAME, False)),
        "by gap, page 50": lambda i: full.run_table(order=RunOrder(t.GAP, True), offset=home[1] // 2),
        "by ‖w‖": lambda i: full.run_table(order=RunOrder(t.WEIGHT_NORM, True)),
        "by tags, with a search": lambda i: full.run_table(RunFilter(text=f"run {i}"), RunOrder(t.TAGS, False)),
        "count with a search and a tag": lambda i: full.count_runs(RunFilter(text="1", tags=frozenset({"bulk"}))),
        "figures of all runs, once": lambda i: full.run_figures(),
        "groups by sweep": lambda i: full.run_groups("sweep", figures=figures),
        "groups by λ, sorted by ‖w‖": lambda i: full.run_groups(
            "lambda", order=RunOrder(t.WEIGHT_NORM, True), figures=figures
        ),
    }
    seconds = {name: median(call) for name, call in calls.items()}
    everything = median(lambda i: full.runs(), times=3)
    report("The store", home[1], seconds | {"every run, for comparison": everything})
    assert max(value for name, value in seconds.items() if "once" not in name) < LISTING


def test_every_answer_of_the_page_is_quick(app: AppTest, home: tuple[Path, int]) -> None:
    start = time.process_time()
    app.run()
    first = time.process_time() - start

    def answer(prepare: Callable[[int], object]) -> float:
        def act(i: int) -> None:
            prepare(i)
            app.run()
            assert not app.exception

        return median(act)

    def state() -> object:
        return app.session_state["runs_page"]

    def order(i: int) -> None:
        state().order = RunOrder((t.GAP, t.LAST_ACC, t.WEIGHT_NORM)[i % 3], bool(i % 2))  # type: ignore[attr-defined]

    def group(i: int) -> None:
        state().grouping = ("sweep", "cnn", "lambda", "none")[i % 4]  # type: ignore[attr-defined]

    answers = {
        "again, as every tick does": answer(lambda i: None),
        "another order": answer(order),
        "another grouping": answer(group),
        "a group opens": answer(lambda i: setattr(state(), "opened", (f"set {i}",))),
        "search": answer(lambda i: app.text_input(key="find").set_value(f"run {i}")),
        "all runs": answer(lambda i: app.text_input(key="find").set_value("")),
    }
    report("The Runs page", home[1], {"opened first": first} | answers)
    sent = next(one for one in app.get("bidi_component") if one.key == "runs_table")
    print(f"  the table sends {len(sent.proto.json):,} bytes")
    assert first < OPENING
    assert max(answers.values()) < ANSWER
    assert len(sent.proto.json) < BYTES


def test_ten_thousand_ticks_cost_no_more_than_an_answer(app: AppTest, home: tuple[Path, int]) -> None:
    app.run()
    app.session_state["runs_page"].ticked = tuple(f"r{i:09d}" for i in range(home[1]))
    seconds = median(lambda i: app.run(), times=5)
    assert not app.exception
    report("The Runs page, every run ticked", home[1], {"an answer": seconds})
    assert seconds < 2 * ANSWER
