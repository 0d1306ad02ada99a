"""Paths by hand for tests of words: validation accuracies of each λ, a list for each repeat."""

from __future__ import annotations

from typing import Any

import pandas as pd
from tests.analysis.sweeps import lanes_of, one_epoch

from reglab import columns
from reglab.analysis import Chance, judged_sweep
from reglab.sweep import SweepSpec

CHANCE = Chance(10, 539)


def sweep_of(repeats: int, **what: Any) -> SweepSpec:
    """A sweep over so many seeds, or folds where ``what`` says ``over="fold"``; λ₂ = 0, 0.01, 0.1 and 1 if not said."""
    over = "folds" if what.pop("over", "seed") == "fold" else "seeds"
    if not any(name in what for name in ("l1", "l2", "lambdas")):
        what["l2"] = [0.0, 0.01, 0.1, 1.0]
    return SweepSpec.parse({**what, over: repeats})


def judged(
    spec: SweepSpec, accuracies: list[list[float]], measure: str = columns.VAL_ACC, states: dict[int, str] | None = None
) -> pd.DataFrame:
    """The judged path of ``spec``; the training loss grows along it, and the loss is 1 − accuracy."""
    lanes = lanes_of(spec, states)
    values = [value for repeat in accuracies for value in repeat]
    train = [0.1 * (i % len(spec.points)) for i in range(len(values))]
    losses = [1 - value for value in values]
    return judged_sweep(
        lanes, one_epoch(lanes, val_acc=values, val_loss=losses, train_loss=train), measure, chance=CHANCE
    )
