"""The table of runs: its order, the runs on a page of it, decided by the database, and their rows.

It sorts by any column of its own; runs without a value come last in both directions.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Connection, Double, Select, case, func, select, type_coerce

from reglab import columns
from reglab.lazy import later
from reglab.states import STATES
from reglab.store import run_table_columns as t
from reglab.store.reading import chunks
from reglab.store.run import Run
from reglab.store.run_filter import HAS_TAGS, RunFilter, lower, matching, tag_values
from reglab.store.schema import epochs, layers, runs

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray
else:
    np = later("numpy")

_WITH_LAST = runs.outerjoin(epochs, (epochs.c.run == runs.c.id) & (epochs.c.epoch == runs.c.epoch))
_LARGEST_FIRST = frozenset(
    {t.BEST_ACC, t.LAST_ACC, t.ACC_AT_BEST, t.TEST_ACC, t.WEIGHT_NORM, t.ZERO_SHARE, t.SECONDS, t.EPOCH, t.CREATED}
)
_best = epochs.alias()
_ACC_AT_BEST = (
    select(_best.c[columns.VAL_ACC])
    .where(_best.c.run == runs.c.id, _best.c.epoch == runs.c.best_epoch)
    .correlate(runs)
    .scalar_subquery()
)
_BEST_EPOCH = case((runs.c.best_epoch > 0, runs.c.best_epoch))  # 0: no epoch had a finite loss
_Key = Callable[[Any], ColumnElement[Any]]  # of a connection
WeightFigures = tuple[float, float]
"""‖w‖₂, and the share of weights that is exactly 0."""

Weights = Mapping[str, WeightFigures]
Tests = Mapping[str, float]
NONE: Mapping[str, Any] = {}


@dataclass(frozen=True)
class RunOrder:
    """A column, and whether its largest (newest, last in the alphabet) values come first; equal runs newest first."""

    column: str = t.CREATED
    descending: bool = True

    def clicked(self, column: str) -> RunOrder:
        """The order after a click on the head of ``column``: its usual direction, the other one, then the default."""
        if column not in SORTABLE:
            return self
        usual = RunOrder(column, column in _LARGEST_FIRST)
        if self.column != column:
            return usual
        return RunOrder(column, not self.descending) if self == usual else RunOrder()

    def __str__(self) -> str:
        """For addresses: "gap_loss", or "-gap_loss" for descending."""
        return f"-{self.column}" if self.descending else self.column

    @classmethod
    def parse(cls, text: str) -> RunOrder:
        """The order that :meth:`__str__` wrote; the default for anything else."""
        column = text.removeprefix("-")
        return cls(column, text.startswith("-")) if column in SORTABLE else cls()


def order_by(connection: Connection, order: RunOrder) -> list[ColumnElement[Any]]:
    """The terms of ORDER BY for runs joined with their last epochs; the curve sorts by its last value."""
    newest = (runs.c.created.desc(), runs.c.id.desc())
    if order == RunOrder():
        return [*newest]
    key = _KEYS[order.column](connection)
    return [(key.desc() if order.descending else key.asc()).nulls_last(), *newest]


def finite(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """``column``, NULL where it is NaN or infinite (SQLite keeps NaN as text, which is above every number)."""
    return case((column.between(-sys.float_info.max, sys.float_info.max), column))


def _weights(*wanted: Any) -> Select[Any]:
    """``wanted`` of the layers after each run's last epoch done; of none before the first."""
    now = (runs.c.id == layers.c.run) & (runs.c.epoch == layers.c.epoch) & (runs.c.epoch > 0)
    return select(*wanted).select_from(layers.join(runs, now))


_norm: ColumnElement[float] = type_coerce(finite(layers.c[columns.L2_NORM]), Double())
_NORM_SQUARED = case((func.count(_norm) == func.count(), func.sum(_norm * _norm)))
_ZEROS: ColumnElement[float] = type_coerce(
    1.0 * func.sum(layers.c.zeros) / func.nullif(func.sum(layers.c.size), 0), Double()
)


def _of_weights(figure: ColumnElement[Any]) -> _Key:
    """``figure`` of a run's weights as a term that sorts."""
    own = (layers.c.run == runs.c.id) & (layers.c.epoch == runs.c.epoch) & (runs.c.epoch > 0)
    return _value(select(figure).where(own).correlate(runs).scalar_subquery())


def _value(column: ColumnElement[Any]) -> _Key:
    return lambda _: column


def _text(column: ColumnElement[Any]) -> _Key:
    """In the order of characters, in any locale."""

    def key(connection: Connection) -> ColumnElement[Any]:
        folded = lower(connection, column)
        return folded if connection.dialect.name == "sqlite" else folded.collate("C")

    return key


def _tags(connection: Connection) -> ColumnElement[Any]:
    values = tag_values(connection)
    join = func.group_concat if connection.dialect.name == "sqlite" else func.string_agg
    joined = select(join(values.c.value, ", ")).scalar_subquery()
    return case((HAS_TAGS, _text(joined)(connection)))


def ids_of_page(
    connection: Connection,
    wanted: RunFilter,
    order: RunOrder,
    offset: int,
    limit: int | None,
    tests: Mapping[str, float] | None = None,
) -> list[str]:
    """The ids of a page, all from ``offset`` on without a ``limit``; whole rows sort slowly.

    ``tests``: run → test accuracy, which no table holds, for the order by it.
    """
    if order.column == t.TEST_ACC:
        newest = ids_of_page(connection, wanted, RunOrder(), 0, None)
        return _by_test(newest, tests or {}, order.descending)[offset : None if limit is None else offset + limit]
    query = select(runs.c.id).select_from(_WITH_LAST).where(matching(connection, wanted))
    query = query.order_by(*order_by(connection, order)).offset(offset or None).limit(limit)
    return list(connection.execute(query).scalars())


def _by_test(ids: Iterable[str], tests: Mapping[str, float], descending: bool) -> list[str]:
    sign = -1 if descending else 1
    return sorted(ids, key=lambda run: sign * tests.get(run, sign * float("inf")))


def weight_figures(connection: Connection, run_ids: Sequence[str] | None = None) -> dict[str, WeightFigures]:
    """Run → figures of its weights after the last epoch done, of ``run_ids`` or all; absent before the first epoch.

    The norm is NaN where that of a layer is not finite.
    """
    query = _weights(layers.c.run, _NORM_SQUARED, _ZEROS).group_by(layers.c.run)
    chosen = [query] if run_ids is None else [query.where(layers.c.run.in_(ids)) for ids in chunks(run_ids)]
    rows = [row for one in chosen for row in connection.execute(one)]
    return {run: (float("nan") if square is None else square**0.5, zeros or 0.0) for run, square, zeros in rows}


def table_of(found: Iterable[Run], weights: Weights = NONE, tests: Tests = NONE) -> pd.DataFrame:
    """:data:`COLUMNS <reglab.store.run_table_columns.COLUMNS>` of these runs, in their order: :func:`values_of`."""
    import pandas as pd  # slow to load, and a list of runs needs no frame

    values = list(zip(*(row.values() for row in values_of(found, weights, tests)), strict=True))
    cells = values or [()] * len(t.COLUMNS)
    return pd.DataFrame({name: _column(name, own) for name, own in zip(t.COLUMNS, cells, strict=True)})


def values_of(found: Iterable[Run], weights: Weights = NONE, tests: Tests = NONE) -> list[dict[str, Any]]:
    """The values of :data:`COLUMNS <reglab.store.run_table_columns.COLUMNS>` by name, for each run; None for none.

    ``weights``: those of :func:`weight_figures`; ``tests``: run → test accuracy, where the test part was opened.
    """
    rows = ((*_row(run), *weights.get(run.id, (None, None)), tests.get(run.id)) for run in found)
    return [dict(zip(t.COLUMNS, row, strict=True)) for row in rows]


def _row(run: Run) -> tuple[Any, ...]:
    last = run.last
    figures = (last.train_loss, last.l1, last.l2, last.total) if last else (None,) * 4
    facts = (run.id, run.name, run.state, run.dataset, run.model, run.penalty, run.l1, run.l2, run.epoch, run.epochs)
    best = (run.best.val_acc, run.best.epoch, run.best.val_loss) if run.best else (None,) * 3
    highest = (run.best_val_acc, run.best_val_acc_epoch, last.gap_loss if last else None)
    return (*facts, last.val_acc if last else None, *best, *highest, run.seconds, run.created, list(run.tags), *figures)


def _column(name: str, values: Sequence[Any]) -> Any:
    import pandas as pd

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


_KEYS: Mapping[str, _Key] = {
    t.NAME: _text(runs.c.name),
    t.STATE: _value(case({state: place for place, state in enumerate(STATES)}, value=runs.c.state)),
    t.DATASET: _text(runs.c.dataset),
    t.MODEL: _text(runs.c.model),
    t.PENALTY: _text(runs.c.penalty),
    t.LAMBDA1: _value(runs.c.l1),
    t.LAMBDA2: _value(runs.c.l2),
    t.EPOCH: _value(runs.c.epoch),
    t.BEST_ACC: _value(finite(runs.c.best_val_acc)),
    t.BEST_ACC_EPOCH: _value(runs.c.best_val_acc_epoch),
    t.LAST_ACC: _value(finite(epochs.c[columns.VAL_ACC])),
    t.ACC_AT_BEST: _value(finite(_ACC_AT_BEST)),
    t.BEST_EPOCH: _value(_BEST_EPOCH),
    t.BEST_LOSS: _value(finite(runs.c.best_val_loss)),
    t.GAP: _value(finite(epochs.c[columns.GAP_LOSS])),
    t.CURVE: _value(finite(epochs.c[columns.VAL_LOSS])),
    t.WEIGHT_NORM: _of_weights(_NORM_SQUARED),
    t.ZERO_SHARE: _of_weights(_ZEROS),
    t.SECONDS: _value(finite(runs.c.seconds)),
    t.CREATED: _value(runs.c.created),
    t.TAGS: _tags,
    t.TOTAL: _value(finite(epochs.c[columns.TOTAL])),
    t.DATA_LOSS: _value(finite(epochs.c[columns.TRAIN_LOSS])),
    t.L1_PART: _value(finite(epochs.c[columns.L1])),
    t.L2_PART: _value(finite(epochs.c[columns.L2])),
}
_FIGURES = (t.LAMBDA1, t.LAMBDA2, t.LAST_ACC, t.BEST_ACC, t.BEST_ACC_EPOCH, t.BEST_EPOCH, t.BEST_LOSS, t.GAP, t.SECONDS)
_LOSSES = (t.TOTAL, t.DATA_LOSS, t.L1_PART, t.L2_PART)


def figure_columns(
    text: Callable[[ColumnElement[Any]], ColumnElement[Any]], states: Sequence[str] | None
) -> tuple[list[str], Select[Any]]:
    """Names and query of what groups follow from, for runs that are not deleted, or those of them in ``states``.

    ``text`` makes a column one that any driver can read.
    """
    texts = {t.RUN: runs.c.id, t.STATE: runs.c.state, t.MODEL: runs.c.model, "group": runs.c.group, "spec": runs.c.spec}
    wanted = {name: text(column) for name, column in texts.items()}
    wanted |= {name: _KEYS[name](None) for name in (*_FIGURES, *_LOSSES)}
    wanted[t.ACC_AT_BEST] = finite(_best.c[columns.VAL_ACC])
    best = (_best.c.run == runs.c.id) & (_best.c.epoch == runs.c.best_epoch)
    query = select(*(column.label(name) for name, column in wanted.items()))
    query = query.select_from(_WITH_LAST.outerjoin(_best, best)).where(runs.c.deleted.is_(None))
    return list(wanted), query if states is None else query.where(runs.c.state.in_(states))


SORTABLE = (*_KEYS, t.TEST_ACC)
"""The columns that runs can be sorted by."""
