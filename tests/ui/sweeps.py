"""Sweeps by hand for tests of texts: the validation accuracy of each λ, a list for each repeat."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from tests.analysis.sweeps import lanes_of, one_epoch

from reglab import columns
from reglab.analysis import Chance, judge_sweep
from reglab.analysis.bias import Scores
from reglab.charts.gap import Measure
from reglab.content.epoch_view import COLUMNS, EpochView, Zeros
from reglab.sweep import EpochRule, SweepSpec

CHANCE = Chance(10, 539)
U_CURVE = [[0.80, 0.84, 0.90, 0.10], [0.82, 0.89, 0.91, 0.10], [0.81, 0.88, 0.92, 0.10]]


def sweep_of(repeats: int, **sweep: Any) -> SweepSpec:
    """A sweep over so many seeds, or folds or blocks with ``over``; λ₂ = 0, 0.01, 0.1 and 1 by default."""
    over = f"{sweep.pop('over', 'seed')}s"
    if not any(name in sweep for name in ("l1", "l2", "lambdas")):
        sweep["l2"] = [0.0, 0.01, 0.1, 1.0]
    axes = sweep.pop("over_", {})
    return SweepSpec.parse({**sweep, "over": axes, over: repeats})


def view_of(
    accuracies: list[list[float]],
    *,
    epoch: int = 60,
    training: bool = False,
    newest: bool = True,
    measure: Measure = "accuracy",
    zeros: Zeros | None = None,
    rule: EpochRule | None = None,
    best: list[list[float]] | None = None,
    losses: list[list[float]] | None = None,
    scores: Mapping[str, Scores] | None = None,
    overlap: float = 0.0,
    states: dict[int, str] | None = None,
    **sweep: Any,
) -> EpochView:
    """The sweep at ``epoch`` of 60; the training loss grows with λ, the validation loss is 1 − accuracy by default.

    ``accuracies`` and ``losses`` are those of the last of two epochs, ``best`` the accuracies of the first, which are
    lower by default.
    """
    if declared := sweep.pop("epoch_rule", None):
        sweep["epoch"] = declared
    spec = sweep_of(len(accuracies), **sweep)
    lanes = lanes_of(spec, states)
    values = [value for repeat in accuracies for value in repeat]
    train = [0.1 * (i % len(spec.points)) for i in range(len(values))]
    ends = [value for repeat in losses for value in repeat] if losses else [1 - value for value in values]
    last = one_epoch(lanes, val_acc=values, val_loss=ends, train_loss=train).assign(**{columns.EPOCH: 2})
    earlier = [value for repeat in best for value in repeat] if best else [value - 0.01 for value in values]
    first = one_epoch(lanes, val_acc=earlier, val_loss=[1 - value for value in earlier], train_loss=train)
    how: dict[str, Any] = {"measure": COLUMNS[measure], "chance": CHANCE, "overlap": overlap, "scores": scores}
    judgement = judge_sweep(spec, lanes, pd.concat([first, last], ignore_index=True), **how)
    return EpochView(spec, judgement, rule or judgement.declared, epoch, 60, training, newest, measure, zeros or {})
