"""A λ path against the loops most people write: 16 λ on two cores, and how the time grows with their number.

Ours is the real thing, a :class:`reglab.jobs.SweepWorker` with two slots on a store: it plans (timing fused against one
by one), measures norms and histograms of every kernel in every epoch and stores all of it, which the plain loops do
not. Planning takes about a second however long the training is, so the table has the ratio with it and without.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from tests.benchmarks.measuring import OWN_THREADS, Child, Timing, children, median_ratio, table
from tests.benchmarks.sweep_loops import DIGITS, MNIST, sweep_of

from reglab.sweep import SweepSpec

ROUNDS = 3
LOOSELY = 0.05  # nats; rounding parts any two implementations in time, but not by more than this
WORK: dict[str, tuple[Mapping[str, Any], str, int]] = {
    "keras_cnn, 8 px": (DIGITS, "keras_cnn", 10),
    "small_cnn, 8 px": (DIGITS, "small_cnn", 15),
    "simple_cnn, 8 px": (DIGITS, "simple_cnn", 4),
    "keras_cnn, 28 px": (MNIST, "keras_cnn", 2),
    "lenet5, 28 px": (MNIST, "lenet5", 3),
    "small_cnn, 28 px": (MNIST, "small_cnn", 4),
}
LOOPS = ("worker", "engine", "plain", "joblib")
HEAD = (
    "16 λ, seconds", "ours", "planning", "how", "engine alone", "plain", "joblib", "plain / ours", "but for planning",
    "joblib / ours", "loss difference",
)  # fmt: skip
GROWING, COUNTS = ("small_cnn", "keras_cnn"), (1, 4, 16, 64)


def warm_up(working: Mapping[str, Child], spec: SweepSpec) -> None:
    """One epoch of two λ by every loop: data are read, kernels chosen, processes started."""
    short = SweepSpec(run=spec.run.with_changes({"train.epochs": 1}), l2=(0.0, 1e-2))
    for child in working.values():
        child.train(short)


@pytest.mark.timeout(1800)
def test_sixteen_lambdas_against_plain_data_loader_loops() -> None:
    rows, apart = [], []
    with children(LOOPS, module="tests.benchmarks.sweep_child", environment=OWN_THREADS) as working:
        for name, work in WORK.items():
            spec = sweep_of(*work, 16)
            warm_up(working, spec)
            rounds = [{loop: child.train(spec) for loop, child in working.items()} for _ in range(ROUNDS)]
            times = {loop: [one[loop] for one in rounds] for loop in LOOPS}
            apart.append(largest_difference(times["worker"][0], times["plain"][0], times["joblib"][0]))
            rows.append(row_of(name, times, apart[-1]))
    title = "16 λ on two cores against 16 TensorDataset + DataLoader runs (medians; goals: 7× at 8 px, 3× at 28 px)"
    print(table(title, HEAD, rows))
    assert max(apart) <= LOOSELY


def row_of(name: str, times: Mapping[str, Sequence[Timing]], difference: float) -> tuple[str, ...]:
    wall = {loop: [one.wall for one in timings] for loop, timings in times.items()}
    planning = [one.planning for one in times["worker"]]
    trained = [whole - planned for whole, planned in zip(wall["worker"], planning, strict=True)]
    engine = [one.wall - one.planning for one in times["engine"]]
    return (
        name, seconds(wall["worker"]), seconds(planning), times["worker"][-1].how, seconds(engine),
        seconds(wall["plain"]), seconds(wall["joblib"]), f"{median_ratio(wall['plain'], wall['worker']):.1f}×",
        f"{median_ratio(wall['plain'], trained):.1f}×", f"{median_ratio(wall['joblib'], wall['worker']):.1f}×",
        f"{difference:.0e}",
    )  # fmt: skip


def seconds(times: Sequence[float]) -> str:
    return f"{statistics.median(times):.1f}"


def largest_difference(ours: Timing, *others: Timing) -> float:
    """The largest |ours − theirs| over all λ, losses and other loops."""
    lanes = [pair for other in others for pair in zip(ours.losses, other.losses, strict=True)]
    return max(abs(a - b) for mine, theirs in lanes for a, b in zip(mine, theirs, strict=True))


@pytest.mark.timeout(1800)
def test_how_the_time_grows_with_the_number_of_lambdas() -> None:
    rows = []
    with children(["worker"], module="tests.benchmarks.sweep_child", environment=OWN_THREADS) as working:
        for model in GROWING:
            specs = {count: sweep_of(DIGITS, model, 10, count) for count in COUNTS}
            warm_up(working, specs[1])
            rounds = [{count: working["worker"].train(specs[count]) for count in COUNTS} for _ in range(ROUNDS)]
            alone = [one[1].wall - one[1].planning for one in rounds]
            for count in COUNTS:
                timings = [one[count] for one in rounds]
                trained = [one.wall - one.planning for one in timings]
                rows.append(
                    (
                        f"{model}, {count} λ", seconds([one.wall for one in timings]),
                        seconds([one.planning for one in timings]), timings[-1].how,
                        f"{1e3 * statistics.median(trained) / count:.0f}", f"{median_ratio(trained, alone):.1f}×",
                    )
                )  # fmt: skip
    head = ("digits, 10 epochs", "seconds", "planning", "how", "ms a λ", "against 1 λ")
    print(table("How the time grows with the number of λ (ms a λ and the last column without planning)", head, rows))
