"""What the tests of sweeps share: a small sweep, plans that no timing decides, stopping at a step, comparing lanes."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from tests.jobs.running import figures, wait_until

from reglab import RunSpec, train
from reglab.events import Ended, Event, StepDone
from reglab.jobs import Plan, SweepWorker, sweep_part
from reglab.jobs.sweep_plan import share_out
from reglab.settings import Settings
from reglab.store import Run, Store, Sweep
from reglab.sweep import SweepSpec
from reglab.training import SEQUENTIAL, ExecutionMode, denormals_flushed

RUN = RunSpec.parse(
    {
        "data": {"name": "digits", "train_size": 60, "val_fraction": 0.05},
        "model": {"name": "small_cnn", "dropout": 0.3},
        "train": {"epochs": 3, "batch_size": 16},
    }
)
STEPS = 4  # in an epoch
SMALL = SweepSpec(run=RUN, l2=(0.0, 1e-2, 1e-1), seeds=2)
FUSED = ExecutionMode(fused=True, fused_evaluation=True)
MODES = [pytest.param(FUSED, id="fused"), pytest.param(SEQUENTIAL, id="one by one")]

Tell = Callable[[Event, tuple[RunSpec, ...]], None]
Arrays = Mapping[str, NDArray[Any]]
Figures = list[tuple[str, str | None, pd.DataFrame, list[Any]]]


def plan_of(spec: SweepSpec, how: ExecutionMode = FUSED, *, width: int = 1000, workers: int = 2) -> Plan:
    """A plan as :func:`reglab.jobs.sweep_plan.make_plan` could make it, without its timing."""
    stacks = share_out(spec, min(width, spec.size // spec.repeats) if how.fused else 1)
    return Plan(stacks, how, len(stacks), workers, 1.0, 0.0, 1.0)


def new_sweep(store: Store, spec: SweepSpec = SMALL, plan: Plan | None = None) -> Sweep:
    """A claimed sweep that advances by ``plan``."""
    sweep = store.create(spec, owner=store.owner())
    store.set_plan(sweep.id, (plan or plan_of(spec)).facts())
    return store.sweep(sweep.id)


def train_sweep(store: Store, settings: Settings, spec: SweepSpec = SMALL, plan: Plan | None = None) -> Sweep:
    """Train a new sweep here and now."""
    sweep = new_sweep(store, spec, plan)
    SweepWorker(store, settings, sweep).work()
    return store.sweep(sweep.id)


def resume_sweep(store: Store, settings: Settings, sweep_id: str) -> Sweep:
    """Take over a sweep that stopped, and train it to its end."""
    store.take_over(sweep_id, store.owner())
    SweepWorker(store, settings, store.sweep(sweep_id)).work()
    return store.sweep(sweep_id)


def tell_events(monkeypatch: pytest.MonkeyPatch, tell: Tell) -> None:
    """Have ``tell`` hear each event of each stack, with the stack's specs, before the worker does."""

    def telling(*specs: RunSpec, **values: Any) -> Generator[Event]:
        with closing(train(*specs, **values)) as events:
            for event in events:
                tell(event, specs)
                yield event

    monkeypatch.setattr(sweep_part, "train", telling)


def stop_at(
    monkeypatch: pytest.MonkeyPatch, worker: SweepWorker, ask: Callable[[], object], epoch: int, step: int
) -> None:
    """``ask`` the sweep to stop when the first stack has done ``step`` of ``epoch``: it goes no step further."""

    def tell(event: Event, specs: tuple[RunSpec, ...]) -> None:
        first = specs[0] == worker.sweep.spec.lanes()[0].run
        if first and isinstance(event, StepDone) and (event.epoch, event.step) == (epoch, step):
            ask()
            wait_until(worker._halting, "the worker to see that it is to stop")

    tell_events(monkeypatch, tell)


def lanes_of(store: Store, sweep: Sweep) -> Figures:
    """State, hash of the weights, epochs and layers of every lane: all that must come out the same again."""
    return [(run.state, run.weights_sha256, *figures(store, run)) for run in store.sweep_runs(sweep.id)]


def assert_same_lanes(found: Figures, expected: Figures) -> None:
    """Every lane is the same, to the bit."""
    assert [lane[:2] for lane in found] == [lane[:2] for lane in expected]
    for (*_, epochs, layers), (*_, wanted, wanted_layers) in zip(found, expected, strict=True):
        pd.testing.assert_frame_equal(epochs, wanted, check_exact=True)
        assert layers == wanted_layers


def weights(store: Store, run: Run) -> Arrays:
    """The final weights of a run that has ended."""
    assert run.weights_path is not None
    return store.files(run.id).load_weights(run.weights_path)


def initial(store: Store, run: Run) -> Arrays:
    return store.files(run.id).load_weights(f"{run.id}/initial.safetensors")


def alone(spec: RunSpec) -> Arrays:
    """The final weights of ``spec`` trained by :func:`reglab.train`, by itself."""
    with denormals_flushed():
        [ended] = [event for event in train(spec, device="cpu", threads=1) if isinstance(event, Ended)]
        return ended.weights()


def distance(mine: Arrays, theirs: Arrays) -> float:
    """‖mine − theirs‖ / ‖theirs‖ over all arrays."""
    assert mine.keys() == theirs.keys()
    pairs = [(mine[name].astype(np.float64), theirs[name].astype(np.float64)) for name in mine]
    return float(np.sqrt(sum(((a - b) ** 2).sum() for a, b in pairs) / sum((b**2).sum() for _, b in pairs)))
