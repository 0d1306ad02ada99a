"""Reading epochs and layer statistics as DataFrames with the columns of :mod:`reglab.columns`.

A row that holds a value of the wrong kind is left out and logged once: a curve lacks a point, other runs lack nothing.
``reglab check`` finds such rows.
"""

from __future__ import annotations

import logging
import math
import zlib
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Connection, Double, Select, case, or_, select, type_coerce

from reglab import columns
from reglab.errors import StoreError, shown, suggestion
from reglab.lazy import later
from reglab.store.reading import chunks, raw
from reglab.store.results import penalty_terms
from reglab.store.schema import epochs, layers, runs
from reglab.store.types import unpack

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray
else:
    np = later("numpy")

log = logging.getLogger(__name__)

_WRONG = (ValueError, TypeError, OverflowError, zlib.error, StoreError)  # what a value of the wrong kind raises
_PARTITION = 256  # rows turned into arrays at a time: they stay in the cache, twice as fast as all at once


def epoch_frame(connection: Connection, run_ids: Sequence[str], since: int) -> pd.DataFrame:
    """:data:`columns.EPOCH_COLUMNS` of the epochs after ``since``: runs in the order asked for, epochs ascending.

    Penalty terms other than L1 and L2 follow under their key, where any of the epochs has one: ``penalty_group``.
    """
    figures = [_raw(epochs.c[name]) for name in columns.METRICS]
    query = select(epochs.c.run, epochs.c.epoch, *figures, epochs.c.penalties)
    query = query.where(epochs.c.epoch > since).order_by(epochs.c.run, epochs.c.epoch)
    frame = _frame(connection, query, epochs.c.run, run_ids, (*columns.EPOCH_COLUMNS, "penalties"))
    terms = frame.pop("penalties")
    for key in dict.fromkeys(key for own in terms[terms.astype(bool)] for key in own):
        frame[columns.PENALTY + key] = np.array([own.get(key, 0.0) for own in terms], dtype=np.float64)
    return frame


def layer_frame(
    connection: Connection, run_ids: Sequence[str], chosen: Sequence[int] | None, latest: bool
) -> pd.DataFrame:
    """:data:`columns.LAYER_COLUMNS`, layers in network order, COUNTS as int64 arrays."""
    own = [layers.c[name] for name in (columns.RUN, columns.EPOCH, columns.LAYER, columns.SIZE)]
    norms = [_raw(layers.c[name]) for name in columns.LAYER_STATS[1:-2]]
    query = select(*own, *norms, layers.c.zeros, raw(layers.c.counts)).join(runs, runs.c.id == layers.c.run)
    if chosen is not None or latest:
        query = query.where(_epochs_wanted(chosen, latest))
    query = query.order_by(layers.c.run, layers.c.epoch, layers.c.position)
    return _frame(connection, query, layers.c.run, run_ids, columns.LAYER_COLUMNS)


def gradient_frame(connection: Connection, run_ids: Sequence[str]) -> pd.DataFrame:
    """:data:`columns.GRADIENT_COLUMNS` of every epoch but 0, layers in network order; NaN where none is recorded."""
    norms = [_raw(layers.c[name]) for name in (columns.DATA_GRAD, columns.PENALTY_GRAD)]
    query = select(layers.c.run, layers.c.epoch, layers.c.layer, *norms).where(layers.c.epoch > 0)
    query = query.order_by(layers.c.run, layers.c.epoch, layers.c.position)
    return _frame(connection, query, layers.c.run, run_ids, columns.GRADIENT_COLUMNS)


def sparklines(connection: Connection, run_ids: Sequence[str], column: str, points: int) -> dict[str, list[float]]:
    """Run → about ``points`` evenly spaced values of ``column``, the last epoch always among them."""
    if column not in columns.METRICS:
        raise StoreError(f"There is no column {shown(column)}{suggestion(column, columns.METRICS)}.")
    lines: dict[str, list[float]] = {run_id: [] for run_id in run_ids}
    stride = case((runs.c.epoch > points, (runs.c.epoch + points - 1) // points), else_=1)
    for ids in chunks(list(lines)):
        query = select(epochs.c.run, _raw(epochs.c[column])).join(runs, runs.c.id == epochs.c.run)
        query = query.where(epochs.c.run.in_(ids), (runs.c.epoch - epochs.c.epoch) % stride == 0)
        for run_id, value in connection.execute(query.order_by(epochs.c.run, epochs.c.epoch)):
            try:
                lines[run_id].append(math.nan if value is None else float(value))
            except _WRONG:
                _warn(run_id)
    return lines


def _epochs_wanted(chosen: Sequence[int] | None, latest: bool) -> ColumnElement[bool]:
    listed = layers.c.epoch.in_(list(chosen or ()))
    return or_(listed, layers.c.epoch == 0, layers.c.epoch == runs.c.epoch) if latest else listed


def _raw(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """The column as the driver gives it (SQLite's NaN as text): numpy converts a whole column faster."""
    return type_coerce(column, Double()).label(getattr(column, "name", None))


def _frame(
    connection: Connection,
    query: Select[Any],
    run: ColumnElement[str],
    run_ids: Sequence[str],
    names: Sequence[str],
) -> pd.DataFrame:
    """The rows of ``query`` for ``run_ids``, in that order, under ``names``, the run first."""
    import pandas as pd  # slow to load, and a list of runs needs no frame

    ids = list(dict.fromkeys(run_ids))
    rank = {run_id: i for i, run_id in enumerate(ids)}
    parts: list[list[Any]] = [[_column(name, ()) for name in names]]
    for some in chunks(ids):
        for rows in connection.execute(query.where(run.in_(some))).partitions(_PARTITION):
            try:
                parts.append(_arrays(rows, rank, names))
            except _WRONG:
                parts += _whole(rows, rank, names)
    ranks, *arrays = (np.concatenate(pieces) for pieces in zip(*parts, strict=True))
    order = np.argsort(ranks, kind="stable") if np.any(ranks[1:] < ranks[:-1]) else slice(None)
    data: dict[str, Any] = {names[0]: pd.array(ids, dtype="str").take(ranks[order])}
    data |= {name: array[order] for name, array in zip(names[1:], arrays, strict=True)}
    return pd.DataFrame(data).astype({columns.LAYER: "str"} if columns.LAYER in names else {})


def _arrays(rows: Sequence[Any], rank: Mapping[str, int], names: Sequence[str]) -> list[NDArray[Any]]:
    """Each column of ``rows`` as an array, the runs by their rank."""
    found, *others = zip(*rows, strict=True)
    ranks = np.array([rank[run_id] for run_id in found])
    return [ranks, *(_column(name, values) for name, values in zip(names[1:], others, strict=True))]


def _whole(rows: Sequence[Any], rank: Mapping[str, int], names: Sequence[str]) -> Iterator[list[NDArray[Any]]]:
    """:func:`_arrays` of each of ``rows`` by itself, without those that cannot be converted."""
    for row in rows:
        try:
            yield _arrays([row], rank, names)
        except _WRONG:
            _warn(row[0])


@lru_cache(maxsize=1024)  # once for each run, however often it is drawn
def _warn(run_id: str) -> None:
    log.warning("Run %s: figures of the wrong kind in the store are left out; see reglab check", run_id)


def _column(name: str, values: Sequence[Any]) -> NDArray[Any]:
    if name in (columns.RUN, columns.EPOCH, columns.SIZE, columns.ZEROS):
        return np.array(values, dtype=np.int64)
    if name in (columns.LAYER, columns.COUNTS, "penalties"):
        values = [unpack(blob) for blob in values] if name == columns.COUNTS else values
        values = [penalty_terms(text) for text in values] if name == "penalties" else values
        cells: NDArray[Any] = np.empty(len(values), dtype=object)
        cells[:] = values
        return cells
    return np.array(values, dtype=np.float64)
