"""One run poured into the store: what is recorded, stopping anywhere and going on to the same bits, each failure."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tests.jobs.running import SMALL, assert_same_figures, figures, go_on, resume, work
from tests.real_errors import OUT_OF_MEMORY, needs_full_disk, write_to_a_full_disk

from reglab import train
from reglab.errors import StoreError
from reglab.events import EpochDone, Evaluating, Event, Started, StepDone
from reglab.jobs import pace, patience
from reglab.jobs.work import Worker
from reglab.settings import Settings
from reglab.store import Run, Store
from reglab.store.files import NEWEST, PREVIOUS


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look whether to stop, and save a checkpoint, at every step instead of now and then."""
    monkeypatch.setattr(pace, "TICK", 0.0)
    monkeypatch.setattr(pace, "_OVERHEAD", 0.0)
    monkeypatch.setattr(pace, "_SHORTEST", 0.0)


def test_the_store_holds_what_the_loop_told(store: Store, settings: Settings) -> None:
    told = [event for event in train(SMALL, threads=1) if isinstance(event, EpochDone)]
    run = work(store, settings)
    epochs, (*layers, _files) = figures(store, run)
    assert epochs["epoch"].tolist() == [1, 2, 3, 4]
    for row, event in zip(epochs.to_dict("records"), told, strict=True):
        wanted = {name: value for name, value in vars(event.metrics).items() if name != "seconds"}
        wanted |= wanted.pop("penalties")  # λ₁ and λ₂ have columns of their own
        assert row == pytest.approx(wanted, rel=0, abs=0, nan_ok=True)
    assert [row[0] for row in layers] == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]
    assert [np.sum(row[-1]) + row[-2] for row in layers] == [row[2] for row in layers]


def test_a_finished_run_says_where_it_trained_and_where_its_weights_are(store: Store, settings: Settings) -> None:
    run = work(store, settings)
    assert run.state == "finished"
    assert run.threads == 1
    assert run.device is not None
    assert run.device.startswith("CPU")
    assert run.environment is not None
    assert run.environment["n_train"] == 100
    assert (run.epoch, run.step, run.activity, run.error) == (4, 0, None, None)
    assert run.seconds > 0
    assert run.weights_path is not None
    path = store.home / run.weights_path
    assert hashlib.sha256(path.read_bytes()).hexdigest() == run.weights_sha256
    assert store.files(run.id).load_weights(run.weights_path).keys() == {
        "fc1.weight",
        "fc1.bias",
        "fc2.weight",
        "fc2.bias",
    }


def test_the_initial_weights_are_kept(store: Store, settings: Settings) -> None:
    first = next(train(SMALL, threads=1))
    assert isinstance(first, Started)
    run = work(store, settings)
    kept = store.files(run.id).load_weights(f"{run.id}/initial.safetensors")
    for name, array in kept.items():
        np.testing.assert_array_equal(array, first.snapshot().arrays[f"model/{name}"])


def test_the_checkpoint_of_the_start_needs_the_initial_weights_and_has_none_itself(
    store: Store, settings: Settings
) -> None:
    seen: list[tuple[int, dict[str, bytes]]] = []

    def look(event: Event, run: Run) -> None:
        if isinstance(event, Started):
            files = store.files(run.id)
            loaded = files.load_checkpoint()
            assert loaded is not None
            assert not files.is_end
            expected = {name: array.tobytes() for name, array in event.snapshot().arrays.items()}
            assert {name: array.tobytes() for name, array in loaded.arrays.items()} == expected
            seen.append(((files.folder / NEWEST).stat().st_size, expected))

    work(store, settings, listen=look)
    [(size, arrays)] = seen
    assert size < 12_000 < sum(map(len, arrays.values())) / 3  # a generator of random numbers, and no weights


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize(("epoch", "step"), [(1, 1), (1, 3), (2, 6), (3, 2), (4, 6)])
def test_stopping_anywhere_and_resuming_gives_the_same_bits(
    store: Store, settings: Settings, epoch: int, step: int
) -> None:
    whole = work(store, settings)

    def stop_there(event: Event, run: Run) -> None:
        if isinstance(event, StepDone) and (event.epoch, event.step) == (epoch, step - 1 or step):
            store.request_stop(run.id)

    stopped = work(store, settings, listen=stop_there)
    assert stopped.state == "cancelled"
    assert stopped.resumable
    assert stopped.weights_sha256 is None
    resumed = resume(store, settings, stopped.id)
    assert resumed.state == "finished"
    assert resumed.weights_sha256 == whole.weights_sha256
    assert (resumed.best_epoch, resumed.best_val_loss) == (whole.best_epoch, whole.best_val_loss)
    assert_same_figures(store, resumed, figures(store, whole))


@pytest.mark.usefixtures("eager")
def test_stopping_in_the_middle_of_an_evaluation(store: Store, settings: Settings) -> None:
    spec = SMALL.with_changes({"model.name": "simple_cnn", "data.val_fraction": 0.2})
    whole, pieces = work(store, settings, spec), []

    def stop_there(event: Event, run: Run) -> None:
        if isinstance(event, Evaluating) and event.epoch == 2:
            pieces.append(event)
            store.request_stop(run.id)

    stopped = work(store, settings, spec, listen=stop_there)
    assert (stopped.state, stopped.epoch) == ("cancelled", 1)
    assert len(pieces) == 2  # the first asks to stop, at the second the run does
    resumed = resume(store, settings, stopped.id)
    assert resumed.weights_sha256 == whole.weights_sha256
    assert_same_figures(store, resumed, figures(store, whole))


@pytest.mark.usefixtures("eager")
def test_a_process_that_leaves_marks_its_run_interrupted_with_a_checkpoint(store: Store, settings: Settings) -> None:
    whole = work(store, settings)
    seen: list[Event] = []
    run = store.create(SMALL, owner=store.owner())
    Worker(store, settings, run, closing=lambda: len(seen) > 9, listen=seen.append).work()
    interrupted = store.get(run.id)
    assert interrupted.state == "interrupted"
    assert interrupted.resumable
    assert resume(store, settings, run.id).weights_sha256 == whole.weights_sha256


def test_epochs_recorded_after_the_last_checkpoint_are_trained_again(
    store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = work(store, settings)
    monkeypatch.setattr(pace.Pace, "due", lambda self: False)  # no checkpoint but the first

    def crash(event: Event, run: Run) -> None:
        if isinstance(event, EpochDone) and event.metrics.epoch == 3:
            raise RuntimeError("the end")

    failed = work(store, settings, listen=crash)
    assert failed.state == "failed"
    assert failed.error is not None
    assert "RuntimeError: the end" in failed.error
    assert failed.epoch == 3
    resumed = resume(store, settings, failed.id)
    assert resumed.weights_sha256 == whole.weights_sha256
    assert_same_figures(store, resumed, figures(store, whole))


@pytest.mark.usefixtures("eager")
def test_a_finished_run_keeps_one_checkpoint_and_a_stopped_one_two(store: Store, settings: Settings) -> None:
    done, stopped = work(store, settings), stop_in_epoch_3(store, settings)
    assert {path.name for path in store.files(done.id).folder.iterdir()} == {
        NEWEST, "initial.safetensors", "weights.safetensors", "best.safetensors", "predictions.bin",
    }  # fmt: skip
    assert {NEWEST, PREVIOUS} <= {path.name for path in store.files(stopped.id).folder.iterdir()}
    kept = store.files(done.id).load_checkpoint()
    assert kept is not None
    assert kept.facts["epoch"] >= 3


@pytest.mark.usefixtures("eager")
def test_a_damaged_checkpoint_gives_way_to_the_one_before_it(store: Store, settings: Settings) -> None:
    whole, stopped = work(store, settings), stop_in_epoch_3(store, settings)
    path = store.files(stopped.id).folder / NEWEST
    path.write_bytes(path.read_bytes()[:-100])
    assert resume(store, settings, stopped.id).weights_sha256 == whole.weights_sha256


@pytest.mark.usefixtures("eager")
def test_where_every_checkpoint_is_damaged_the_run_fails_with_a_sentence_and_keeps_its_epochs(
    store: Store, settings: Settings
) -> None:
    stopped = stop_in_epoch_3(store, settings)
    for name in (NEWEST, PREVIOUS):
        (store.files(stopped.id).folder / name).write_bytes(b"nonsense")
    failed = resume(store, settings, stopped.id)
    assert failed.state == "failed"
    assert failed.error is not None
    assert "damaged" in failed.error
    assert len(store.epochs([failed.id])) == 2


def stop_in_epoch_3(store: Store, settings: Settings) -> Run:
    def stop(event: Event, run: Run) -> None:
        if isinstance(event, StepDone) and (event.epoch, event.step) == (3, 2):
            store.request_stop(run.id)

    return work(store, settings, listen=stop)


@needs_full_disk
@pytest.mark.usefixtures("eager")
def test_a_full_disk_fails_the_run_with_a_sentence_and_it_can_be_resumed(
    store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = work(store, settings)
    full: list[bool] = []
    os_fsync = os.fsync

    def fsync(descriptor: int) -> None:
        if full:
            write_to_a_full_disk()
        os_fsync(descriptor)

    def fill(event: Event, run: Run) -> None:
        if isinstance(event, StepDone) and event.epoch == 2:
            full.append(True)

    monkeypatch.setattr(patience, "LONGEST", 0.0)
    monkeypatch.setattr(os, "fsync", fsync)
    failed = work(store, settings, listen=fill)
    assert failed.state == "failed"
    assert failed.error is not None
    assert "full" in failed.error or "space" in failed.error
    full.clear()
    assert resume(store, settings, failed.id).weights_sha256 == whole.weights_sha256


def test_a_diverged_run_keeps_its_last_finite_weights(store: Store, settings: Settings) -> None:
    changes: dict[str, Any] = {"optim.name": "sgd", "optim.lr": 10, "penalty.l2": 1000, "train.epochs": 50}
    run = work(store, settings, SMALL.with_changes(changes))
    assert run.state == "diverged"
    assert not run.resumable
    assert run.error is not None
    assert "no longer a finite number in epoch" in run.error
    assert run.weights_path is not None
    for array in store.files(run.id).load_weights(run.weights_path).values():
        assert np.isfinite(array).all()


def test_a_data_set_that_cannot_be_loaded_fails_the_run_with_its_sentence(
    store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = settings.data / "kmnist"
    folder.mkdir(parents=True)
    for part in ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"):
        (folder / part).write_bytes(b"\0\0\x08\x03 cut short")
    run = work(store, settings, SMALL.with_changes({"data.name": "kmnist"}))
    assert run.state == "failed"
    assert run.error is not None
    assert str(folder) in run.error


@pytest.mark.parametrize("provoke", OUT_OF_MEMORY.values(), ids=OUT_OF_MEMORY.keys())
def test_running_out_of_memory_is_said(store: Store, settings: Settings, provoke: Callable[[], object]) -> None:
    def exhaust(event: Event, run: Run) -> None:
        provoke()

    run = work(store, settings, listen=exhaust)
    assert run.state == "failed"
    assert run.error is not None
    assert run.error.startswith("There is not enough memory for this run: Dense")


def test_a_store_that_fails_at_the_very_end_is_an_error_for_the_caller(
    store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: object, **values: object) -> None:
        raise StoreError("The disk is full.")

    run = store.create(SMALL, owner=store.owner())
    monkeypatch.setattr(store, "finish", broken)
    with pytest.raises(StoreError, match="The disk is full"):
        go_on(store, settings, run)


def test_a_run_waits_nowhere_for_a_folder_of_data(tmp_path: Path, store: Store, settings: Settings) -> None:
    assert work(store, settings).state == "finished"
    assert not settings.data.exists()


def test_the_arithmetic_of_the_thread_is_left_as_it_was(store: Store, settings: Settings) -> None:
    flushed: list[bool] = []
    work(store, settings, listen=lambda event, run: flushed.append(bool(torch.tensor(1e-38).mul(0.1) == 0)))
    assert all(flushed)
    assert torch.tensor(1e-38).mul(0.1) != 0
