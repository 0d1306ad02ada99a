"""What the benchmarks share: processes of their own, interleaved measurements, medians, tables that name the machine.

Times are printed and never asserted: they depend on what else the machine does.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from reglab.machine import available_cores
from reglab.spec import RunSpec
from reglab.sweep import SweepSpec

ROOT = Path(__file__).resolve().parents[2]
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
_PATH = os.pathsep.join([str(ROOT / "src"), str(ROOT)])  # the code beside the benchmarks, whatever is installed
OWN_THREADS = {**{k: v for k, v in os.environ.items() if k not in _ONE_THREAD}, "PYTHONPATH": _PATH}
"""The environment of a process that takes as many threads as it likes."""

ENVIRONMENT = {**OWN_THREADS, **_ONE_THREAD}


@dataclass(frozen=True)
class Timing:
    """Seconds by the clock and of the processor, and the losses of every epoch.

    Of a sweep, the losses of every lane, the seconds that planning took by both, and how the lanes advanced.
    """

    wall: float
    cpu: float
    losses: list[list[float]]
    planning: float = 0.0
    planning_cpu: float = 0.0
    how: str = ""


@dataclass(frozen=True)
class Child:
    """A process that trains one loop on request."""

    process: subprocess.Popen[str]

    def train(self, spec: RunSpec | SweepSpec) -> Timing:
        """Train ``spec`` from its beginning."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(spec.model_dump_json(), file=self.process.stdin, flush=True)
        return Timing(**json.loads(self.process.stdout.readline()))


@contextmanager
def children(
    loops: Sequence[str],
    module: str = "tests.benchmarks.training_child",
    environment: Mapping[str, str] = ENVIRONMENT,
) -> Iterator[dict[str, Child]]:
    """One process for each loop; only one of them works at a time."""
    with ExitStack() as stack:
        command = [sys.executable, "-m", module]
        started = {
            loop: stack.enter_context(
                subprocess.Popen(
                    [*command, loop], cwd=ROOT, env=environment, text=True,
                    stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                )
            )
            for loop in loops
        }  # fmt: skip
        yield {loop: Child(process) for loop, process in started.items()}


def interleaved(working: Mapping[str, Child], spec: RunSpec, times: int) -> dict[str, list[Timing]]:
    """``times`` rounds in which every loop trains ``spec`` once, after one round that does not count."""
    rounds = [{loop: child.train(spec) for loop, child in working.items()} for _ in range(times + 1)][1:]
    return {loop: [one[loop] for one in rounds] for loop in working}


def median_ratio(over: Sequence[float], under: Sequence[float]) -> float:
    """The median of the ratios within each round."""
    return statistics.median(a / b for a, b in zip(over, under, strict=True))


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that ``share`` of ``values`` do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def machine() -> str:
    """The processor, its cores, how busy it was, and the versions that matter."""
    names = ("torch", "numpy", "streamlit")
    versions = ", ".join(f"{name} {version(name)}" for name in names)
    load = f", load {os.getloadavg()[0]:.1f} before" if hasattr(os, "getloadavg") else ""
    return f"{_processor()}, {available_cores()} cores{load}; Python {platform.python_version()}, {versions}"


def table(title: str, head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """``rows`` below ``head``, columns aligned, under ``title`` and the machine."""
    cells = [[str(cell) for cell in row] for row in [head, *rows]]
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]
    lines = [[cell.rjust(w) if i else cell.ljust(w) for i, (cell, w) in enumerate(zip(row, widths, strict=True))]
             for row in cells]  # fmt: skip
    return "\n".join(["", title, machine(), *("  ".join(line) for line in lines)])


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
