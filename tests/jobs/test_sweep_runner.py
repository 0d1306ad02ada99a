"""Sweeps in the queue: beside single runs, one after another, stopped and resumed, over restarts."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from tests.jobs.running import SMALL as RUN
from tests.jobs.running import settings_in, wait_until, work
from tests.jobs.sweeping import SMALL, assert_same_lanes, lanes_of, train_sweep

from reglab.errors import SpecError, StoreError
from reglab.jobs import Runner
from reglab.settings import Settings
from reglab.store import Store, open_store
from reglab.sweep import SweepSpec

LONG = SweepSpec(run=SMALL.run.with_changes({"train.epochs": 10_000}), l2=(0.0, 1e-2), seeds=2)


pytestmark = pytest.mark.usefixtures("fused_plan")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_in(tmp_path / "home", REGLAB_SLOTS="2")


def wait_for(store: Store, sweep_id: str, state: str) -> None:
    wait_until(lambda: store.sweep(sweep_id).state == state, f"{sweep_id} to be {state}")


def wait_for_an_epoch(store: Store, sweep_id: str) -> None:
    wait_until(lambda: store.sweep(sweep_id).epoch > 0, f"an epoch of {sweep_id}")


def test_a_submitted_sweep_trains_and_finishes(runner: Runner, store: Store, settings: Settings) -> None:
    sweep = runner.submit(SMALL, name="mine", key="once")
    assert sweep.name == "mine"
    assert runner.submit(SMALL, key="once").id == sweep.id
    wait_for(store, sweep.id, "finished")
    assert_same_lanes(lanes_of(store, sweep), lanes_of(store, train_sweep(store, settings)))
    with pytest.raises(StoreError, match="nothing to resume"):
        runner.resume(sweep.id)


def test_a_run_that_is_submitted_during_a_sweep_starts_at_once(
    runner: Runner, store: Store, settings: Settings
) -> None:
    sweep = runner.submit(LONG)
    wait_for_an_epoch(store, sweep.id)
    run = runner.submit(RUN)
    wait_until(lambda: store.get(run.id).state == "finished", "the run")
    before = store.sweep(sweep.id)
    assert before.state == "running"
    wait_until(lambda: store.sweep(sweep.id).epoch > before.epoch, "an epoch after the run")
    assert store.get(run.id).weights_sha256 == work(store, settings, RUN).weights_sha256


def test_a_second_run_beside_a_sweep_waits_its_turn(runner: Runner, store: Store) -> None:
    sweep = runner.submit(LONG)
    wait_for_an_epoch(store, sweep.id)
    first, second = (runner.submit(LONG.run).id for _ in range(2))
    wait_until(lambda: store.get(first).epoch > 0, "an epoch of the first run")
    assert runner.position(second) == 1
    runner.stop(sweep.id)
    wait_until(lambda: store.get(second).epoch > 0, "an epoch of the second run")


def test_sweeps_are_trained_one_after_another(runner: Runner, store: Store) -> None:
    first, second, third = (runner.submit(LONG).id for _ in range(3))
    wait_for_an_epoch(store, first)
    assert [runner.position(sweep_id, "sweep") for sweep_id in (first, second, third)] == [None, 1, 2]
    runner.stop(second)
    assert store.sweep(second).state == "cancelled"
    assert runner.position(third, "sweep") == 1
    runner.stop(first)
    wait_for(store, first, "cancelled")
    wait_for_an_epoch(store, third)
    assert runner.position(third, "sweep") is None
    assert store.sweep(second).epoch == 0


def test_a_run_cannot_overtake_a_sweep_for_ever_nor_the_sweep_the_run(tmp_path: Path) -> None:
    settings = settings_in(tmp_path / "home", REGLAB_SLOTS="1")
    with open_store(settings) as store, closing(Runner(store, settings)) as runner:
        run = runner.submit(LONG.run).id
        wait_until(lambda: store.get(run).epoch > 0, "an epoch of the run")
        sweep, last = runner.submit(SMALL).id, runner.submit(RUN).id
        assert runner.position(sweep, "sweep") == 1
        assert store.sweep(sweep).state == store.get(last).state == "queued"
        runner.stop(run)
        wait_for(store, sweep, "finished")
        wait_until(lambda: store.get(last).state == "finished", "the last run")


def test_stop_and_resume(runner: Runner, store: Store) -> None:
    sweep_id = runner.submit(LONG).id
    wait_for_an_epoch(store, sweep_id)
    runner.stop(sweep_id)
    wait_for(store, sweep_id, "cancelled")
    done = store.sweep(sweep_id)
    assert done.resumable
    assert runner.resume(sweep_id).state in ("queued", "running")  # a free worker takes it at once
    wait_until(lambda: store.sweep(sweep_id).epoch > done.epoch, "an epoch after the resume")


def test_stopping_or_resuming_one_lane_is_stopping_or_resuming_the_sweep(runner: Runner, store: Store) -> None:
    sweep_id = runner.submit(LONG).id
    wait_for_an_epoch(store, sweep_id)
    [lane, *_] = store.sweep_runs(sweep_id)
    runner.stop(lane.id)
    wait_for(store, sweep_id, "cancelled")
    runner.resume(lane.id)
    wait_for(store, sweep_id, "running")


def test_what_cannot_be_trained_is_never_queued(runner: Runner, store: Store) -> None:
    with pytest.raises(SpecError, match="Unknown CNN"):
        runner.submit(SMALL.model_copy(update={"run": SMALL.run.with_changes({"model.name": "nothing"})}))
    assert store.sweeps() == []


def test_closing_interrupts_and_the_next_runner_goes_on_to_the_same_bits(store: Store, settings: Settings) -> None:
    spec = SweepSpec(run=SMALL.run.with_changes({"train.epochs": 40}), l2=(0.0, 1e-2), seeds=2)
    first = Runner(store, settings)
    running, queued = first.submit(spec).id, first.submit(SMALL).id
    wait_for_an_epoch(store, running)
    first.close()
    assert not first.alive()
    interrupted = store.sweep(running)
    assert interrupted.state == "interrupted"
    assert interrupted.resumable
    assert store.sweep(queued).state == "queued"
    with closing(Runner(store, settings)) as second:
        second.resume(running)
        wait_for(store, running, "finished")
        wait_for(store, queued, "finished")
    assert_same_lanes(lanes_of(store, store.sweep(running)), lanes_of(store, train_sweep(store, settings, spec)))


def test_a_failure_that_could_not_be_recorded_is_recorded_later(
    runner: Runner, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = [True]

    def refusing(write: Callable[..., None]) -> Callable[..., None]:
        def refuse(*arguments: object, **values: object) -> None:
            if full:
                raise StoreError("The disk is full.")
            write(*arguments, **values)

        return refuse

    for name in ("add_epochs", "finish"):
        monkeypatch.setattr(store, name, refusing(getattr(store, name)))
    sweep_id = runner.submit(SMALL).id
    wait_until(lambda: "has ended, but this cannot be recorded" in (runner.trouble() or ""), "the failure")
    assert store.sweep(sweep_id).state == "running"
    full.clear()
    wait_for(store, sweep_id, "failed")
    assert store.sweep(sweep_id).error == "The disk is full."
    assert {run.error for run in store.sweep_runs(sweep_id)} == {"The disk is full."}


def test_a_runner_never_takes_the_sweep_of_another_process(store: Store, settings: Settings) -> None:
    with open_store(settings) as elsewhere:
        theirs = elsewhere.create(SMALL, owner=elsewhere.owner())
        with closing(Runner(store, settings)) as runner:
            mine = runner.submit(SMALL).id
            wait_for(store, mine, "finished")
            assert store.sweep(theirs.id).state == "running"
