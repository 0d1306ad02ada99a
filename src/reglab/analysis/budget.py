"""Whether the best λ depends on the number of epochs: does its training still go on at the end?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from reglab import columns
from reglab.analysis.epoch_rules import owners
from reglab.analysis.sweep_table import Floats
from reglab.sweep import EpochRule

FALLING = 0.05
LEAST_FALL = 1e-3
"""A training loss "still falls" by more than this share and this many nats from one tenth of the epochs to the next."""


@dataclass(frozen=True)
class Budget:
    """Whether the best λ depends on the number of epochs.

    ``start`` and ``end`` are mean training data losses of the best λ's runs over the last window but one and over the
    last one, each of ``window`` epochs, of the runs that trained for all ``epochs`` (NaN where all stopped early).
    ``at_end`` is the share of its runs that count in the last window though they did not stop early.
    """

    rule: EpochRule
    epochs: int
    window: int
    start: float
    end: float
    at_end: float

    @property
    def falling(self) -> bool:
        """Whether the loss still falls, by more than 5 % and 0.001 nats from one window to the next."""
        return self.start - self.end > max(FALLING * self.start, LEAST_FALL)

    @property
    def depends(self) -> bool:
        """Whether more epochs may change the choice.

        Under *last* where the training loss is :attr:`falling`, else where most runs are at their best at the end.
        """
        return self.falling if self.rule == "last" else self.at_end > 0.5


def budget_of(
    runs: pd.DataFrame, epochs: pd.DataFrame, counts_at: Floats, rule: EpochRule, planned: int
) -> Budget | None:
    """The budget of the ``runs`` (lanes) of one point, which count at epochs ``counts_at`` of ``planned`` by ``rule``.

    ``None`` while one of them may still train, and for a single epoch.
    """
    window = max(1, planned // 10)
    owner, number = owners(runs, epochs), epochs[columns.EPOCH].to_numpy(np.int64)
    last = np.zeros(len(runs), dtype=np.int64)
    np.maximum.at(last, owner[owner >= 0], number[owner >= 0])
    if planned < 2 * window or not (runs[columns.STATE] == "finished").all() or last.max() > planned:
        return None
    loss, whole = epochs[columns.TRAIN_LOSS].to_numpy(np.float64), last == planned
    kept = (owner >= 0) & whole[owner]
    ends = [kept & (number > first) & (number <= first + window) for first in (planned - 2 * window, planned - window)]
    start, end = (float(loss[rows].mean()) if rows.any() else np.nan for rows in ends)
    return Budget(rule, planned, window, start, end, float(np.mean(whole & (counts_at > planned - window))))
