"""Ways of training every λ of a sweep, for the benchmarks: our worker, our engine alone, plain runs, those by joblib.

Each gives the training and validation loss of every lane at its last epoch, in the order of ``SweepSpec.lanes()``.
"""

from __future__ import annotations

import atexit
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from joblib import Parallel, delayed, parallel_config  # type: ignore[import-untyped]
from tests.training.plain_loop import plain_train

from reglab import RunSpec, train
from reglab.events import EpochDone
from reglab.jobs import Plan, SweepWorker, sweep_work
from reglab.jobs.sweep_plan import make_plan
from reglab.settings import Settings, load_settings
from reglab.store import Store, open_store
from reglab.sweep import SweepSpec
from reglab.sweep_values import spaced
from reglab.training import denormals_flushed

CORES = 2
DIGITS: dict[str, Any] = {"name": "digits"}  # 400 training and 539 validation images of 8×8 pixels
MNIST: dict[str, Any] = {"name": "mnist_5k", "train_size": 1000, "val_size": 500}  # of 28×28 pixels

Losses = list[list[float]]


def sweep_of(data: Mapping[str, Any], model: str, epochs: int, count: int) -> SweepSpec:
    """0 and ``count`` − 1 values of λ₂ above it, with a learning rate at which float32 does not part soon."""
    run = RunSpec.parse({"data": data, "model": {"name": model}, "optim": {"lr": 3e-4}, "train": {"epochs": epochs}})
    return SweepSpec(run=run, l2=(0.0, *spaced(1e-5, 1e-1, count - 1)) if count > 1 else (1e-2,))


@dataclass
class Trained:
    """The losses; of ours also the seconds that planning took and how the lanes then advanced."""

    losses: Losses
    planning: float = 0.0
    how: str = ""


@dataclass
class Planning:
    """:func:`make_plan`, timed."""

    seconds: float = 0.0
    plans: list[Plan] = field(default_factory=list)

    def make(self, spec: SweepSpec, settings: Settings, workers: int) -> Plan:
        before = time.perf_counter()
        self.plans.append(make_plan(spec, settings, workers))
        self.seconds = time.perf_counter() - before
        return self.plans[-1]

    @property
    def how(self) -> str:
        plan = self.plans[-1]
        return f"{plan.widest} fused, {plan.speedup:.1f}×" if plan.how.fused else "one by one"


@lru_cache
def opened() -> tuple[Store, Settings]:
    """A store that stays open, as the dashboard's does."""
    folder = TemporaryDirectory()
    settings = load_settings(
        {"REGLAB_HOME": folder.name, "REGLAB_DEVICE": "cpu", "REGLAB_THREADS": "1", "REGLAB_SLOTS": str(CORES)}
    )
    store = open_store(settings)
    atexit.register(folder.cleanup)
    atexit.register(store.close)
    return store, settings


def worker(spec: SweepSpec) -> Trained:
    """The real thing: planned, trained, and every epoch, histogram and checkpoint stored."""
    store, settings = opened()
    planning = Planning()
    sweep_work.make_plan = planning.make  # type: ignore[attr-defined]
    sweep = store.create(spec, owner=store.owner())
    SweepWorker(store, settings, sweep).work()
    lasts = [run.last for run in store.sweep_runs(sweep.id)]
    return Trained([[e.train_loss, e.val_loss] for e in lasts if e is not None], planning.seconds, planning.how)


def engine(spec: SweepSpec) -> Trained:
    """The same plan and training without a store, events thrown away."""
    planning = Planning()
    with denormals_flushed():
        plan = planning.make(spec, opened()[1], CORES)
    runs, losses = [lane.run for lane in spec.lanes()], dict[int, list[float]]()

    def advance(lanes: tuple[int, ...]) -> None:
        with denormals_flushed():
            for event in train(*(runs[lane] for lane in lanes), device="cpu", threads=1, folder=Path(), how=plan.how):
                if isinstance(event, EpochDone):
                    losses[lanes[event.lane]] = [event.metrics.train_loss, event.metrics.val_loss]

    with ThreadPoolExecutor(CORES) as pool:
        list(pool.map(advance, plan.stacks))
    return Trained([losses[lane] for lane in range(spec.size)], planning.seconds, planning.how)


def plain(spec: SweepSpec) -> Trained:
    """TensorDataset + DataLoader, one run after another, with as many threads as torch takes by itself."""
    return Trained([plain_run(lane.run) for lane in spec.lanes()])


def joblib(spec: SweepSpec) -> Trained:
    """The same runs on as many processes as there are cores, of one thread each."""
    with parallel_config(backend="loky", n_jobs=CORES, inner_max_num_threads=1):
        return Trained(
            list(Parallel()(delayed(run_with_one_thread)(lane.run.model_dump_json()) for lane in spec.lanes()))
        )


def run_with_one_thread(spec: str) -> list[float]:
    torch.set_num_threads(1)
    return plain_run(RunSpec.model_validate_json(spec))


def plain_run(spec: RunSpec) -> list[float]:
    *_, last = plain_train(spec, Path())
    return [last.train_loss, last.val_loss]


LOOPS: dict[str, Callable[[SweepSpec], Trained]] = {
    "worker": worker,
    "engine": engine,
    "plain": plain,
    "joblib": joblib,
}
