"""What goes wrong in one stack of a sweep is said in one sentence and stays there; a resume makes up for it."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import Any

import pytest
from tests.jobs.sweeping import (
    MODES,
    RUN,
    SMALL,
    assert_same_lanes,
    lanes_of,
    new_sweep,
    plan_of,
    resume_sweep,
    tell_events,
    train_sweep,
)
from tests.real_errors import OUT_OF_MEMORY, needs_full_disk, write_to_a_full_disk

from reglab import RunSpec
from reglab.datasets import DATASETS
from reglab.errors import StoreError
from reglab.events import EpochDone, Event, StepDone
from reglab.jobs import SweepWorker, patience
from reglab.jobs.pace import Pace
from reglab.settings import Settings
from reglab.store import Store, Sweep
from reglab.store.files import NEWEST, PREVIOUS
from reglab.sweep import SweepSpec
from reglab.training import ExecutionMode

MEMORY = r"There is not enough memory for this run: .+ needs about \d+ [KM]iB besides the data, and [\d.]+ [MG]iB .+\."


def of_the_second_repeat(specs: tuple[RunSpec, ...]) -> bool:
    return specs[0].train.seed == RUN.train.seed + 1


@pytest.mark.parametrize(
    ("provoke", "sentence"),
    [
        (OUT_OF_MEMORY["torch"], MEMORY),
        (OUT_OF_MEMORY["numpy"], MEMORY),
        (lambda: DATASETS.get("nothing"), r"Unknown dataset 'nothing'\..*"),
        (lambda: 1 // 0, r"An unexpected error ended the run \(ZeroDivisionError: .*\); the log has the details\."),
    ],
)
def test_a_stack_that_fails_does_so_in_one_sentence_and_the_others_finish(
    monkeypatch: pytest.MonkeyPatch, store: Store, settings: Settings, provoke: Callable[[], object], sentence: str
) -> None:
    def fail(event: Event, specs: tuple[RunSpec, ...]) -> None:
        if of_the_second_repeat(specs) and isinstance(event, StepDone) and event.epoch == 2:
            provoke()

    with monkeypatch.context() as patch:
        tell_events(patch, fail)
        sweep = train_sweep(store, settings)
    runs = store.sweep_runs(sweep.id)
    assert [run.state for run in runs] == ["finished"] * 3 + ["failed"] * 3
    [error] = {run.error for run in runs[3:]}
    assert re.fullmatch(sentence, error or ""), error
    assert [run.error for run in runs[:3]] == [None] * 3
    assert (sweep.state, sweep.error) == ("failed", error)
    assert sweep.resumable
    resumed = resume_sweep(store, settings, sweep.id)
    assert (resumed.state, resumed.error) == ("finished", None)
    assert_same_lanes(lanes_of(store, resumed), lanes_of(store, train_sweep(store, settings)))


@pytest.mark.parametrize("how", MODES)
def test_epochs_after_the_last_checkpoint_are_trained_again(
    monkeypatch: pytest.MonkeyPatch, store: Store, settings: Settings, how: ExecutionMode
) -> None:
    plan = plan_of(SMALL, how)

    def crash(event: Event, _specs: tuple[RunSpec, ...]) -> None:
        if isinstance(event, StepDone) and (event.epoch, event.step) == (3, 3):
            raise RuntimeError("the end")

    with monkeypatch.context() as patch:
        patch.setattr(Pace, "due", lambda self: False)  # no checkpoint but the first
        tell_events(patch, crash)
        failed = train_sweep(store, settings, plan=plan)
    assert failed.state == "failed"
    assert [run.epoch for run in store.sweep_runs(failed.id)] == [2] * 6
    resumed = resume_sweep(store, settings, failed.id)
    assert_same_lanes(lanes_of(store, resumed), lanes_of(store, train_sweep(store, settings, plan=plan)))


def test_lanes_whose_end_was_not_written_yet_fail_with_their_stack_and_come_to_it_again(
    monkeypatch: pytest.MonkeyPatch, store: Store, settings: Settings
) -> None:
    last: list[str] = []

    def crash(event: Event, specs: tuple[RunSpec, ...]) -> None:
        if isinstance(event, EpochDone) and event.metrics.epoch == 3 and event.lane == 2 and not last:
            last.append("the other lanes of this stack have ended")
            raise RuntimeError("the end")

    with monkeypatch.context() as patch:
        tell_events(patch, crash)
        failed = train_sweep(store, settings)
    assert failed.counts == {**dict.fromkeys(failed.counts, 0), "finished": 3, "failed": 3}
    resumed = resume_sweep(store, settings, failed.id)
    assert_same_lanes(lanes_of(store, resumed), lanes_of(store, train_sweep(store, settings)))


@needs_full_disk
@pytest.mark.parametrize("how", MODES)
def test_a_full_disk_fails_the_sweep_with_a_sentence_and_it_can_be_resumed(
    monkeypatch: pytest.MonkeyPatch, store: Store, settings: Settings, how: ExecutionMode
) -> None:
    full: list[bool] = []
    os_fsync = os.fsync
    plan = plan_of(SMALL, how)

    def fsync(descriptor: int) -> None:
        if full:
            write_to_a_full_disk()
        os_fsync(descriptor)

    def fill(event: Event, _specs: tuple[RunSpec, ...]) -> None:
        if isinstance(event, StepDone) and event.epoch == 2:
            full.append(True)

    with monkeypatch.context() as patch:
        patch.setattr(patience, "LONGEST", 0.0)
        patch.setattr(os, "fsync", fsync)
        tell_events(patch, fill)
        failed = train_sweep(store, settings, plan=plan)
    assert failed.state == "failed"
    errors = [failed.error, *(run.error for run in store.sweep_runs(failed.id))]
    assert all(error is not None and error.startswith("The disk is full: ") for error in errors)
    resumed = resume_sweep(store, settings, failed.id)
    assert_same_lanes(lanes_of(store, resumed), lanes_of(store, train_sweep(store, settings, plan=plan)))


@pytest.mark.parametrize(
    ("name", "workers"),
    [("add_epochs", 1), ("add_epochs", 2), ("progress", 1), ("began", 2), ("wanted", 1)],
)
def test_a_store_that_fails_in_one_place_fails_the_sweep(
    monkeypatch: pytest.MonkeyPatch, store: Store, settings: Settings, name: str, workers: int
) -> None:
    plan = plan_of(SMALL, workers=workers)
    with monkeypatch.context() as patch:
        break_store(patch, store, name)
        failed = train_sweep(store, settings, plan=plan)
    assert (failed.state, failed.error) == ("failed", "The disk is full.")
    assert failed.resumable
    resumed = resume_sweep(store, settings, failed.id)
    assert_same_lanes(lanes_of(store, resumed), lanes_of(store, train_sweep(store, settings, plan=plan)))


@pytest.mark.parametrize("workers", [1, 2])
def test_a_store_that_takes_nothing_more_is_an_error_for_the_caller(
    monkeypatch: pytest.MonkeyPatch, store: Store, settings: Settings, workers: int
) -> None:
    sweep = new_sweep(store, plan=plan_of(SMALL, workers=workers))
    for name in ("add_epochs", "finish"):
        break_store(monkeypatch, store, name)
    with pytest.raises(StoreError, match="The disk is full"):
        SweepWorker(store, settings, sweep).work()


def break_store(monkeypatch: pytest.MonkeyPatch, store: Store, name: str) -> None:
    def broken(*_arguments: object, **_values: object) -> Any:
        raise StoreError("The disk is full.")

    monkeypatch.setattr(store, name, broken)


def test_a_damaged_checkpoint_gives_way_to_the_one_before_it_and_two_fail_their_stack(
    monkeypatch: pytest.MonkeyPatch, store: Store, settings: Settings
) -> None:
    stopped = fail_in_epoch_3(monkeypatch, store, settings)
    (store.sweep_files(stopped.id, 0).folder / NEWEST).write_bytes(b"nonsense")
    (store.sweep_files(stopped.id, 1).folder / NEWEST).write_bytes(b"nonsense")
    (store.sweep_files(stopped.id, 1).folder / PREVIOUS).write_bytes(b"nonsense")
    resumed = resume_sweep(store, settings, stopped.id)
    runs = store.sweep_runs(stopped.id)
    assert [run.state for run in runs] == ["finished"] * 3 + ["failed"] * 3
    assert resumed.error is not None
    assert "damaged" in resumed.error
    assert {run.error for run in runs} == {None, resumed.error}
    assert [len(store.epochs([run.id])) for run in runs] == [3] * 3 + [2] * 3
    assert_same_lanes(lanes_of(store, resumed)[:3], lanes_of(store, train_sweep(store, settings))[:3])


def fail_in_epoch_3(monkeypatch: pytest.MonkeyPatch, store: Store, settings: Settings) -> Sweep:
    def crash(event: Event, _specs: tuple[RunSpec, ...]) -> None:
        if isinstance(event, StepDone) and (event.epoch, event.step) == (3, 2):
            raise RuntimeError("the end")

    with monkeypatch.context() as patch:
        patch.setattr("reglab.jobs.pace.TICK", 0.0)
        patch.setattr("reglab.jobs.pace._OVERHEAD", 0.0)
        patch.setattr("reglab.jobs.pace._SHORTEST", 0.0)
        tell_events(patch, crash)
        return train_sweep(store, settings)


def test_a_data_set_that_cannot_be_loaded_fails_every_lane_with_its_sentence(store: Store, settings: Settings) -> None:
    folder = settings.data / "kmnist"
    folder.mkdir(parents=True)
    for part in ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"):
        (folder / part).write_bytes(b"\0\0\x08\x03 cut short")
    spec = SweepSpec(run=RUN.with_changes({"data.name": "kmnist"}), l2=(0.0, 1e-2))
    sweep = store.create(spec, owner=store.owner())
    SweepWorker(store, settings, sweep).work()
    failed = store.sweep(sweep.id)
    assert failed.state == "failed"
    assert failed.error is not None
    assert str(folder) in failed.error
    assert {run.error for run in store.sweep_runs(sweep.id)} == {failed.error}


def test_a_listener_that_fails_is_a_failure_of_its_stack(store: Store, settings: Settings) -> None:
    def listen(_stack: object) -> None:
        raise RuntimeError("not listening")

    sweep = new_sweep(store)
    SweepWorker(store, settings, sweep, listen=listen).work()
    failed = store.sweep(sweep.id)
    assert failed.error is not None
    assert "not listening" in failed.error
