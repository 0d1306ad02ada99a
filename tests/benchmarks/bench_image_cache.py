"""The first start with a data set, which decodes it, against a later one, which maps the decoded images; and the memory
of two processes that hold the same data set.

Every start is a process of its own; first and later ones take turns.
"""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.benchmarks.measuring import ENVIRONMENT, ROOT, median_ratio, table

from reglab.datasets import DATASETS
from reglab.settings import load_settings

ROUNDS = 3
NAMES = ("digits", "mnist_5k", "fashion_mnist")
CHILD = """
import json, os, sys, time
from reglab.datasets import DATASETS, load_images
from reglab.settings import load_settings
def pss():
    lines = open("/proc/self/smaps_rollup").read().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")) if lines else 0
DATASETS.entries, load_settings()
before, wall, cpu = pss(), time.perf_counter(), time.process_time()
images = load_images(sys.argv[1], load_settings().data)
wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
assert int(images.x.sum()) > 0
print(json.dumps({"wall": wall, "cpu": cpu}), flush=True)
sys.stdin.readline()
print(json.dumps({"pss": pss() - before}), flush=True)
sys.stdin.readline()
"""


@dataclass(frozen=True)
class Start:
    """Seconds by the clock and of the processor, and what the data set adds to the process's proportional set size."""

    wall: float
    cpu: float
    pss: int


def starts(home: Path, name: str, processes: int) -> list[Start]:
    """``processes`` that read ``name``, one after another, and hold it at the same time."""
    command, environment = [sys.executable, "-c", CHILD, name], {**ENVIRONMENT, "REGLAB_HOME": str(home)}
    with ExitStack() as stack:
        running, timings = list[subprocess.Popen[str]](), list[dict[str, float]]()
        for _ in range(processes):
            process = subprocess.Popen(
                command, cwd=ROOT, env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )
            running.append(stack.enter_context(process))
            timings.append(answer(process))
        sizes = [go_on(process) for process in running]  # while all of them hold the data set
        for process in running:
            process.communicate("\n")
    return [Start(timing["wall"], timing["cpu"], size) for timing, size in zip(timings, sizes, strict=True)]


def go_on(process: subprocess.Popen[str]) -> int:
    assert process.stdin is not None
    print(file=process.stdin, flush=True)
    return int(answer(process)["pss"])


def answer(process: subprocess.Popen[str]) -> dict[str, float]:
    assert process.stdout is not None
    found: dict[str, float] = json.loads(process.stdout.readline())
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="proportional set sizes are Linux's")
@pytest.mark.timeout(900)
def test_a_later_start_and_the_memory_of_two_processes(tmp_path: Path) -> None:
    data = load_settings({"REGLAB_HOME": str(tmp_path)}).data
    here = [name for name in NAMES if (find := DATASETS.get(name).find) is None or find(data)]  # nothing is downloaded
    head = ("", "decode, CPU ms", "mapped", "decode, wall ms", "mapped", "ratio (CPU)", "MiB of two, decoded", "mapped")
    rows = [compare(name, tmp_path / "home") for name in here]
    print(table("A data set: decoded at each start, or mapped from the cache", head, rows))


def compare(name: str, home: Path) -> tuple[str, ...]:
    """One line of the table; as long as there is no home, nothing is kept."""
    first, later = list[Start](), list[Start]()
    for _ in range(ROUNDS):
        first += starts(home, name, 1)
        home.mkdir()
        starts(home, name, 1)
        later += starts(home, name, 1)
        mapped = sum(one.pss for one in starts(home, name, 2))
        shutil.rmtree(home)
    decoded = sum(one.pss for one in starts(home, name, 2))
    times = [[getattr(one, clock) for one in kind] for clock in ("cpu", "wall") for kind in (first, later)]
    ratio = f"{median_ratio(times[0], times[1]):.0f}"
    return (name, *(f"{1000 * statistics.median(kind):.1f}" for kind in times), ratio, mib(decoded), mib(mapped))


def mib(size: int) -> str:
    return f"{size / 2**20:.1f}"
