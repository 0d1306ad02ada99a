"""A process that trains sweeps on request: a line of JSON with a spec in, a line of JSON with times and losses out.

``python -m tests.benchmarks.sweep_child worker|engine|plain|joblib|…``; see :mod:`tests.benchmarks.sweep_loops`.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict

import psutil
from tests.benchmarks.sweep_loops import LOOPS

from reglab.sweep import SweepSpec


def cpu_seconds() -> float:
    """Of this process and the processes that it has started, which live on between two requests."""
    own = psutil.Process()
    times = [process.cpu_times() for process in (own, *own.children(recursive=True))]
    return sum(one.user + one.system for one in times)


def main(loop: str) -> None:
    """Answer until standard input ends."""
    for line in sys.stdin:
        spec = SweepSpec.from_json(line)
        wall, cpu = time.perf_counter(), cpu_seconds()
        trained = LOOPS[loop](spec)
        times = {"wall": time.perf_counter() - wall, "cpu": cpu_seconds() - cpu}
        print(json.dumps({**times, **asdict(trained)}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
