"""Reading epochs and layer statistics as DataFrames with the columns of :mod:`reglab.columns`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Connection, Double, and_, case, or_, select, type_coerce

from reglab import columns
from reglab.errors import StoreError, suggestion
from reglab.store.schema import epochs, layers, runs
from reglab.store.types import unpack

_CHUNK = 5_000  # ids in one statement; databases allow a few ten thousand parameters


def epoch_frame(connection: Connection, run_ids: Sequence[str], since: int) -> pd.DataFrame:
    """:data:`columns.EPOCH_COLUMNS` of the epochs after ``since``: runs in the order asked for, epochs ascending."""
    wanted = [epochs.c.run, epochs.c.epoch, *(_raw(epochs.c[name]) for name in columns.METRICS)]
    rows: list[Any] = []
    for ids in _chunks(run_ids):
        query = select(*wanted).where(epochs.c.run.in_(ids), epochs.c.epoch > since).order_by("run", "epoch")
        rows.extend(connection.execute(query).all())
    data = _table(rows, columns.EPOCH_COLUMNS)
    return _in_order(data, run_ids)


def layer_frame(
    connection: Connection, run_ids: Sequence[str], chosen: Sequence[int] | None, latest: bool
) -> pd.DataFrame:
    """:data:`columns.LAYER_COLUMNS`, layers in network order, COUNTS as int64 arrays."""
    reals = [_raw(layers.c[name]) for name in columns.LAYER_STATS[1:-2]]
    wanted = [layers.c.run, layers.c.epoch, layers.c.layer, layers.c.size, *reals, layers.c.zeros, layers.c.counts]
    rows: list[Any] = []
    for ids in _chunks(run_ids):
        query = select(*wanted).join(runs, runs.c.id == layers.c.run).where(layers.c.run.in_(ids))
        if chosen is not None or latest:
            query = query.where(_epochs_wanted(chosen, latest))
        rows.extend(connection.execute(query.order_by(layers.c.run, layers.c.epoch, layers.c.position)).all())
    return _in_order(_table(rows, columns.LAYER_COLUMNS), run_ids)


def sparklines(connection: Connection, run_ids: Sequence[str], column: str, points: int) -> dict[str, list[float]]:
    """Run → about ``points`` evenly spaced values of ``column``, the last epoch always among them."""
    if column not in columns.METRICS:
        raise StoreError(f"There is no column {column!r}{suggestion(column, columns.METRICS)}.")
    lines: dict[str, list[float]] = {run_id: [] for run_id in run_ids}
    stride = case((runs.c.epoch > points, (runs.c.epoch + points - 1) // points), else_=1)
    for ids in _chunks(run_ids):
        query = select(epochs.c.run, _raw(epochs.c[column])).join(runs, runs.c.id == epochs.c.run)
        query = query.where(epochs.c.run.in_(ids), (runs.c.epoch - epochs.c.epoch) % stride == 0)
        for run_id, value in connection.execute(query.order_by(epochs.c.run, epochs.c.epoch)):
            lines[run_id].append(float(value))
    return lines


def _epochs_wanted(chosen: Sequence[int] | None, latest: bool) -> ColumnElement[bool]:
    parts: list[ColumnElement[bool]] = []
    if chosen is not None:
        parts.append(layers.c.epoch.in_(list(chosen)))
    if latest:
        parts.append(or_(layers.c.epoch == 0, layers.c.epoch == runs.c.epoch))
    return or_(*parts) if parts else and_(True)


def _raw(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """The column as the driver gives it (SQLite's NaN as text): numpy converts a whole column faster."""
    return type_coerce(column, Double()).label(getattr(column, "name", None))


def _chunks(run_ids: Sequence[str]) -> Iterator[Sequence[str]]:
    unique = list(dict.fromkeys(run_ids))
    return (unique[i : i + _CHUNK] for i in range(0, len(unique), _CHUNK))


def _table(rows: Sequence[Any], names: Sequence[str]) -> pd.DataFrame:
    by_name = dict(zip(names, zip(*rows, strict=True) if rows else [()] * len(names), strict=True))
    return pd.DataFrame({name: _series(name, values) for name, values in by_name.items()}, columns=list(names))


def _series(name: str, values: Sequence[Any]) -> Any:
    if name in (columns.RUN, columns.LAYER):
        return pd.array(list(values), dtype="str")
    if name in (columns.EPOCH, columns.SIZE, columns.ZEROS):
        return np.array(values, dtype=np.int64)
    if name == columns.COUNTS:
        cells: NDArray[Any] = np.empty(len(values), dtype=object)
        cells[:] = [unpack(value) if isinstance(value, bytes) else value for value in values]
        return cells
    return np.array(values, dtype=np.float64)


def _in_order(frame: pd.DataFrame, run_ids: Sequence[str]) -> pd.DataFrame:
    rank = {run_id: i for i, run_id in reversed(list(enumerate(run_ids)))}
    ranks = np.array([rank[run_id] for run_id in frame[columns.RUN]], dtype=np.int64)
    if np.any(ranks[1:] < ranks[:-1]):
        frame = frame.iloc[np.argsort(ranks, kind="stable")].reset_index(drop=True)
    return frame
