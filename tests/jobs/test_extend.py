"""Extended runs and sweeps have the bits of those that were asked for all epochs at once, and keep small files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tests.jobs.running import SMALL, assert_same_figures, figures, go_on, work
from tests.jobs.sweeping import MODES, assert_same_lanes, lanes_of, plan_of, train_sweep
from tests.jobs.sweeping import SMALL as SWEEP

from reglab.errors import StoreError
from reglab.events import Event, StepDone
from reglab.jobs import SweepWorker, pace
from reglab.settings import Settings
from reglab.store import Run, Store
from reglab.store.files import NEWEST
from reglab.sweep import SweepSpec
from reglab.training import ExecutionMode

MORE = SMALL.train.epochs + 3


def extended(store: Store, settings: Settings, run: Run, epochs: int) -> Run:
    store.extend(run.id, epochs, owner=store.owner())
    return go_on(store, settings, store.get(run.id))


def with_epochs(spec: SweepSpec, epochs: int, **changes: object) -> SweepSpec:
    run = spec.run.with_changes({"train.epochs": epochs, **changes})
    return SweepSpec.parse({**spec.model_dump(), "run": run.model_dump()})


@pytest.mark.parametrize("change", [{}, {"optim.schedule": "step", "optim.step_every": 3}, {"train.keep": "best"}])
def test_an_extended_run_is_the_run_with_all_epochs(
    store: Store, settings: Settings, change: dict[str, object]
) -> None:
    spec = SMALL.with_changes(change)
    run = extended(store, settings, work(store, settings, spec), MORE)
    whole = work(store, settings, spec.with_changes({"train.epochs": MORE}))
    assert (run.state, run.epoch, run.epochs, run.spec) == ("finished", MORE, MORE, whole.spec)
    assert run.weights_sha256 == whole.weights_sha256
    assert_same_figures(store, run, figures(store, whole))
    again, twice = extended(store, settings, run, MORE + 2), MORE + 2
    assert again.weights_sha256 == work(store, settings, spec.with_changes({"train.epochs": twice})).weights_sha256


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look whether to stop, and save a checkpoint, at every step instead of now and then."""
    monkeypatch.setattr(pace, "TICK", 0.0)
    monkeypatch.setattr(pace, "_OVERHEAD", 0.0)
    monkeypatch.setattr(pace, "_SHORTEST", 0.0)


@pytest.mark.usefixtures("eager")
def test_a_run_extended_and_stopped_resumes_to_the_same_bits(store: Store, settings: Settings) -> None:
    """The weights of the first end, which its checkpoint goes with, are replaced by those of the second."""
    run = work(store, settings)
    store.extend(run.id, MORE, owner=store.owner())
    stopped = go_on(store, settings, store.get(run.id), stop_at(store, 6))
    assert (stopped.state, stopped.weights_path) == ("cancelled", None)
    store.files(run.id).save_weights({"w": np.ones(1)})
    store.take_over(run.id, store.owner())
    resumed = go_on(store, settings, store.get(run.id))
    whole = work(store, settings, SMALL.with_changes({"train.epochs": MORE}))
    assert resumed.weights_sha256 == whole.weights_sha256
    assert_same_figures(store, resumed, figures(store, whole))


def stop_at(store: Store, epoch: int) -> Callable[[Event, Run], None]:
    """Asks to stop in the middle of ``epoch``."""

    def stop(event: Event, run: Run) -> None:
        if isinstance(event, StepDone) and (event.epoch, event.step) == (epoch, 2):
            store.request_stop(run.id)

    return stop


def test_an_extended_run_saves_a_whole_checkpoint_before_its_first_step(store: Store, settings: Settings) -> None:
    """Otherwise a kill between new weights and new checkpoint would leave an old checkpoint without its weights."""
    run, whole = work(store, settings), list[bool]()
    store.extend(run.id, MORE, owner=store.owner())

    def look(event: Event, run: Run) -> None:
        whole.append(not store.files(run.id).is_end)

    assert store.files(run.id).is_end
    go_on(store, settings, store.get(run.id), look)
    assert whole == [True] * (len(whole) - 1) + [False]


def test_a_finished_run_keeps_what_extending_needs_and_no_weights_twice(store: Store, settings: Settings) -> None:
    """Adam's moments are two numbers a weight; while a run trains, its checkpoint also has all weights."""
    run = work(store, settings)
    files, weights = store.files(run.id), store.home / run.id / "weights.safetensors"
    size = weights.stat().st_size
    assert (files.folder / NEWEST).stat().st_size < 2.1 * size + 20_000
    loaded = files.load_checkpoint()
    assert loaded is not None
    assert {name.partition("/")[0] for name in loaded.arrays} >= {"model", "optimizer", "dropout"}
    for name, array in files.load_weights(f"{run.id}/weights.safetensors").items():
        assert loaded.arrays[f"model/{name}"].tobytes() == array.tobytes()
    plain = work(store, settings, SMALL.with_changes({"optim.name": "sgd", "optim.momentum": 0.0}))
    assert (store.files(plain.id).folder / NEWEST).stat().st_size < 50_000


@pytest.mark.parametrize("how", MODES)
def test_an_extended_sweep_is_the_sweep_with_all_epochs(store: Store, settings: Settings, how: ExecutionMode) -> None:
    more = SWEEP.run.train.epochs + 2
    sweep = train_sweep(store, settings, plan=plan_of(SWEEP, how))
    store.extend(sweep.id, more, owner=store.owner())
    SweepWorker(store, settings, store.sweep(sweep.id)).work()
    longer = store.sweep(sweep.id)
    assert (longer.state, longer.epochs, longer.spec) == ("finished", more, with_epochs(SWEEP, more))
    assert [run.spec for run in store.sweep_runs(sweep.id)] == [lane.run for lane in longer.spec.lanes()]
    whole = train_sweep(store, settings, with_epochs(SWEEP, more), plan_of(SWEEP, how))
    assert_same_lanes(lanes_of(store, longer), lanes_of(store, whole))


@pytest.mark.parametrize("how", MODES)
def test_runs_of_a_sweep_that_stopped_early_stay_as_they_are(
    store: Store, settings: Settings, how: ExecutionMode
) -> None:
    few, many = (with_epochs(SWEEP, epochs, **{"train.patience": 2, "optim.lr": 0.02}) for epochs in (5, 9))
    sweep = train_sweep(store, settings, few, plan_of(few, how))
    before = store.sweep_runs(sweep.id)
    early = [run.id for run in before if run.best_epoch is not None and run.epoch - run.best_epoch >= 2]
    assert 0 < len(early) < few.size
    store.extend(sweep.id, 9, owner=store.owner())
    states = {run.id: run.state for run in store.sweep_runs(sweep.id)}
    assert {run_id for run_id, state in states.items() if state == "finished"} == set(early)
    SweepWorker(store, settings, store.sweep(sweep.id)).work()
    whole = train_sweep(store, settings, many, plan_of(many, how))
    assert_same_lanes(lanes_of(store, store.sweep(sweep.id)), lanes_of(store, whole))


def refusal(store: Store, run: Run, epochs: int = MORE) -> str:
    with pytest.raises(StoreError) as found:
        store.extend(run.id, epochs)
    assert store.get(run.id) == run
    return str(found.value)


def test_what_cannot_be_extended_says_why(store: Store, settings: Settings) -> None:
    def ended(**changes: object) -> Run:
        return work(store, settings, SMALL.with_changes({k.replace("__", "."): v for k, v in changes.items()}))

    cosine, early = ended(optim__schedule="cosine"), ended(train__patience=1, optim__lr=0.5, train__epochs=9)
    assert "cosine schedule, which falls to 0 at epoch 4" in refusal(store, cosine)
    assert early.epoch < 9
    assert "Early stopping ended run" in refusal(store, early, 20)
    done = work(store, settings)
    assert "has 4 epochs already; give more" in refusal(store, done, 4)
    store.delete([done.id])
    with pytest.raises(StoreError, match="is deleted; restore it first"):
        store.extend(done.id, MORE)
    waiting = store.create(SMALL)
    assert "is queued; wait for its end" in refusal(store, waiting)
    lesson = store.create(SMALL, group="claim x", owner=store.owner())
    assert "part of a claim's test" in refusal(store, go_on(store, settings, lesson))
    assert not any(store.files(run.id).has_checkpoint for run in (cosine, early))


@pytest.mark.usefixtures("eager")
def test_a_stopped_run_may_be_given_more_epochs_too(store: Store, settings: Settings) -> None:
    stopped = work(store, settings, listen=stop_at(store, 3))
    assert stopped.state == "cancelled"
    whole = work(store, settings, SMALL.with_changes({"train.epochs": MORE}))
    assert extended(store, settings, stopped, MORE).weights_sha256 == whole.weights_sha256


def test_a_backup_holds_what_extending_needs(store: Store, settings: Settings, tmp_path: Path) -> None:
    run = work(store, settings)
    store.back_up(tmp_path / "copy")
    assert {path.name for path in (tmp_path / "copy" / run.id).iterdir()} == {
        path.name for path in store.files(run.id).folder.iterdir()
    }
