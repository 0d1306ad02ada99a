"""Ways of training every λ of a sweep, for the benchmarks: our runner, our engine alone, plain runs, those by joblib.

Each gives the training and validation loss of every lane at its last epoch, in the order of ``SweepSpec.lanes()``.
"""

from __future__ import annotations

import atexit
import os
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from joblib import Parallel, delayed, parallel_config  # type: ignore[import-untyped]
from tests.training.plain_loop import plain_train

from reglab import RunSpec, train
from reglab.datasets import prepare
from reglab.events import EpochDone
from reglab.jobs import Plan, Runner
from reglab.jobs.sweep_plan import make_plan
from reglab.jobs.timing_file import NAME
from reglab.settings import Settings, load_settings
from reglab.states import ENDED
from reglab.store import Store, open_store
from reglab.sweep import SweepSpec
from reglab.sweep_values import spaced
from reglab.training import denormals_flushed

CORES = 2
SLOTS = "REGLAB_BENCH_SLOTS"
"""Environment variable: how many slots ours has, if not one a core."""

DIGITS: dict[str, Any] = {"name": "digits"}  # 400 training and 539 validation images of 8×8 pixels
MNIST: dict[str, Any] = {"name": "mnist_5k", "train_size": 1000, "val_size": 500}  # of 28×28 pixels

Losses = list[list[float]]


def sweep_of(data: Mapping[str, Any], model: str, epochs: int, count: int, seeds: int = 1) -> SweepSpec:
    """0 and ``count`` − 1 values of λ₂ above it, with a learning rate at which float32 does not part soon."""
    run = RunSpec.parse({"data": data, "model": {"name": model}, "optim": {"lr": 3e-4}, "train": {"epochs": epochs}})
    return SweepSpec(run=run, l2=(0.0, *spaced(1e-5, 1e-1, count - 1)) if count > 1 else (1e-2,), seeds=seeds)


@dataclass
class Trained:
    """The losses; of ours also the seconds of planning, in clock and processor time, and how the lanes advanced."""

    losses: Losses
    planning: float = 0.0
    planning_cpu: float = 0.0
    how: str = ""


@lru_cache
def opened() -> tuple[Store, Settings, Runner]:
    """A store and a runner that stay open, as the dashboard's do."""
    folder = TemporaryDirectory()
    slots = os.environ.get(SLOTS, str(CORES))
    settings = load_settings({"REGLAB_HOME": folder.name, "REGLAB_DEVICE": "cpu", "REGLAB_SLOTS": slots})
    store = open_store(settings)
    runner = Runner(store, settings)
    for close in (folder.cleanup, store.close, runner.close):
        atexit.register(close)
    return store, settings, runner


def worker(spec: SweepSpec) -> Trained:
    """The real thing: queued, planned, trained, and every epoch, histogram and checkpoint stored."""
    store, _, runner = opened()
    sweep = runner.submit(spec)
    while store.sweep(sweep.id).state not in ENDED:
        time.sleep(0.01)
    done = store.sweep(sweep.id)
    assert done.state == "finished", done.error
    assert done.plan is not None
    lasts = [run.last for run in store.sweep_runs(sweep.id)]
    return Trained([[e.train_loss, e.val_loss] for e in lasts if e is not None], how=_how(Plan.of(done.plan)))


def first_plan(spec: SweepSpec) -> Trained:
    """Planning alone, in a home that has no timings yet."""
    settings = opened()[1]
    (settings.home / NAME).unlink(missing_ok=True)
    return known_plan(spec)


def known_plan(spec: SweepSpec) -> Trained:
    """Planning alone, in a home that has timings of the shape."""
    prepare(spec.run.data, opened()[1].data)
    wall, cpu = time.perf_counter(), time.process_time()
    plan = _planned(spec)
    return Trained([], time.perf_counter() - wall, time.process_time() - cpu, _how(plan))


def engine(spec: SweepSpec) -> Trained:
    """The same plan and training on threads and without a store, events thrown away."""
    wall = time.perf_counter()
    plan = _planned(spec)
    planning = time.perf_counter() - wall
    runs, losses = [lane.run for lane in spec.lanes()], dict[int, list[float]]()

    def advance(lanes: tuple[int, ...]) -> None:
        with denormals_flushed():
            for event in train(*(runs[lane] for lane in lanes), device="cpu", threads=1, folder=Path(), how=plan.how):
                if isinstance(event, EpochDone):
                    losses[lanes[event.lane]] = [event.metrics.train_loss, event.metrics.val_loss]

    with ThreadPoolExecutor(CORES) as pool:
        list(pool.map(advance, plan.stacks))
    return Trained([losses[lane] for lane in range(spec.size)], planning, how=_how(plan))


def _planned(spec: SweepSpec) -> Plan:
    with denormals_flushed():
        return make_plan(spec, opened()[1], CORES)


def _how(plan: Plan) -> str:
    return f"{plan.widest} fused, {plan.speedup:.1f}×" if plan.how.fused else "one by one"


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
    "first_plan": first_plan,
    "known_plan": known_plan,
    "plain": plain,
    "joblib": joblib,
}
