"""How much training is left to a server whose live pages many people watch: epochs per second of its processor time.

Sessions are real ones, over websockets, without browsers (:mod:`tests.benchmarks.visitors`). Windows with different
numbers of them take turns; processor time instead of the clock, because other work on the machine slows both alike.
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

from reglab.settings import load_settings
from reglab.spec import RunSpec
from reglab.store import Store, open_store
from reglab.sweep import SweepSpec

SESSIONS = (0, 1, 8, 30)
ROUNDS, WINDOW, SETTLE = 3, 6.0, 2.0  # windows of each kind; seconds of one, and between them: 10,000 epochs must do
RUN = RunSpec().with_changes({"train.epochs": 10_000, "model.name": "keras_cnn", "data.train_size": 200})
SWEEP = SweepSpec(run=RUN.with_changes({"model.name": "small_cnn"}), l2=(0.0, 1e-3, 1e-2), seeds=1)


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


@contextmanager
def crowd(url: str) -> Iterator[Callable[[int], None]]:
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

        yield become
        ask.close()


def epochs_per_second(server: Server, watched: Watched) -> tuple[float, float]:
    """Epochs in a window, for each second of the server's processor time and for each second of the clock."""
    process = psutil.Process(server.process.pid)

    def now() -> tuple[int, float, float]:
        cpu = process.cpu_times()
        return watched.epochs(), cpu.user + cpu.system, time.monotonic()

    time.sleep(SETTLE)
    before = now()
    time.sleep(WINDOW)
    epochs, cpu, clock = (after - was for after, was in zip(now(), before, strict=True))
    return epochs / cpu, epochs / clock


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("what", [a_run, a_sweep])
def test_training_while_pages_watch(what: Callable[[Store], Watched], tmp_path: Path) -> None:
    found: dict[int, list[tuple[float, float]]] = {size: [] for size in SESSIONS}
    with (
        serving(APP, tmp_path) as server,
        open_store(load_settings({"REGLAB_HOME": str(server.home)})) as store,
    ):
        watched = what(store)
        wait_for(lambda: watched.epochs() > 0)
        with crowd(server.url + watched.page) as become:
            for _ in range(ROUNDS):
                for size in SESSIONS:
                    become(size)
                    found[size].append(epochs_per_second(server, watched))
        watched.stop()
    alone_cpu, alone_clock = (list(values) for values in zip(*found[0], strict=True))
    rows = []
    for size, pairs in found.items():
        cpu, clock = (list(values) for values in zip(*pairs, strict=True))
        spent = [own / per - own / free for per, own, free in zip(cpu, clock, alone_cpu, strict=True)]
        ratios = [median_ratio(cpu, alone_cpu), median_ratio(clock, alone_clock)]
        rows.append(
            (size, f"{statistics.median(cpu):.1f}", *(f"{ratio:.3f}" for ratio in ratios),
             f"{1e3 * statistics.median(spent):.0f}")
        )  # fmt: skip
    head = ("sessions", "epochs per CPU-second", "against none", "by the clock", "ms of pages in a second")
    title = f"Training speed, {what.__name__.replace('_', ' ')} (goal: 0.9 with 8 sessions, 0.8 with 30)"
    print(table(title, head, rows))
