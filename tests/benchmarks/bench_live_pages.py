"""How much training is left to workers whose live pages many people watch, and what the pages cost the server.

Sessions are real ones, over websockets, without browsers (:mod:`tests.benchmarks.visitors`). Windows with different
numbers of them take turns. Training is in worker processes, which the server's pages leave less of the cores: epochs by
the clock say how much less, also where other programs take some; epochs for each second of the workers' own processor
time say whether pages slow the workers down while they run. In life the sessions' browsers are on other machines, so
the processor time of :mod:`tests.benchmarks.visitors` is taken out of the time by the clock.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from tests.benchmarks.bench_page import wait_for
from tests.benchmarks.measuring import ENVIRONMENT, ROOT, median_ratio, table
from tests.live.serving import APP, Server, serving

from reglab.machine import available_cores
from reglab.settings import load_settings
from reglab.spec import RunSpec
from reglab.store import Store, open_store
from reglab.ui.sweep.presets import DEMO

SESSIONS = (0, 1, 8, 30)
GOALS = {1: 0.97, 8: 0.95, 30: 0.9}
ROUNDS, WINDOW, SETTLE = 3, 6.0, 2.0  # windows of each kind; seconds of one, and between them: the epochs must do
RUN = RunSpec().with_changes({"train.epochs": 10_000, "data.train_size": 200})
SWEEP = DEMO.spec.model_copy(update={"run": DEMO.spec.run.with_changes({"train.epochs": 10_000})})


@dataclass(frozen=True)
class Watched:
    """Something that trains: the page that shows it, and how many epochs are done."""

    page: str
    epochs: Callable[[], int]
    stop: Callable[[], None]


def a_run(store: Store) -> Watched:
    """One run on the Train page."""
    run = store.create(RUN).id
    return Watched(f"/train?run={run}", lambda: store.get(run).epoch, lambda: store.request_stop(run))


def a_sweep(store: Store) -> Watched:
    """A sweep on its page."""
    sweep = store.create(SWEEP).id
    page = f"/sweep?sweep={sweep}"
    return Watched(page, lambda: store.sweep(sweep).epochs_done, lambda: store.request_stop(sweep))


@dataclass(frozen=True)
class Crowd:
    """The process that keeps sessions open, and how to change their number."""

    pid: int
    become: Callable[[int], None]


@contextmanager
def crowd(url: str) -> Iterator[Crowd]:
    """A process that keeps as many sessions open as it was last asked for."""
    command = [sys.executable, "-m", "tests.benchmarks.visitors", url]
    with subprocess.Popen(
        command, cwd=ROOT, env=ENVIRONMENT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        ask, answers = process.stdin, process.stdout
        assert ask is not None
        assert answers is not None

        def become(size: int) -> None:
            print(size, file=ask, flush=True)
            answers.readline()

        yield Crowd(process.pid, become)
        ask.close()


@dataclass(frozen=True)
class Window:
    """Epochs of a window, its seconds by the clock, and the processor seconds of workers, server and visitors in it.

    ``idle`` are the seconds for which cores were idle.
    """

    epochs: float
    clock: float
    workers: float
    server: float
    visitors: float
    idle: float

    @property
    def by_clock(self) -> float:
        """Epochs a second, had the visitors been on other machines: without what they took of cores that were busy."""
        taken = max(0.0, self.visitors - self.idle) / available_cores()
        return self.epochs / (self.clock - taken)

    @property
    def by_workers(self) -> float:
        """Epochs for each second of the workers' processor time."""
        return self.epochs / self.workers


def window_of(server: Server, visitors: int, watched: Watched) -> Window:
    """The next seconds."""
    process = psutil.Process(server.process.pid)

    def now() -> list[float]:
        workers = [child for child in process.children() if "reglab.jobs.worker_process" in child.cmdline()]
        assert workers
        return [
            watched.epochs(), time.monotonic(), sum(map(cpu_seconds, workers)), cpu_seconds(process),
            cpu_seconds(psutil.Process(visitors)), psutil.cpu_times().idle,
        ]  # fmt: skip

    time.sleep(SETTLE)
    before = now()
    time.sleep(WINDOW)
    return Window(*(after - was for after, was in zip(now(), before, strict=True)))


def cpu_seconds(process: psutil.Process) -> float:
    """Processor time of the process so far, without its children's."""
    times = process.cpu_times()
    return times.user + times.system


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("what", [a_run, a_sweep])
def test_training_while_pages_watch(what: Callable[[Store], Watched], tmp_path: Path) -> None:
    found: dict[int, list[Window]] = {size: [] for size in SESSIONS}
    with (
        serving(APP, tmp_path) as server,
        open_store(load_settings({"REGLAB_HOME": str(server.home)})) as store,
    ):
        watched = what(store)
        wait_for(lambda: watched.epochs() > 0)
        with crowd(server.url + watched.page) as visitors:
            for _ in range(ROUNDS):
                for size in SESSIONS:
                    visitors.become(size)
                    found[size].append(window_of(server, visitors.pid, watched))
        watched.stop()
        wait_for(lambda: not server_trains(store))
    rows = [(str(size), *figures(windows, found[0])) for size, windows in found.items()]
    head = (
        *("sessions", "epochs a second", "against none", "per CPU-second", "against none"),
        *("server ms/s", "visitors ms/s", "workers' CPU ms/s"),
    )
    goals = ", ".join(f"{goal} with {size}" for size, goal in GOALS.items())
    print(table(f"Training speed, {what.__name__.replace('_', ' ')} (goal by the clock: {goals})", head, rows))


def figures(windows: list[Window], alone: list[Window]) -> tuple[str, ...]:
    """A row: medians over rounds, ratios within them."""
    clock, cpu = ([getattr(one, name) for one in windows] for name in ("by_clock", "by_workers"))
    free_clock, free_cpu = ([getattr(one, name) for one in alone] for name in ("by_clock", "by_workers"))
    spent = [
        statistics.median(1e3 * getattr(one, name) / one.clock for one in windows)
        for name in ("server", "visitors", "workers")
    ]
    return (
        f"{statistics.median(clock):.1f}", f"{median_ratio(clock, free_clock):.3f}",
        f"{statistics.median(cpu):.1f}", f"{median_ratio(cpu, free_cpu):.3f}", *(f"{one:.0f}" for one in spent),
    )  # fmt: skip


def server_trains(store: Store) -> bool:
    """Whether anything runs."""
    return bool(store.runs(states=["running"], limit=1))
