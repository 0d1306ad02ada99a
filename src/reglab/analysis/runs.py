"""The table of runs: one row a run, figures as numbers with NaN for "there is none", ready to filter, sort and export.

What is not finite (a diverged run's figures) counts as none: "diverged" is said by the state, not by a number.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reglab.events import EpochMetrics

RUN = "run"
NAME = "name"
STATE = "state"
DATASET = "dataset"
MODEL = "model"
PENALTY = "penalty"  # none, L1, L2, elastic net
LAMBDA1, LAMBDA2 = "lambda1", "lambda2"
EPOCH, EPOCHS = "epoch", "epochs"  # done, planned
BEST_ACC = "best_val_acc"  # highest validation accuracy of any epoch, in [0, 1]
BEST_ACC_EPOCH = "best_val_acc_epoch"  # the first epoch with it
GAP = "gap_loss"  # validation − training data loss at the last epoch
CURVE = "val_loss_curve"  # validation loss over epochs, thinned, finite values only
DATA_LOSS, L1_PART, L2_PART, TOTAL = "train_loss", "l1", "l2", "total"  # J and its parts at the last epoch, in nats
SECONDS = "seconds"  # training time over all sittings
CREATED = "created"
TAGS = "tags"
NOTE = "note"

COLUMNS = (
    RUN, NAME, STATE, DATASET, MODEL, PENALTY, LAMBDA1, LAMBDA2, EPOCH, EPOCHS, BEST_ACC, GAP, SECONDS, CREATED, TAGS,
    NOTE, DATA_LOSS, L1_PART, L2_PART, TOTAL,
)  # fmt: skip


class RunRecord(Protocol):
    """What the table needs to know of a run; the store's ``Run`` is one."""

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def dataset(self) -> str: ...
    @property
    def model(self) -> str: ...
    @property
    def penalty(self) -> str: ...
    @property
    def l1(self) -> float: ...
    @property
    def l2(self) -> float: ...
    @property
    def epoch(self) -> int: ...
    @property
    def epochs(self) -> int: ...
    @property
    def best_val_acc(self) -> float | None: ...
    @property
    def last(self) -> EpochMetrics | None: ...
    @property
    def seconds(self) -> float: ...
    @property
    def created(self) -> datetime: ...
    @property
    def tags(self) -> tuple[str, ...]: ...
    @property
    def note(self) -> str: ...


def table_of_runs(runs: Iterable[RunRecord]) -> pd.DataFrame:
    """:data:`COLUMNS` of ``runs``, in their order."""
    rows = [_row(run) for run in runs]
    values = zip(*rows, strict=True) if rows else [()] * len(COLUMNS)
    return pd.DataFrame({name: _column(name, column) for name, column in zip(COLUMNS, values, strict=True)})


def with_curves(
    table: pd.DataFrame, losses: Mapping[str, Sequence[float]], best_epochs: Mapping[str, int]
) -> pd.DataFrame:
    """``table`` with CURVE and BEST_ACC_EPOCH, given run → finite validation losses and run → epoch."""
    cells: NDArray[np.object_] = np.empty(len(table), dtype=object)
    cells[:] = [losses.get(run, []) for run in table[RUN]]
    epochs = [best_epochs.get(run, np.nan) for run in table[RUN]]
    return table.assign(**{CURVE: cells, BEST_ACC_EPOCH: np.array(epochs, dtype=np.float64)})


def finite(values: Sequence[float]) -> list[float]:
    """The values that are neither NaN nor infinite, in order."""
    return [value for value in values if math.isfinite(value)]


def first_highest(values: Sequence[float]) -> int | None:
    """The 1-based place (the epoch) of the first highest value, NaN passed over; ``None`` where there is none."""
    array = np.asarray(values, dtype=np.float64)
    return int(np.nanargmax(array)) + 1 if array.size and not np.isnan(array).all() else None


def _row(run: RunRecord) -> tuple[Any, ...]:
    return (
        run.id, run.name, run.state, run.dataset, run.model, run.penalty, run.l1, run.l2, run.epoch, run.epochs,
        run.best_val_acc, run.last.gap_loss if run.last else None, run.seconds, run.created, list(run.tags), run.note,
        *((run.last.train_loss, run.last.l1, run.last.l2, run.last.total) if run.last else [None] * 4),
    )  # fmt: skip


def _column(name: str, values: Sequence[Any]) -> Any:
    if name in (LAMBDA1, LAMBDA2, BEST_ACC, GAP, SECONDS, DATA_LOSS, L1_PART, L2_PART, TOTAL):
        numbers = np.array(values, dtype=np.float64)  # None becomes NaN
        return np.where(np.isfinite(numbers), numbers, np.nan)
    if name in (EPOCH, EPOCHS):
        return np.array(values, dtype=np.int64)
    if name == CREATED:
        return pd.DatetimeIndex(list(values), dtype="datetime64[us, UTC]")
    if name == TAGS:
        cells: NDArray[np.object_] = np.empty(len(values), dtype=object)
        cells[:] = values
        return cells
    return pd.array(list(values), dtype="str")
