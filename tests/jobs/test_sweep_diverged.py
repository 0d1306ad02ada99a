"""A lane that diverges ends with its last finite weights and a sentence, and harms no other."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import numpy as np
import pytest
from tests.jobs.running import figures, settings_in, work
from tests.jobs.sweeping import (
    MODES,
    RUN,
    Figures,
    assert_same_lanes,
    distance,
    initial,
    lanes_of,
    new_sweep,
    plan_of,
    resume_sweep,
    stop_at,
    train_sweep,
    weights,
)

from reglab.events import Checkpoint
from reglab.jobs import SweepWorker, pace
from reglab.jobs.work import is_finite
from reglab.settings import Settings
from reglab.spec import Apply
from reglab.store import Store, open_store
from reglab.sweep import SweepSpec
from reglab.training import ExecutionMode

SGD = RUN.with_changes(
    {"optim.name": "sgd", "optim.lr": 0.02, "optim.momentum": 0.0, "train.epochs": 5, "data.train_size": 64}
)
WILD = 500.0  # η·λ = 10: every step multiplies the weights by −9
TAME = 10.0


@pytest.fixture(params=[pytest.param(True, id="saved at every step"), pytest.param(False, id="saved once")])
def saved(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A checkpoint at every step, or no other than the first."""
    monkeypatch.setattr(pace, "TICK", 0.0)
    monkeypatch.setattr(pace.Pace, "due", lambda self: request.param)


def path(*l2: float, **values: Any) -> SweepSpec:
    return SweepSpec(run=SGD, l2=l2, **values)


@pytest.fixture(scope="module")
def tame(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[ExecutionMode, Apply], Figures]]:
    """The lanes of a sweep in which none diverges, by execution and penalty mode; each is trained once."""
    settings = settings_in(tmp_path_factory.mktemp("tame") / "home")

    def lanes(how: ExecutionMode, apply: Apply) -> Figures:
        spec = path(0.0, 1e-2, TAME, apply=(apply,))
        return lanes_of(store, train_sweep(store, settings, spec, plan_of(spec, how)))

    with open_store(settings) as store:
        yield cache(lanes)


@pytest.mark.usefixtures("saved")
@pytest.mark.parametrize("apply", ["coupled", "decoupled"])
@pytest.mark.parametrize("how", MODES)
def test_a_lane_that_diverges_leaves_the_others_as_they_are(
    store: Store, settings: Settings, tame: Callable[[ExecutionMode, Apply], Figures], how: ExecutionMode, apply: Apply
) -> None:
    wild = path(0.0, 1e-2, WILD, apply=(apply,))
    sweep = train_sweep(store, settings, wild, plan_of(wild, how))
    *others, diverged = store.sweep_runs(sweep.id)
    assert (sweep.state, sweep.error) == ("finished", None)
    assert sweep.counts["finished"] == 2
    assert diverged.state == "diverged"
    assert not diverged.resumable
    assert diverged.error is not None
    assert diverged.error.startswith(f"The loss was no longer a finite number in epoch {diverged.epoch}; the weights ")
    assert "smaller learning rate or λ" in diverged.error
    kept = weights(store, diverged)
    assert all(np.isfinite(array).all() for array in kept.values())
    assert kept.keys() == weights(store, others[0]).keys()
    assert_same_lanes(lanes_of(store, sweep)[:2], tame(how, apply)[:2])


@pytest.mark.parametrize("how", MODES)
def test_where_every_lane_diverges_so_does_the_sweep(store: Store, settings: Settings, how: ExecutionMode) -> None:
    spec = path(WILD, 2 * WILD)
    sweep = train_sweep(store, settings, spec, plan_of(spec, how))
    assert sweep.state == "diverged"
    for run in store.sweep_runs(sweep.id):
        assert all(np.isfinite(array).all() for array in weights(store, run).values())


def test_without_a_later_checkpoint_the_weights_kept_are_the_initial_ones(
    monkeypatch: pytest.MonkeyPatch, store: Store, settings: Settings
) -> None:
    monkeypatch.setattr(pace.Pace, "due", lambda self: False)
    diverged = store.sweep_runs(train_sweep(store, settings, path(0.0, WILD)).id)[1]
    assert diverged.error is not None
    assert "those after epoch 0." in diverged.error
    first = initial(store, diverged)
    for name, array in weights(store, diverged).items():
        np.testing.assert_array_equal(array, first[name])


@pytest.mark.parametrize("step", [1, 3, 4])
def test_a_sweep_stopped_while_a_lane_diverges_resumes_to_the_same_bits(
    monkeypatch: pytest.MonkeyPatch, store: Store, settings: Settings, step: int
) -> None:
    """Also where the checkpoint holds a lane that is finite no more, whose last finite weights were kept before."""
    monkeypatch.setattr(pace, "TICK", 0.0)
    monkeypatch.setattr(pace, "_OVERHEAD", 0.0)
    monkeypatch.setattr(pace, "_SHORTEST", 0.0)
    spec = path(0.0, WILD)
    whole = train_sweep(store, settings, spec)
    epoch = store.sweep_runs(whole.id)[1].epoch
    sweep = new_sweep(store, spec)
    with monkeypatch.context() as patch:
        worker = SweepWorker(store, settings, sweep)
        stop_at(patch, worker, lambda: store.request_stop(sweep.id), epoch, step)
        worker.work()
    assert store.sweep(sweep.id).counts["cancelled"] == 2
    resumed = resume_sweep(store, settings, sweep.id)
    assert_same_lanes(lanes_of(store, resumed), lanes_of(store, whole))


@pytest.mark.parametrize(
    ("weight", "loss", "finite"),
    [(1.0, 2.0, True), (math.inf, 2.0, False), (math.nan, 2.0, False), (1.0, math.nan, False)],
)
def test_a_state_is_finite_where_its_weights_and_its_loss_are(weight: float, loss: float, finite: bool) -> None:
    arrays = {"model/fc.weight": np.array([0.0, weight], np.float32), "optimizer/fc.weight/step": np.array(math.inf)}
    assert is_finite(Checkpoint(arrays, {"running_loss": loss})) is finite


def test_a_lane_that_stopped_early_and_diverges_unseen_keeps_its_weights(
    monkeypatch: pytest.MonkeyPatch, store: Store, settings: Settings
) -> None:
    """A fused lane that has ended moves along, and its λ may carry it to infinity."""
    monkeypatch.setattr(pace, "TICK", 0.0)
    monkeypatch.setattr(pace, "_OVERHEAD", 0.0)
    monkeypatch.setattr(pace, "_SHORTEST", 0.0)
    run = SGD.with_changes({"train.patience": 1, "train.epochs": 12, "optim.lr": 0.05})
    spec = SweepSpec(run=run, l2=(0.0, 46.0))  # η·λ = 2.3: every step multiplies the weights by −1.3
    sweep = train_sweep(store, settings, spec)
    going, stopped = store.sweep_runs(sweep.id)
    assert going.state == stopped.state == "finished"
    assert stopped.epoch == 2
    assert going.epoch > 3  # in epoch 3 the other one, which nobody looks at any more, is no longer finite
    assert distance(weights(store, stopped), weights(store, work(store, settings, stopped.spec))) <= 1e-3
    assert len(figures(store, stopped)[0]) == 2
