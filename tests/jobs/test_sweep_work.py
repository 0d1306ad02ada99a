"""A sweep poured into the store: its lanes are ordinary runs, each as it would have trained alone, in pairs."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from tests.jobs.sweeping import (
    FUSED,
    MODES,
    RUN,
    SMALL,
    alone,
    distance,
    initial,
    new_sweep,
    plan_of,
    tell_events,
    train_sweep,
    weights,
)

from reglab import train
from reglab.events import EpochDone, Started
from reglab.jobs import Plan, SweepWorker, sweep_part, sweep_work
from reglab.jobs.sweep_plan import make_plan
from reglab.settings import Settings
from reglab.store import Store
from reglab.sweep import SweepSpec
from reglab.training import SEQUENTIAL, ExecutionMode

CLOSE = {"float32": 1e-5, "float64": 1e-12}


@pytest.mark.parametrize(("how", "advance"), [(FUSED, "fused, 3 lanes"), (SEQUENTIAL, "alone")])
def test_every_lane_is_saved_as_an_ordinary_run(
    store: Store, settings: Settings, how: ExecutionMode, advance: str
) -> None:
    sweep = train_sweep(store, settings, plan=plan_of(SMALL, how))
    assert (sweep.state, sweep.error, sweep.activity, sweep.share) == ("finished", None, None, 1.0)
    assert sweep.seconds > 0
    runs = store.sweep_runs(sweep.id)
    assert [run.spec for run in runs] == [lane.run for lane in SMALL.lanes()]
    for run in runs:
        assert (run.state, run.epoch, run.step, run.threads, run.error) == ("finished", 3, 0, 1, None)
        assert run.environment is not None
        assert run.environment["advance"] == advance
        assert run.environment["n_train"] == 60
        assert store.epochs([run.id])["epoch"].tolist() == [1, 2, 3]
        assert run.seconds == pytest.approx(store.epochs([run.id])["seconds"].sum())
        assert sorted(store.layers([run.id])["epoch"].unique()) == [0, 1, 2, 3]
        assert run.weights_path is not None
        data = (store.home / run.weights_path).read_bytes()
        assert hashlib.sha256(data).hexdigest() == run.weights_sha256


def test_one_by_one_every_lane_has_the_weights_and_figures_it_has_alone(store: Store, settings: Settings) -> None:
    sweep = train_sweep(store, settings, plan=plan_of(SMALL, SEQUENTIAL))
    for run in store.sweep_runs(sweep.id):
        expected = alone(run.spec)
        for name, array in weights(store, run).items():
            np.testing.assert_array_equal(array, expected[name])
        told = [event.metrics for event in train(run.spec, threads=1) if isinstance(event, EpochDone)]
        assert store.epochs([run.id])["val_loss"].tolist() == [metrics.val_loss for metrics in told]


@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize(
    "values",
    [
        {"l2": (0.0, 1e-2, 1e-1), "seeds": 2},
        {"l1": (0.0, 1e-3), "folds": 2, "apply": ("coupled", "proximal")},
        {"lambdas": (1e-3, 1e-2), "l1_ratio": 0.5, "apply": ("decoupled",)},
    ],
    ids=["L2 over seeds", "L1 over folds", "elastic net"],
)
def test_fused_every_lane_has_the_weights_it_has_alone_but_for_rounding(
    store: Store, settings: Settings, precision: Any, values: dict[str, Any]
) -> None:
    spec = SweepSpec(run=RUN.with_changes({"train.precision": precision}), **values)
    sweep = train_sweep(store, settings, spec)
    for run in store.sweep_runs(sweep.id):
        assert distance(weights(store, run), alone(run.spec)) <= CLOSE[precision]


@pytest.mark.parametrize("how", MODES)
def test_lanes_of_one_repeat_begin_with_the_same_weights_and_others_with_their_own(
    store: Store, settings: Settings, how: ExecutionMode
) -> None:
    sweep = train_sweep(store, settings, plan=plan_of(SMALL, how, width=2))
    runs = store.sweep_runs(sweep.id)
    files = [(store.home / run.id / "initial.safetensors").read_bytes() for run in runs]
    assert files[0] == files[1] == files[2]
    assert files[3] == files[4] == files[5]
    assert files[0] != files[3]
    inodes = [(store.home / run.id / "initial.safetensors").stat().st_ino for run in runs]
    assert len(set(inodes)) == 2, "written once for each repeat"
    for run in (runs[0], runs[-1]):
        first = next(train(run.spec, threads=1))
        assert isinstance(first, Started)
        for name, array in initial(store, run).items():
            np.testing.assert_array_equal(array, first.snapshot().arrays[f"model/{name}"])


@pytest.mark.parametrize(("how", "apart"), [(FUSED, 1e-5), (SEQUENTIAL, 0.0)])
def test_pairs_differ_by_their_penalty_alone(
    store: Store, settings: Settings, how: ExecutionMode, apart: float
) -> None:
    spec = SweepSpec(run=RUN, l2=(0.0,), apply=("coupled", "decoupled", "proximal"))
    sweep = train_sweep(store, settings, spec, plan_of(spec, how))
    coupled, decoupled, proximal = (weights(store, run) for run in store.sweep_runs(sweep.id))
    assert distance(decoupled, coupled) <= apart
    assert distance(proximal, coupled) <= apart


def test_stacks_advance_side_by_side(store: Store, settings: Settings) -> None:
    order: list[tuple[int, int]] = []
    plan = plan_of(SMALL, width=1, workers=1)
    sweep = new_sweep(store, plan=plan)
    SweepWorker(store, settings, sweep, listen=lambda stack: order.append((stack.epoch, stack.number))).work()
    assert order == [(epoch, number) for epoch in (1, 2) for number in range(6)] + [(3, n) for n in range(6)]


def test_every_thread_of_a_sweep_computes_with_the_threads_that_are_recorded(
    monkeypatch: pytest.MonkeyPatch, store: Store, settings: Settings
) -> None:
    """A stack goes from thread to thread, and each thread of a process has its own count."""
    before, used = torch.get_num_threads(), set[int]()
    tell_events(monkeypatch, lambda event, specs: used.add(torch.get_num_threads()))
    monkeypatch.setattr(sweep_part, "LANE_THREADS", 2)
    sweep = train_sweep(store, settings, plan=plan_of(SMALL, width=1))
    torch.set_num_threads(before)
    assert used == {2}
    assert {run.threads for run in store.sweep_runs(sweep.id)} == {2}


def test_a_lane_takes_one_thread_whatever_is_set_for_runs(store: Store, settings: Settings) -> None:
    sweep = train_sweep(store, replace(settings, threads=2), plan=plan_of(SMALL, width=1))
    assert {run.threads for run in store.sweep_runs(sweep.id)} == {1}


def test_the_plan_is_made_once_and_kept(store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Plan] = []

    def noting(spec: SweepSpec, settings: Settings, workers: int) -> Plan:
        made.append(make_plan(spec, settings, workers))
        return made[-1]

    monkeypatch.setattr(sweep_work, "make_plan", noting)
    sweep = store.create(SMALL, owner=store.owner())
    SweepWorker(store, settings, sweep).work()
    kept = store.sweep(sweep.id).plan
    assert kept is not None
    assert made == [Plan.of(kept)]
    assert {run.state for run in store.sweep_runs(sweep.id)} == {"finished"}
