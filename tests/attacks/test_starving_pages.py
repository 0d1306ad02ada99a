"""Many open pages do not starve training: they share what is read and drawn, and tick less often."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from tests.attacks.visitor import Visitor, visiting
from tests.factories import add_run, add_sweep, layer_stats, metrics, spec
from tests.live.serving import APP, serving
from tests.patience import PATIENCE

from reglab.number_format import percent
from reglab.settings import load_settings
from reglab.spec import RunSpec
from reglab.store import Ending, Store, open_store
from reglab.sweep import SweepSpec
from reglab.ui.shared import run_data as run_results
from reglab.ui.shared.memo import FIGURES
from reglab.ui.shared.services import close_services
from reglab.ui.sweep import data as sweep_results
from reglab.ui.train import run_view

SESSIONS = 3
EPOCHS = 6
CHARTS = 3  # of one run on Train


def train() -> None:
    from reglab.ui.train.page import train_page

    train_page()


def sweep() -> None:
    from reglab.ui.sweep.page import sweep_page

    sweep_page()


@pytest.fixture(autouse=True)
def own_home(store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The pages work on ``store``."""
    monkeypatch.setenv("REGLAB_HOME", str(store.home))
    monkeypatch.delenv("REGLAB_STORE", raising=False)
    yield
    close_services()


def looks(page: object, monkeypatch: pytest.MonkeyPatch, *, opens: bool = False, **query: str) -> Iterator[AppTest]:
    """Ticks of a page, or visits to it, by one session after the other, round after round."""
    apps = [AppTest.from_function(page, default_timeout=PATIENCE) for _ in range(SESSIONS)]  # type: ignore[arg-type]
    while True:
        for number, app in enumerate(apps):
            for module in (run_results, sweep_results):
                monkeypatch.setattr(module, "session_id", lambda number=number: f"session {number}")
                monkeypatch.setattr(module, "opens_page", lambda: opens)
            app.query_params = query
            app.run()
            assert not app.exception
            yield app


def test_a_round_of_ticks_draws_each_figure_once_while_the_run_goes_on(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = add_run(store, state="running", epochs=EPOCHS)
    sessions = looks(train, monkeypatch, run=run.id)
    epoch = EPOCHS
    for _ in range(3):
        before, shown = FIGURES.statistics.made, set()
        for _ in range(SESSIONS):
            shown.add(next(sessions).metric[0].value)
            epoch += 1
            store.add_epochs([(run.id, metrics(epoch, val_acc=epoch / 100), layer_stats(epoch), epoch)])
        assert FIGURES.statistics.made == before + CHARTS
        assert len(shown) == 1
    assert FIGURES.statistics.bytes <= FIGURES.most


def test_a_page_opens_where_training_is_and_not_at_the_last_look_of_another_session(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = add_run(store, state="running", epochs=1)
    sessions = looks(train, monkeypatch, opens=True, run=run.id)
    shown = []
    for epoch in (2, 3):
        shown.append(next(sessions).metric[0].value)
        store.add_epochs([(run.id, metrics(epoch, val_acc=epoch / 100), layer_stats(epoch), epoch)])
    shown.append(next(sessions).metric[0].value)
    assert shown[-1] == f"3.0 → {percent(0.03)}"
    assert len(set(shown)) == 3


def test_sessions_that_open_a_finished_run_draw_nothing_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    run = add_run(store, epochs=EPOCHS)
    sessions = looks(train, monkeypatch, run=run.id)
    before = FIGURES.statistics.made
    for _ in range(2 * SESSIONS):
        next(sessions)
    assert FIGURES.statistics.made == before + CHARTS


def test_a_round_of_ticks_draws_each_figure_of_a_sweep_once(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = SweepSpec(run=spec(train__epochs=3 * EPOCHS), l2=(0.0, 1e-3, 1e-2), seeds=2)
    found = add_sweep(store, wanted, state="running", epochs=EPOCHS)
    runs = [run.id for run in store.sweep_runs(found.id)]
    sessions = looks(sweep, monkeypatch, sweep=found.id)
    for _ in range(SESSIONS):
        next(sessions)
    before = FIGURES.statistics.made
    for round_ in range(1, 3):
        for lane in runs:
            store.add_epochs([(lane, metrics(EPOCHS + round_), layer_stats(EPOCHS + round_), 1)])
        for _ in range(SESSIONS):
            next(sessions)
        assert FIGURES.statistics.made == before + round_ * CHARTS


def test_a_state_is_shown_at_once_to_every_session(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    run = add_run(store, state="running", epochs=EPOCHS)
    sessions = looks(train, monkeypatch, run=run.id)
    assert next(sessions).button(key="stop")
    store.finish([Ending(run.id, "finished")])
    assert "stop" not in {button.key for button in next(sessions).button}


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[tuple[str, str]]:
    """A server's address, and the query of a run that is as if it trained, in this process."""
    home = tmp_path / "watched"
    with serving(APP, home) as server, open_store(load_settings({"REGLAB_HOME": str(home)})) as owned:
        run = owned.create(RunSpec(), owner=owned.owner())
        yield server.url, f"run={run.id}"


def interval_of(visitor: Visitor) -> float:
    """The interval that the page last asked for."""
    asked = [message.auto_rerun for message in visitor.heard if message.WhichOneof("type") == "auto_rerun"]
    return round(asked[-1].interval, 3)


def test_pages_slow_down_with_the_sessions_that_watch_and_speed_up_when_they_go(watched: tuple[str, str]) -> None:
    url, query = watched
    slow, fast = 2 * run_view.TICK, run_view.TICK
    with visiting(url) as first, ExitStack() as stay, ExitStack() as leave:
        others = [leave.enter_context(visiting(url)), *(stay.enter_context(visiting(url)) for _ in range(3))]
        for visitor in (first, *others):
            visitor.visit(query=query)
        assert interval_of(first) == fast
        assert interval_of(others[-1]) == slow
        first.tick()
        assert interval_of(first) == slow
        others[-1].visit()  # to the form: this session watches no longer
        first.tick()
        assert interval_of(first) == fast
        leave.enter_context(visiting(url)).visit(query=query)
        first.tick()
        assert interval_of(first) == slow
        leave.close()
        for _ in range(100):  # until the server knows that the browser has gone
            first.tick()
            if interval_of(first) == fast:
                break
        assert interval_of(first) == fast
