"""One run against the loop most people write: same images, initial weights, batch order and maths, one thread each.

The losses of every epoch must agree to 1e-5, and to 1e-9 in float64; times and their ratio are printed. Ours measures
norms and histograms of all kernels in every epoch, which the plain loop does not; the last column says what that costs.

The learning rate is small and the epochs few: in float32, rounding sooner or later decides on which side of 0 an
activation is, or which of two pixels is the larger, and from there any two implementations part (float64 shows that
nothing else does).
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from tests.benchmarks.measuring import Child, children, interleaved, median_ratio, table

from reglab.spec import RunSpec

ROUNDS = 7
AGREE, AGREE_DOUBLE = 1e-5, 1e-9
DIGITS = {"name": "digits"}  # 400 training and 539 validation images of 8×8 pixels
MNIST = {"name": "mnist_5k", "train_size": 1000, "val_size": 500}  # of 28×28 pixels
WORK: dict[str, dict[str, Any]] = {
    "keras_cnn, 8 px": {"data": DIGITS, "model": {"name": "keras_cnn"}, "train": {"epochs": 15}},
    "simple_cnn, 8 px": {"data": DIGITS, "model": {"name": "simple_cnn"}, "train": {"epochs": 6}},
    "keras_cnn, 28 px": {"data": MNIST, "model": {"name": "keras_cnn"}, "train": {"epochs": 3}},
    "lenet5, 28 px": {"data": MNIST, "model": {"name": "lenet5"}, "train": {"epochs": 4}},
    "simple_cnn, 28 px": {"data": MNIST, "model": {"name": "simple_cnn"}, "train": {"epochs": 1}},
}
HEAD = ("ms an epoch", "ours", "plain", "ratio", "ratio (CPU)", "loss difference", "in float64", "statistics")


@dataclass(frozen=True)
class Compared:
    """One line of the table, and how far the losses are apart."""

    row: tuple[str, ...]
    difference: float
    difference_double: float


@pytest.mark.timeout(1800)
def test_one_run_against_a_plain_data_loader_loop() -> None:
    with children(("ours", "plain", "bare")) as working:
        compared = [compare(working, name, parts) for name, parts in WORK.items()]
    title = "One run against TensorDataset + DataLoader (ratio = plain / ours, medians of interleaved pairs)"
    print(table(title, HEAD, [one.row for one in compared]))
    assert max(one.difference for one in compared) <= AGREE
    assert max(one.difference_double for one in compared) <= AGREE_DOUBLE


def compare(working: Mapping[str, Child], name: str, parts: Mapping[str, Any]) -> Compared:
    """Train ``parts`` with every loop in turn, again and again; once in float64 for the losses."""
    spec = RunSpec.parse({**parts, "penalty": {"l2": 1e-3}, "optim": {"lr": 3e-4}})
    times = interleaved(working, spec, ROUNDS if spec.train.epochs > 1 else 3)
    wall = {loop: [one.wall for one in rounds] for loop, rounds in times.items()}
    cpu = {loop: [one.cpu for one in rounds] for loop, rounds in times.items()}
    epoch = {loop: 1e3 * statistics.median(wall[loop]) / spec.train.epochs for loop in wall}
    double = spec.with_changes({"train.precision": "float64", "train.epochs": 1})
    found = [
        largest_difference(times["ours"][0].losses, times["plain"][0].losses),
        largest_difference(working["ours"].train(double).losses, working["plain"].train(double).losses),
    ]
    row = (
        name, f"{epoch['ours']:.1f}", f"{epoch['plain']:.1f}", f"{median_ratio(wall['plain'], wall['ours']):.2f}×",
        f"{median_ratio(cpu['plain'], cpu['ours']):.2f}×", *(f"{value:.0e}" for value in found),
        f"{median_ratio(cpu['ours'], cpu['bare']) - 1:+.1%}",
    )  # fmt: skip
    return Compared(row, *found)


def largest_difference(ours: list[list[float]], plain: list[list[float]]) -> float:
    """The largest |ours − plain| over all epochs and losses."""
    pairs = [(a, b) for mine, theirs in zip(ours, plain, strict=True) for a, b in zip(mine, theirs, strict=True)]
    return max(abs(a - b) for a, b in pairs)
