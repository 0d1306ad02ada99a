"""A database that is away for a moment: training waits for it, repeats no commit, and goes on to the same bits."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.attacks.outages import LONG, errors, health, training, wait_for_state, wait_for_trouble
from tests.jobs.running import SMALL, assert_same_figures, figures, go_on, settings_in, wait_until, work
from tests.jobs.sweeping import SMALL as SWEEP
from tests.jobs.sweeping import assert_same_lanes, lanes_of, new_sweep, plan_of, tell_events
from tests.store.postgres import Server

from reglab import RunSpec
from reglab.errors import RunLost, StoreError, StoreUnavailable
from reglab.events import Event, StepDone
from reglab.jobs import Runner, SweepWorker, patience
from reglab.settings import Settings
from reglab.store import Store, database, open_store


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_in(tmp_path / "home", REGLAB_SLOTS="1")


@pytest.mark.postgres
def test_a_database_server_that_restarts_costs_no_run(
    postgres_server: Server, settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    there = replace(settings, store=postgres_server.new_database())
    with open_store(there) as store:
        with training(store, there) as (runner, run):
            with postgres_server.away():
                wait_for_trouble(runner, "cannot be reached")
                assert health(monkeypatch, store, runner) == 503
            wait_for_state(store, run.id, "finished")
            wait_until(lambda: runner.trouble() is None, "the runner to be well")
        assert len(errors(caplog)) == 1
        assert_same_figures(store, store.get(run.id), figures(store, work(store, there, LONG)))


def test_a_file_that_another_program_locks_for_long_costs_no_run(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.05)
    with open_store(settings) as store, training(store, settings) as (runner, run):
        with closing(sqlite3.connect(settings.home / "reglab.sqlite", timeout=30, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            wait_for_trouble(runner, "is busy")
            other.execute("ROLLBACK")
        wait_for_state(store, run.id, "finished")
        assert len(store.epochs([run.id])) == LONG.train.epochs


def test_a_sweep_waits_too(store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = plan_of(SWEEP, workers=2)
    whole = new_sweep(store, plan=plan)
    SweepWorker(store, settings, whole).work()
    sweep, away = new_sweep(store, plan=plan), settings.home.with_name("away")
    worker = SweepWorker(store, settings, sweep)
    back: list[str] = []

    def move(event: Event, _specs: tuple[RunSpec, ...]) -> None:
        if isinstance(event, StepDone) and (event.epoch, event.step) == (2, 2) and not back and not away.exists():
            settings.home.rename(away)

    def come_back(seconds: float) -> None:
        back.append("home")
        if away.exists():
            away.rename(settings.home)

    tell_events(monkeypatch, move)
    monkeypatch.setattr(worker.patience._retrying, "sleep", come_back)
    worker.work()
    assert back
    assert store.sweep(sweep.id).state == "finished"
    assert_same_lanes(lanes_of(store, sweep), lanes_of(store, whole))


@pytest.mark.parametrize("name", ["add_epochs", "finish", "progress", "began", "add_initial_layers", "wanted"])
def test_a_commit_whose_answer_is_lost_is_not_made_twice(
    store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    whole, lost = work(store, settings), lose_an_answer(monkeypatch, store, name)
    run = work(store, settings)
    assert lost
    assert run.state == "finished"
    assert run.weights_sha256 == whole.weights_sha256
    assert_same_figures(store, run, figures(store, whole))


@pytest.mark.parametrize("name", ["add_epochs", "finish", "progress"])
def test_a_commit_of_a_sweep_whose_answer_is_lost_is_not_made_twice(
    store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    plan = plan_of(SWEEP, workers=1)
    sweeps = [new_sweep(store, plan=plan) for _ in range(2)]
    SweepWorker(store, settings, sweeps[0]).work()
    lost = lose_an_answer(monkeypatch, store, name)
    SweepWorker(store, settings, sweeps[1]).work()
    assert lost
    assert store.sweep(sweeps[1].id).error is None
    assert_same_lanes(lanes_of(store, sweeps[1]), lanes_of(store, sweeps[0]))


def lose_an_answer(monkeypatch: pytest.MonkeyPatch, store: Store, name: str) -> list[str]:
    """Break the connection after the first commit of the method ``name``; the list then has an entry."""
    method: Callable[..., Any] = getattr(store, name)
    lost: list[str] = []

    def once(*arguments: Any, **values: Any) -> Any:
        answer = method(*arguments, **values)
        if not lost:
            lost.append(name)
            raise StoreUnavailable("The connection broke.")
        return answer

    monkeypatch.setattr("reglab.jobs.pace.TICK", 0.0)
    monkeypatch.setattr(store, name, once)
    return lost


def test_an_error_that_lasts_is_not_retried(store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    tries: list[str] = []

    def refuse(*_arguments: object, **_values: object) -> None:
        tries.append("epoch")
        raise StoreError("The store is read-only.")

    monkeypatch.setattr(store, "add_epochs", refuse)
    run = work(store, settings)
    assert (run.state, run.error, len(tries)) == ("failed", "The store is read-only.", 1)


def test_a_second_epoch_of_the_same_number_is_still_an_error(
    store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def taken(*_arguments: object, **_values: object) -> None:
        raise RunLost("Another process trains it.")

    monkeypatch.setattr(store, "add_epochs", taken)
    run = store.create(SMALL, owner=store.owner())
    assert go_on(store, settings, run).state == "running"  # as the other process has it


def test_waiting_ends_at_once_when_the_process_is_to_end(store: Store, settings: Settings) -> None:
    path = settings.home / "reglab.sqlite"
    with training(store, settings) as (runner, run):
        path.rename(path.with_name("away.sqlite"))
        wait_for_trouble(runner, "no longer there")
        runner.close()
        assert not any(worked.thread.is_alive() for worked in runner._working)
        path.with_name("away.sqlite").rename(path)
    store.close()
    with open_store(settings) as later:
        later.recover()
        assert later.get(run.id).state == "interrupted"
        assert later.get(run.id).resumable


def test_waiting_is_bounded(store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "LONGEST", 0.1)

    def away(*_arguments: object, **_values: object) -> None:
        raise StoreUnavailable("The store cannot be reached.")

    monkeypatch.setattr(store, "add_epochs", away)
    run = work(store, settings)
    assert (run.state, run.error) == ("failed", "The store cannot be reached.")
    assert run.resumable


def test_a_person_can_stop_a_run_that_waits(store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_arguments: object, **_values: object) -> None:
        raise StoreUnavailable("The disk is full.")

    monkeypatch.setattr(store, "add_epochs", away)
    with closing(Runner(store, settings)) as runner:
        run = runner.submit(SMALL)
        wait_for_trouble(runner, "full")
        runner.stop(run.id)
        wait_for_state(store, run.id, "cancelled")
        wait_until(lambda: runner.trouble() is None, "the runner to be well")
