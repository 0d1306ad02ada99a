"""The queue: slots, order, stopping, one run per key, leaving and coming back."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest
from tests.jobs.running import SMALL, settings_in, wait_until, work

from reglab.errors import SpecError, StoreError
from reglab.jobs import Runner
from reglab.settings import Settings
from reglab.store import Ending, Store, open_store

LONG = SMALL.with_changes({"train.epochs": 10_000})


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_in(tmp_path / "home", REGLAB_SLOTS="1")


def wait_for(store: Store, run_id: str, state: str) -> None:
    wait_until(lambda: store.get(run_id).state == state, f"{run_id} to be {state}")


def wait_for_an_epoch(store: Store, run_id: str) -> None:
    wait_until(lambda: store.get(run_id).epoch > 0, f"an epoch of {run_id}")


def test_a_submitted_run_trains_and_finishes(runner: Runner, store: Store, settings: Settings) -> None:
    run = runner.submit(SMALL, name="mine")
    assert run.name == "mine"
    wait_for(store, run.id, "finished")
    assert store.get(run.id).weights_sha256 == work(store, settings).weights_sha256


def test_with_one_slot_the_second_run_waits_its_turn(runner: Runner, store: Store) -> None:
    first, second, third = (runner.submit(LONG).id for _ in range(3))
    wait_for_an_epoch(store, first)
    assert [runner.position(run_id) for run_id in (first, second, third)] == [None, 1, 2]
    runner.stop(first)
    wait_for(store, first, "cancelled")
    wait_for(store, second, "running")
    assert runner.position(third) == 1


def test_a_queued_run_is_cancelled_at_once_and_never_trains(runner: Runner, store: Store) -> None:
    first, second = runner.submit(LONG).id, runner.submit(SMALL).id
    wait_for_an_epoch(store, first)
    runner.stop(second)
    assert store.get(second).state == "cancelled"
    runner.stop(first)
    wait_for(store, first, "cancelled")
    last = runner.submit(SMALL).id
    wait_for(store, last, "finished")
    assert store.get(second).epoch == 0


def test_the_same_key_twice_is_one_run(runner: Runner, store: Store) -> None:
    assert runner.submit(SMALL, key="once").id == runner.submit(SMALL, key="once").id
    assert len(store.runs()) == 1


def test_stop_and_resume(runner: Runner, store: Store, settings: Settings) -> None:
    run_id = runner.submit(LONG).id
    wait_for_an_epoch(store, run_id)
    runner.stop(run_id)
    wait_for(store, run_id, "cancelled")
    done = store.get(run_id).epoch
    assert runner.resume(run_id).state in ("queued", "running")  # a slot is free
    wait_until(lambda: store.get(run_id).epoch > done, "an epoch after the resume")


def test_what_has_finished_cannot_be_resumed(runner: Runner, store: Store) -> None:
    run_id = runner.submit(SMALL).id
    wait_for(store, run_id, "finished")
    with pytest.raises(StoreError, match="finished"):
        runner.resume(run_id)


def test_what_cannot_be_trained_is_never_queued(runner: Runner, store: Store) -> None:
    with pytest.raises(SpecError, match="Unknown CNN"):
        runner.submit(SMALL.with_changes({"model.name": "nothing"}))
    assert store.runs() == []


def test_closing_interrupts_and_the_next_runner_goes_on_to_the_same_bits(store: Store, settings: Settings) -> None:
    spec = SMALL.with_changes({"train.epochs": 150})
    first = Runner(store, settings)
    running, queued = first.submit(spec).id, first.submit(SMALL).id
    wait_for_an_epoch(store, running)
    first.close()
    assert not first.alive()
    assert store.get(running).state == "interrupted"
    assert store.get(queued).state == "queued"
    with closing(Runner(store, settings)) as second:
        assert second.alive()
        second.resume(running)
        wait_for(store, running, "finished")
        wait_for(store, queued, "finished")
    assert store.get(running).weights_sha256 == work(store, settings, spec).weights_sha256


def test_a_failure_that_could_not_be_recorded_is_recorded_later(
    runner: Runner, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish = store.finish
    tries: list[str] = []

    def broken_twice(endings: Sequence[Ending]) -> None:
        tries.extend(ending.state for ending in endings)
        if len(tries) < 3:
            raise StoreError("The disk is full.")
        finish(endings)

    monkeypatch.setattr(store, "finish", broken_twice)
    run_id = runner.submit(SMALL).id
    wait_for(store, run_id, "failed")
    assert store.get(run_id).error == "The disk is full."
    assert tries == ["finished", "failed", "failed"]


def test_a_runner_never_takes_the_run_of_another_process(store: Store, settings: Settings) -> None:
    with open_store(settings) as elsewhere:
        run = elsewhere.create(SMALL, owner=elsewhere.owner())
        with closing(Runner(store, settings)) as runner:
            mine = runner.submit(SMALL).id
            wait_for(store, mine, "finished")
            assert store.get(run.id).state == "running"
