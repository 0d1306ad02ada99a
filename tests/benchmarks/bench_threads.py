"""Seconds of a step on 1, 2, 4, … threads for each CNN and image size, and what REGLAB_THREADS=auto takes.

Blocks of steps on each number of threads follow one another, in rounds; the figures are medians of rounds. With
``taskset -c 0`` there is one core, and auto takes one thread without a timing.
"""

from __future__ import annotations

import statistics
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from tests.benchmarks.measuring import table

from reglab.machine import available_cores
from reglab.spec import RunSpec
from reglab.training import denormals_flushed
from reglab.training.devices import use_threads
from reglab.training.thread_choice import Trial, fastest_threads, numbers_up_to, take_step

ROUNDS, BLOCK = 7, 0.03  # rounds; seconds of a block
SIZES = {"8 px": "digits", "16 px": "synthetic", "28 px": "mnist_5k"}
CNNS = ("linear", "dense_784", "small_cnn", "keras_cnn", "lenet5", "simple_cnn", "vgg_small")
BATCHES = (32, 128)


@pytest.mark.timeout(1800)
def test_threads_of_a_step() -> None:
    numbers = numbers_up_to(available_cores())
    rows = [row(name, cnn, batch, numbers) for name in SIZES for cnn in CNNS for batch in BATCHES]
    head = ("ms a step", "batch", *(f"{number} thread{'s' * (number > 1)}" for number in numbers), "auto", "seconds")
    print(table("A step by threads, and the choice of REGLAB_THREADS=auto with the seconds that it took", head, rows))


def row(size: str, cnn: str, batch: int, numbers: list[int]) -> tuple[str, ...]:
    """A line of the table."""
    parts: dict[str, Any] = {"data": {"name": SIZES[size], "train_size": None}, "train": {"batch_size": batch}}
    spec = RunSpec.parse({**parts, "model": {"name": cnn}})
    with denormals_flushed():
        times = timed(spec, numbers)
        began = time.perf_counter()
        taken = fastest_threads(spec, most=numbers[-1], device="cpu", folder=Path())
        seconds = time.perf_counter() - began
    figures = (f"{1e3 * statistics.median(times[number]):.2f}" for number in numbers)
    return (f"{cnn}, {size}", str(batch), *figures, str(taken), f"{seconds:.2f}")


def timed(spec: RunSpec, numbers: list[int]) -> dict[int, list[float]]:
    """Number of threads → seconds of a step in each round."""
    lane = Trial(spec, torch.device("cpu"), Path(), lambda *_: None, BLOCK, {}).lane
    times: dict[int, list[float]] = {number: [] for number in numbers}
    for _ in range(ROUNDS):
        for number in numbers:
            use_threads(number)
            take_step(lane)
            began, steps = time.perf_counter(), 0
            while time.perf_counter() - began < BLOCK:
                take_step(lane)
                steps += 1
            times[number].append((time.perf_counter() - began) / steps)
    return times
