"""The table of runs: a page of rows with the columns that a list shows, filtered and sorted by the database.

Neither specs nor checkpoints are looked at, which is what makes a list of whole runs slow.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sqlalchemy import Connection, Row, Select, select

from reglab import columns
from reglab.store import run_table_columns as t
from reglab.store.run_filter import RunFilter, matching, penalty
from reglab.store.run_order import RunOrder, order_by
from reglab.store.schema import epochs, runs

_WITH_LAST = runs.outerjoin(epochs, (epochs.c.run == runs.c.id) & (epochs.c.epoch == runs.c.epoch))
_LAST = {
    t.GAP: columns.GAP_LOSS, t.DATA_LOSS: columns.TRAIN_LOSS, t.L1_PART: columns.L1, t.L2_PART: columns.L2,
    t.TOTAL: columns.TOTAL,
}  # fmt: skip
_OWN = {t.RUN: "id", t.LAMBDA1: "l1", t.LAMBDA2: "l2"}  # columns of another name in the database


def page(connection: Connection, wanted: RunFilter, order: RunOrder, offset: int, limit: int) -> pd.DataFrame:
    """:data:`COLUMNS <reglab.store.run_table_columns.COLUMNS>` of the runs from number ``offset`` on."""
    ids = select(runs.c.id).select_from(_WITH_LAST).where(matching(connection, wanted))
    ids = ids.order_by(*order_by(connection, order)).offset(offset).limit(limit)  # sorting whole rows is slow
    return rows(connection, list(connection.execute(ids).scalars()))


def rows(connection: Connection, run_ids: Sequence[str]) -> pd.DataFrame:
    """The same columns of the runs with these ids, in this order; those that are deleted or gone are left out."""
    found = _frame(connection.execute(_select().where(runs.c.deleted.is_(None), runs.c.id.in_(run_ids))))
    kept = set(found[t.RUN])
    return found.set_index(t.RUN, drop=False).loc[[run for run in run_ids if run in kept]].reset_index(drop=True)


def _select() -> Select[Any]:
    """Runs with figures of their last epoch, under the names of the table."""
    named = {t.PENALTY: penalty(), **{name: epochs.c[column] for name, column in _LAST.items()}}
    fields = [named[name] if name in named else runs.c[_OWN.get(name, name)] for name in t.COLUMNS]
    labelled = [field.label(f"table_{name}") for name, field in zip(t.COLUMNS, fields, strict=True)]
    return select(*labelled).select_from(_WITH_LAST)


def _frame(found: Iterable[Row[Any]]) -> pd.DataFrame:
    values = list(zip(*found, strict=True)) or [()] * len(t.COLUMNS)
    return pd.DataFrame({name: _column(name, cells) for name, cells in zip(t.COLUMNS, values, strict=True)})


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
