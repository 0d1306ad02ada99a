"""What the tests of worker processes share: a server with two slots, its workers, and one in a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psutil
from tests.jobs.running import SMALL, settings_in, wait_until
from tests.jobs.sweeping import RUN, new_sweep, plan_of

from reglab.jobs import Plan, Runner, SweepWorker
from reglab.jobs.patience import Outages
from reglab.jobs.worker_pool import WorkerPool
from reglab.settings import Settings
from reglab.store import Run, Store, Sweep, open_store
from reglab.sweep import SweepSpec
from reglab.training import SEQUENTIAL

LONG = SMALL.with_changes({"train.epochs": 150})
SWEEP = SweepSpec(run=RUN.with_changes({"train.epochs": 40}), l2=(0.0, 1e-2), seeds=2)
ONE_BY_ONE = plan_of(SWEEP, SEQUENTIAL)  # four groups: two for each of two workers


def process_settings(home: Path, slots: int = 2) -> Settings:
    """Settings of a server that trains in worker processes."""
    return settings_in(home, REGLAB_RUNNER="process", REGLAB_SLOTS=str(slots))


@contextmanager
def pool_of(store: Store, settings: Settings) -> Iterator[WorkerPool]:
    """Workers of the store's owner."""
    pool = WorkerPool(settings, store.owner().id, Outages())
    try:
        yield pool
    finally:
        pool.close(10.0)


def train_in_workers(store: Store, settings: Settings, pool: WorkerPool, spec: SweepSpec, plan: Plan) -> Sweep:
    """A new sweep, trained in worker processes."""
    sweep = new_sweep(store, spec, plan)
    SweepWorker(store, settings, sweep, pool=pool).work()
    return store.sweep(sweep.id)


def wait_for_run(store: Store, run_id: str, state: str) -> Run:
    wait_until(lambda: store.get(run_id).state == state, f"{run_id} to be {state}")
    return store.get(run_id)


def wait_for_sweep(store: Store, sweep_id: str, state: str) -> Sweep:
    wait_until(lambda: store.sweep(sweep_id).state == state, f"{sweep_id} to be {state}")
    return store.sweep(sweep_id)


def begun(runner: Runner, store: Store) -> tuple[str, int]:
    """A long run that has done an epoch, and the number of the only process that trains."""
    run = runner.submit(LONG)
    wait_until(lambda: store.get(run.id).epoch > 0, "an epoch")
    [worker] = busy(runner)
    return run.id, worker


def busy(runner: Runner) -> list[int]:
    """The processes that train now."""
    assert runner.pool is not None
    return [worker.pid for worker in runner.pool.workers if worker.busy]


def planned(runner: Runner, store: Store) -> str:
    """The sweep, one lane a group, taken up by the runner."""
    sweep = store.create(SWEEP)
    store.set_plan(sweep.id, ONE_BY_ONE.facts())
    runner._bell.set()
    return sweep.id


def wait_until_gone(pids: list[int]) -> None:
    """Until no process with these numbers runs; one that has ended and was not waited for counts as gone."""
    wait_until(lambda: not any(map(_runs, pids)), f"processes {pids} to be gone")


def _runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def workers_of(pid: int) -> list[int]:
    """The worker processes of a server."""
    return [child.pid for child in psutil.Process(pid).children() if "reglab.jobs.worker_process" in child.cmdline()]


@contextmanager
def server(home: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process with a queue on ``home``, killed at the end of the block at the latest."""
    with subprocess.Popen([sys.executable, "-m", "tests.jobs.processes", str(home)], env=_environment()) as process:
        try:
            yield process
        finally:
            process.kill()


def _environment() -> dict[str, str]:
    paths = [str(Path(__file__).resolve().parents[2]), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}


if __name__ == "__main__":
    here = process_settings(Path(sys.argv[1]))
    with open_store(here) as opened, closing(Runner(opened, here)):
        signal.sigwait({signal.SIGTERM})
