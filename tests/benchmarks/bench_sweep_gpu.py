"""64 λ fused on a CUDA GPU against 64 runs one after another: eager, and with every step captured as a CUDA graph.

The runs that go one after another all take the same time, so a few of them are timed, and that is scaled to 64.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from tests.benchmarks.measuring import median_ratio, table
from tests.benchmarks.sweep_loops import DIGITS, MNIST, sweep_of

from reglab import RunSpec, train
from reglab.events import EpochDone
from reglab.training import SEQUENTIAL, ExecutionMode

ROUNDS = 3
COUNT, TIMED = 64, 4  # λ, and how many of them are timed one after another
FUSED = ExecutionMode(fused=True, fused_evaluation=True)
WORK: dict[str, tuple[dict[str, Any], str, int]] = {
    "small_cnn, 8 px": (DIGITS, "small_cnn", 10),
    "keras_cnn, 8 px": (DIGITS, "keras_cnn", 10),
    "simple_cnn, 8 px": (DIGITS, "simple_cnn", 5),
    "keras_cnn, 28 px": (MNIST, "keras_cnn", 5),
    "small_cnn, 28 px": (MNIST, "small_cnn", 5),
}


@pytest.mark.timeout(1800)
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")
def test_sixty_four_lambdas_on_a_gpu() -> None:
    rows = []
    for name, work in WORK.items():
        runs = [lane.run for lane in sweep_of(*work, COUNT).lanes()]
        some = runs[:: COUNT // TIMED]
        seconds([run.with_changes({"train.epochs": 1}) for run in runs[:2]], FUSED)  # kernels are chosen and loaded
        rounds = [
            (
                seconds(runs, FUSED),
                COUNT / TIMED * sum(seconds([run], SEQUENTIAL) for run in some),
                COUNT / TIMED * sum(seconds([run], FUSED) for run in some),
            )
            for _ in range(ROUNDS)
        ]
        fused, eager, captured = zip(*rounds, strict=True)
        took = (f"{statistics.median(times):.2f}" for times in (fused, eager, captured))
        rows.append((name, *took, f"{median_ratio(eager, fused):.1f}×", f"{median_ratio(captured, fused):.1f}×"))
    head = ("seconds", f"{COUNT} λ fused", "eager", "captured", "eager / fused", "captured / fused")
    gpu = torch.cuda.get_device_name()
    print(table(f"{COUNT} λ on one {gpu}, against as many runs one after another (goals: 40× and 5×)", head, rows))


def seconds(runs: Sequence[RunSpec], how: ExecutionMode) -> float:
    """Train ``runs`` side by side, to the figures of their last epoch, for which the GPU is waited."""
    before = time.perf_counter()
    done = [event for event in train(*runs, device="cuda", folder=Path(), how=how) if isinstance(event, EpochDone)]
    assert len(done) == len(runs) * runs[0].train.epochs
    return time.perf_counter() - before
