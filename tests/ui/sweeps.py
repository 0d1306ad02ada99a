"""Sweeps by hand for tests of texts: the validation accuracy of each λ, a list for each repeat."""

from __future__ import annotations

from typing import Any

from tests.analysis.sweeps import lanes_of, one_epoch

from reglab.analysis import Chance, judged_sweep
from reglab.charts.gap import Measure
from reglab.sweep import SweepSpec
from reglab.ui.sweep.verdict_text import COLUMNS, EpochView, Zeros

CHANCE = Chance(10, 539)
U_CURVE = [[0.80, 0.84, 0.90, 0.10], [0.82, 0.89, 0.91, 0.10], [0.81, 0.88, 0.92, 0.10]]


def sweep_of(repeats: int, **sweep: Any) -> SweepSpec:
    """A sweep over so many seeds, or folds with ``over="fold"``; λ₂ = 0, 0.01, 0.1 and 1 by default."""
    over = "folds" if sweep.pop("over", "seed") == "fold" else "seeds"
    if not any(name in sweep for name in ("l1", "l2", "lambdas")):
        sweep["l2"] = [0.0, 0.01, 0.1, 1.0]
    return SweepSpec.parse({**sweep, over: repeats})


def view_of(
    accuracies: list[list[float]],
    *,
    epoch: int = 60,
    training: bool = False,
    newest: bool = True,
    measure: Measure = "accuracy",
    zeros: Zeros | None = None,
    states: dict[int, str] | None = None,
    **sweep: Any,
) -> EpochView:
    """The sweep at ``epoch`` of 60; the training loss grows with λ, and the validation loss is 1 − accuracy."""
    spec = sweep_of(len(accuracies), **sweep)
    lanes = lanes_of(spec, states)
    values = [value for repeat in accuracies for value in repeat]
    train = [0.1 * (i % len(spec.points)) for i in range(len(values))]
    losses = [1 - value for value in values]
    epochs = one_epoch(lanes, val_acc=values, val_loss=losses, train_loss=train)
    table = judged_sweep(lanes, epochs, COLUMNS[measure], chance=CHANCE)
    return EpochView(spec, table, CHANCE, epoch, 60, training, newest, measure, zeros or {})
