"""The table of runs: which runs are on a page of it, decided by the database, and their rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sqlalchemy import Connection, select

from reglab.store import run_table_columns as t
from reglab.store.run import Run
from reglab.store.run_filter import RunFilter, matching
from reglab.store.run_order import RunOrder, order_by
from reglab.store.schema import epochs, runs

_WITH_LAST = runs.outerjoin(epochs, (epochs.c.run == runs.c.id) & (epochs.c.epoch == runs.c.epoch))


def ids_of_page(connection: Connection, wanted: RunFilter, order: RunOrder, offset: int, limit: int) -> list[str]:
    """The runs from number ``offset`` on; ids alone, because sorting whole rows is slow."""
    query = select(runs.c.id).select_from(_WITH_LAST).where(matching(connection, wanted))
    query = query.order_by(*order_by(connection, order)).offset(offset).limit(limit)
    return list(connection.execute(query).scalars())


def table_of(found: Iterable[Run]) -> pd.DataFrame:
    """:data:`COLUMNS <reglab.store.run_table_columns.COLUMNS>` of these runs, in their order."""
    values = list(zip(*map(_row, found), strict=True)) or [()] * len(t.COLUMNS)
    return pd.DataFrame({name: _column(name, cells) for name, cells in zip(t.COLUMNS, values, strict=True)})


def _row(run: Run) -> tuple[Any, ...]:
    last = run.last
    figures = (last.train_loss, last.l1, last.l2, last.total) if last else (None,) * 4
    return (
        run.id, run.name, run.state, run.dataset, run.model, run.penalty, run.l1, run.l2, run.epoch, run.epochs,
        run.best_val_acc, run.best_val_acc_epoch, last.gap_loss if last else None, run.seconds, run.created,
        list(run.tags), *figures,
    )  # fmt: skip


def _column(name: str, values: Sequence[Any]) -> Any:
    if name in t.FIGURES:
        numbers = np.array(values, dtype=np.float64)  # None becomes NaN
        return np.where(np.isfinite(numbers), numbers, np.nan)
    if name in (t.EPOCH, t.EPOCHS):
        return np.array(values, dtype=np.int64)
    if name == t.CREATED:
        return pd.DatetimeIndex(list(values), dtype="datetime64[us, UTC]")
    if name == t.TAGS:
        cells: NDArray[np.object_] = np.empty(len(values), dtype=object)
        cells[:] = values
        return cells
    return pd.array(list(values), dtype="str")
