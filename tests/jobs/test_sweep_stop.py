"""Stopping a sweep in the middle of an epoch, by whatever way, and going on to the same bits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache

import pytest
from tests.jobs.running import settings_in, wait_until
from tests.jobs.sweeping import (
    FUSED,
    MODES,
    RUN,
    SMALL,
    STEPS,
    Figures,
    assert_same_lanes,
    lanes_of,
    new_sweep,
    plan_of,
    resume_sweep,
    stop_at,
    tell_events,
    train_sweep,
)

from reglab import RunSpec
from reglab.events import Evaluating, Event
from reglab.jobs import Plan, SweepWorker, pace
from reglab.settings import Settings
from reglab.store import Store, Sweep, open_store
from reglab.sweep import SweepSpec
from reglab.training import ExecutionMode


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Plan], Figures]]:
    """The lanes of the small sweep that nothing stops, by their plan; each plan is trained once."""
    settings = settings_in(tmp_path_factory.mktemp("undisturbed") / "home")
    with open_store(settings) as store:
        yield cache(lambda plan: lanes_of(store, train_sweep(store, settings, plan=plan)))


def stopped_at(
    monkeypatch: pytest.MonkeyPatch, store: Store, settings: Settings, sweep: Sweep, epoch: int, step: int
) -> Sweep:
    """The sweep, cancelled when its first stack had done ``step`` of ``epoch``."""
    with monkeypatch.context() as patch:
        worker = SweepWorker(store, settings, sweep)
        stop_at(patch, worker, lambda: store.request_stop(sweep.id), epoch, step)
        worker.work()
    return store.sweep(sweep.id)


def steps_kept(store: Store, sweep: Sweep, stack: int) -> int:
    """The steps that the stack's checkpoint has behind it: the same for all lanes."""
    checkpoint = store.sweep_files(sweep.id, stack).load_checkpoint()
    assert checkpoint is not None
    [steps] = {lane["epoch"] * STEPS + lane["step"] for lane in checkpoint.facts["lanes"]}
    return int(steps)


@pytest.mark.parametrize("how", MODES)
@pytest.mark.parametrize(("epoch", "step"), [(1, 1), (3, 4)])
def test_stopped_in_mid_epoch_a_sweep_resumes_to_the_same_bits(
    monkeypatch: pytest.MonkeyPatch,
    store: Store,
    settings: Settings,
    undisturbed: Callable[[Plan], Figures],
    how: ExecutionMode,
    epoch: int,
    step: int,
) -> None:
    plan = plan_of(SMALL, how, width=2)
    stopped = stopped_at(monkeypatch, store, settings, new_sweep(store, plan=plan), epoch, step)
    assert stopped.state == "cancelled"
    assert stopped.resumable
    assert steps_kept(store, stopped, 0) == (epoch - 1) * STEPS + step
    resumed = resume_sweep(store, settings, stopped.id)
    assert resumed.plan is not None
    assert Plan.of(resumed.plan) == plan
    assert resumed.seconds > stopped.seconds > 0
    assert_same_lanes(lanes_of(store, resumed), undisturbed(plan))


def test_stacks_that_wait_for_their_turn_are_saved_where_they_stand(
    monkeypatch: pytest.MonkeyPatch, store: Store, settings: Settings
) -> None:
    plan = plan_of(SMALL, width=1, workers=1)
    monkeypatch.setattr(pace.Pace, "due", lambda self: False)  # no checkpoint but the first and the last
    stopped = stopped_at(monkeypatch, store, settings, new_sweep(store, plan=plan), 3, 2)
    assert [steps_kept(store, stopped, number) for number in range(6)] == [2 * STEPS + 2] + [2 * STEPS + 1] * 5
    assert [run.epoch for run in store.sweep_runs(stopped.id)] == [2] * 6
    resumed = resume_sweep(store, settings, stopped.id)
    assert_same_lanes(lanes_of(store, resumed), lanes_of(store, train_sweep(store, settings, plan=plan)))


def test_stopping_again_and_again(
    monkeypatch: pytest.MonkeyPatch, store: Store, settings: Settings, undisturbed: Callable[[Plan], Figures]
) -> None:
    sweep = new_sweep(store)
    for epoch, step in ((1, 2), (1, 4), (2, 1), (2, 4), (3, 3)):
        assert stopped_at(monkeypatch, store, settings, sweep, epoch, step).state == "cancelled"
        store.take_over(sweep.id, store.owner())
        sweep = store.sweep(sweep.id)
    SweepWorker(store, settings, sweep).work()
    assert_same_lanes(lanes_of(store, sweep), undisturbed(plan_of(SMALL)))


def test_stopping_in_the_middle_of_an_evaluation(
    monkeypatch: pytest.MonkeyPatch, store: Store, settings: Settings
) -> None:
    spec = SweepSpec(run=RUN.with_changes({"data.val_fraction": 0.3}), l2=(0.0, 1e-2, 1e-1))
    monkeypatch.setattr("reglab.training.fused_lanes.chunk_size", lambda *_: 50)
    whole = train_sweep(store, settings, spec)
    sweep = new_sweep(store, spec)
    worker = SweepWorker(store, settings, sweep)

    def tell(event: Event, _specs: tuple[RunSpec, ...]) -> None:
        if isinstance(event, Evaluating) and event.epoch == 2:
            store.request_stop(sweep.id)
            wait_until(worker._halting, "the worker to see that it is to stop")

    with monkeypatch.context() as patch:
        tell_events(patch, tell)
        worker.work()
    assert steps_kept(store, sweep, 0) == 2 * STEPS
    resumed = resume_sweep(store, settings, sweep.id)
    assert_same_lanes(lanes_of(store, resumed), lanes_of(store, whole))


@pytest.mark.parametrize("how", MODES)
def test_a_process_that_leaves_marks_its_sweep_interrupted_with_a_checkpoint(
    monkeypatch: pytest.MonkeyPatch,
    store: Store,
    settings: Settings,
    undisturbed: Callable[[Plan], Figures],
    how: ExecutionMode,
) -> None:
    asked: list[bool] = []
    plan = plan_of(SMALL, how)
    sweep = new_sweep(store, plan=plan)
    with monkeypatch.context() as patch:
        worker = SweepWorker(store, settings, sweep, closing=lambda: bool(asked))
        stop_at(patch, worker, lambda: asked.append(True), 2, 2)
        worker.work()
    interrupted = store.sweep(sweep.id)
    assert (interrupted.state, interrupted.error, interrupted.activity) == ("interrupted", None, None)
    assert interrupted.has_checkpoint
    assert interrupted.resumable
    resumed = resume_sweep(store, settings, sweep.id)
    assert_same_lanes(lanes_of(store, resumed), undisturbed(plan))


def test_a_queued_sweep_is_cancelled_at_once(store: Store, settings: Settings) -> None:
    sweep = store.create(SMALL)
    store.request_stop(sweep.id)
    cancelled = store.sweep(sweep.id)
    assert (cancelled.state, cancelled.epoch) == ("cancelled", 0)
    assert cancelled.resumable
    assert not store.claim(sweep.id, store.owner())
    assert resume_sweep(store, settings, sweep.id).state == "finished"


def test_a_sweep_that_is_to_leave_before_it_begins_can_be_resumed(
    store: Store, settings: Settings, undisturbed: Callable[[Plan], Figures]
) -> None:
    sweep = new_sweep(store)
    SweepWorker(store, settings, sweep, closing=lambda: True).work()
    assert store.sweep(sweep.id).state == "interrupted"
    resumed = resume_sweep(store, settings, sweep.id)
    assert_same_lanes(lanes_of(store, resumed), undisturbed(plan_of(SMALL)))


def test_checkpoints_at_every_step_change_nothing(
    monkeypatch: pytest.MonkeyPatch, store: Store, settings: Settings, undisturbed: Callable[[Plan], Figures]
) -> None:
    seldom = undisturbed(plan_of(SMALL))
    monkeypatch.setattr(pace, "TICK", 0.0)
    monkeypatch.setattr(pace, "_OVERHEAD", 0.0)
    monkeypatch.setattr(pace, "_SHORTEST", 0.0)
    assert_same_lanes(lanes_of(store, train_sweep(store, settings)), seldom)


EARLY = SweepSpec(
    run=RUN.with_changes(
        {"train.epochs": 9, "train.patience": 2, "optim.lr": 1e-2, "data.val_fraction": 0.1, "data.label_noise": 0.2}
    ),
    l2=(0.0, 1e-2, 1e-1, 3.0),
)


@pytest.mark.parametrize("how", MODES)
def test_lanes_stop_early_by_themselves_and_a_sweep_resumes_after_some_have(
    monkeypatch: pytest.MonkeyPatch, store: Store, settings: Settings, how: ExecutionMode
) -> None:
    plan = plan_of(EARLY, how)
    whole = train_sweep(store, settings, EARLY, plan)
    ended = [run.epoch for run in store.sweep_runs(whole.id)]
    assert len(set(ended)) > 1
    for run in store.sweep_runs(whole.id):
        assert run.best_epoch is not None
        assert run.epoch == min(run.best_epoch + 2, 9)
        assert len(store.epochs([run.id])) == run.epoch
    stopped = stopped_at(monkeypatch, store, settings, new_sweep(store, EARLY, plan), max(ended), 2)
    if how == FUSED:
        assert stopped.counts["finished"] == sum(epoch < max(ended) for epoch in ended)
        assert stopped.counts["cancelled"] > 0
    resumed = resume_sweep(store, settings, stopped.id)
    assert_same_lanes(lanes_of(store, resumed), lanes_of(store, whole))
