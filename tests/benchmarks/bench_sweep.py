"""A sweep against the loops most people write: 16 λ on two cores, and how the time grows with their number.

Ours is the real thing, a runner with two slots on a store: it queues and plans the sweep, trains it in its workers,
measures norms and histograms of every weight tensor in every epoch and stores all of it, which the plain loops do not.
Ratios are medians of interleaved pairs, by the clock and, for busy machines, by the seconds of all processors together.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from tests.benchmarks.measuring import OWN_THREADS, Child, Timing, children, median_ratio, table
from tests.benchmarks.sweep_loops import DIGITS, MNIST, SLOTS, sweep_of

from reglab.sweep import SweepSpec

LOOSELY = 0.05  # nats; rounding parts any two implementations in time, but not by more than this
CHILD = "tests.benchmarks.sweep_child"


@dataclass(frozen=True)
class Work:
    """What every loop trains: 16 λ of a CNN for so many epochs, in so many rounds."""

    data: Mapping[str, Any]
    model: str
    epochs: int
    rounds: int = 3

    def spec(self) -> SweepSpec:
        return sweep_of(self.data, self.model, self.epochs, 16)


SHORT = {
    "small_cnn, 8 px": Work(DIGITS, "small_cnn", 15),
    "keras_cnn, 8 px": Work(DIGITS, "keras_cnn", 10),
    "simple_cnn, 8 px": Work(DIGITS, "simple_cnn", 4),
    "keras_cnn, 28 px": Work(MNIST, "keras_cnn", 2),
    "lenet5, 28 px": Work(MNIST, "lenet5", 3),
    "small_cnn, 28 px": Work(MNIST, "small_cnn", 4),
}
LONG = {
    "small_cnn, 8 px, 60 epochs": Work(DIGITS, "small_cnn", 60),
    "keras_cnn, 8 px, 60 epochs": Work(DIGITS, "keras_cnn", 60),
    "simple_cnn, 8 px, 60 epochs": Work(DIGITS, "simple_cnn", 60, rounds=1),
}
LOOPS = ("worker", "engine", "plain", "joblib")
HEAD = (
    "16 λ, seconds", "ours", "how", "engine alone", "plain", "joblib", "plain / ours", "(CPU)",
    "joblib / ours", "(CPU)", "loss difference",
)  # fmt: skip
GROWING, COUNTS = ("small_cnn", "keras_cnn"), (1, 4, 16, 64)


def warm_up(working: Mapping[str, Child], spec: SweepSpec) -> None:
    """One epoch of the sweep by every loop: data are read, operations chosen, processes started, the shape is timed."""
    for child in working.values():
        child.train(SweepSpec(run=spec.run.with_changes({"train.epochs": 1}), l2=spec.l2))


@pytest.mark.timeout(7200)
@pytest.mark.parametrize("works", [SHORT, LONG], ids=["short", "60 epochs"])
def test_sixteen_lambdas_against_plain_data_loader_loops(works: Mapping[str, Work]) -> None:
    rows, apart = [], []
    with children(LOOPS, module=CHILD, environment=OWN_THREADS) as working:
        for name, work in works.items():
            spec = work.spec()
            warm_up(working, spec)
            rounds = [{loop: child.train(spec) for loop, child in working.items()} for _ in range(work.rounds)]
            times = {loop: [one[loop] for one in rounds] for loop in LOOPS}
            apart.append(largest_difference(times["worker"][0], times["plain"][0], times["joblib"][0]))
            rows.append(row_of(name, times, apart[-1]))
    title = "16 λ on two cores against 16 TensorDataset + DataLoader runs, and against joblib with 2 × 1 thread"
    print(table(f"{title} (goals: 7× and 2.5× at 8 px, 3× at 28 px)", HEAD, rows))
    if works is SHORT:  # over 60 epochs, rounding parts them
        assert max(apart) <= LOOSELY


def row_of(name: str, times: Mapping[str, Sequence[Timing]], difference: float) -> tuple[str, ...]:
    wall = {loop: [one.wall for one in timings] for loop, timings in times.items()}
    cpu = {loop: [one.cpu for one in timings] for loop, timings in times.items()}
    ratios = [f"{median_ratio(of[loop], of['worker']):.1f}×" for loop in ("plain", "joblib") for of in (wall, cpu)]
    return (
        name, seconds(wall["worker"]), times["worker"][-1].how,
        seconds([one.wall - one.planning for one in times["engine"]]), seconds(wall["plain"]), seconds(wall["joblib"]),
        *ratios, f"{difference:.0e}",
    )  # fmt: skip


def seconds(times: Sequence[float]) -> str:
    return f"{statistics.median(times):.1f}"


def milliseconds(times: Sequence[float]) -> str:
    return f"{1e3 * statistics.median(times):.0f}"


def largest_difference(ours: Timing, *others: Timing) -> float:
    """The largest |ours − theirs| over all λ, losses and other loops."""
    lanes = [pair for other in others for pair in zip(ours.losses, other.losses, strict=True)]
    return max(abs(a - b) for mine, theirs in lanes for a, b in zip(mine, theirs, strict=True))


@pytest.mark.timeout(1800)
def test_planning_the_first_time_and_again() -> None:
    rows = []
    with children(["first_plan", "known_plan"], module=CHILD, environment=OWN_THREADS) as working:
        for name, work in SHORT.items():
            spec = work.spec()
            warm_up(working, spec)
            rounds = [{loop: child.train(spec) for loop, child in working.items()} for _ in range(5)]
            first, known = ([one[loop] for one in rounds] for loop in working)
            cells = [
                milliseconds([getattr(one, clock) for one in timings])
                for timings in (first, known) for clock in ("planning", "planning_cpu")
            ]  # fmt: skip
            rows.append((name, *cells, first[-1].how))
    head = ("16 λ, ms", "first", "(CPU)", "repeated", "(CPU)", "how")
    print(table("Planning a sweep of a shape that the home does not know, and of one that it does", head, rows))


@pytest.mark.timeout(3600)
def test_the_default_cnn_and_two_slots_against_one() -> None:
    """9 λ: simple_cnn with 3 seeds for 60 epochs; small_cnn with 4 seeds in two slots, and with 2 in one."""
    both = {**OWN_THREADS, SLOTS: "2"}, {**OWN_THREADS, SLOTS: "1"}
    whole, half = (sweep_of(DIGITS, "small_cnn", 60, 9, seeds) for seeds in (4, 2))
    with (
        children(["worker"], module=CHILD, environment=both[0]) as two,
        children(["worker"], module=CHILD, environment=both[1]) as one,
    ):
        default = two["worker"].train(sweep_of(DIGITS, "simple_cnn", 60, 9, 3))
        for working, spec in ((two, whole), (one, half)):
            warm_up(working, spec)
        pairs = [(two["worker"].train(whole), one["worker"].train(half)) for _ in range(3)]
    wide, narrow = ([pair[k].wall for pair in pairs] for k in (0, 1))
    rows = [
        ("simple_cnn, 9 λ × 3 seeds", f"{default.wall:.1f}", f"{default.cpu:.1f}", default.how, ""),
        ("small_cnn, 9 λ × 4 seeds, 2 slots", seconds(wide), seconds([pair[0].cpu for pair in pairs]), pairs[0][0].how,
         f"{2 * median_ratio(narrow, wide):.2f}×"),
        ("small_cnn, 9 λ × 2 seeds, 1 slot", seconds(narrow), seconds([pair[1].cpu for pair in pairs]), pairs[0][1].how,
         ""),
    ]  # fmt: skip
    head = ("60 epochs, digits", "seconds", "CPU", "how", "throughput, 2 slots / 1")
    print(table("The default CNN, and the throughput of two slots", head, rows))


@pytest.mark.timeout(1800)
def test_how_the_time_grows_with_the_number_of_lambdas() -> None:
    rows = []
    with children(["worker"], module=CHILD, environment=OWN_THREADS) as working:
        for model in GROWING:
            specs = {count: sweep_of(DIGITS, model, 10, count) for count in COUNTS}
            for spec in specs.values():
                warm_up(working, spec)
            rounds = [{count: working["worker"].train(specs[count]) for count in COUNTS} for _ in range(3)]
            alone = [one[1].wall for one in rounds]
            for count in COUNTS:
                wall = [one[count].wall for one in rounds]
                cells = (f"{1e3 * statistics.median(wall) / count:.0f}", f"{median_ratio(wall, alone):.1f}×")
                rows.append((f"{model}, {count} λ", seconds(wall), rounds[-1][count].how, *cells))
    head = ("digits, 10 epochs", "seconds", "how", "ms a λ", "against 1 λ")
    print(table("How the time grows with the number of λ", head, rows))
