"""Writes of training: environments, epochs and layer statistics, of many runs in one statement."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select

from reglab import columns
from reglab.errors import EpochRecorded, StoreError
from reglab.events import Environment, EpochMetrics, LayerStats
from reglab.store.schema import epochs, layers
from reglab.store.transitions import change, now, writable

EpochEntry = tuple[str, EpochMetrics, Sequence[LayerStats], int]
"""A run's id, the figures of its epoch, its layers, and its best epoch so far."""


def began(connection: Connection, owner: str | None, environments: Mapping[str, Environment]) -> None:
    """Record where each run trains, and when it first started."""
    rows, moment = writable(connection, list(environments), owner), now()
    values = {}
    for run_id, environment in environments.items():
        values[run_id] = {
            "environment": {**vars(environment), "versions": dict(environment.versions)},
            "device": environment.device,
            "threads": environment.threads,
            "started": rows[run_id].started or moment,
            "heartbeat": moment,
            "activity": None,
        }
    change(connection, values)


def add_epochs(connection: Connection, owner: str | None, entries: Sequence[EpochEntry]) -> None:
    """Add epochs after those already there; see :meth:`reglab.store.Store.add_epochs`."""
    rows = writable(connection, [run_id for run_id, *_ in entries], owner)
    standing = ("epoch", "best_val_acc", "best_val_acc_epoch", "best_val_loss")
    changes = {run_id: {name: row._mapping[name] for name in standing} for run_id, row in rows.items()}
    for run_id, metrics, _, best_epoch in entries:
        if metrics.epoch <= changes[run_id]["epoch"]:
            raise EpochRecorded(f"Run {run_id} already has epoch {metrics.epoch}.")
        changes[run_id] = _after(changes[run_id], metrics, best_epoch)
    if entries:
        figures = [{"run": run_id, **epoch_row(metrics)} for run_id, metrics, *_ in entries]
        connection.execute(insert(epochs), figures)
    _insert_layers(connection, ((run_id, metrics.epoch, stats) for run_id, metrics, stats, _ in entries))
    change(connection, changes)


def epoch_row(metrics: EpochMetrics) -> dict[str, Any]:
    """The columns of an epoch: penalty terms with a column of their own, and all others as one JSON text."""
    own = dict.fromkeys((columns.L1, columns.L2), 0.0) | dict(metrics.penalties)
    others = {key: own.pop(key) for key in list(own) if key not in (columns.L1, columns.L2)}
    figures = {name: value for name, value in vars(metrics).items() if name != "penalties"}
    return {**figures, **own, "penalties": json.dumps(others) if others else None}


def penalties_of(row: dict[str, Any]) -> dict[str, float]:
    """Take the penalty terms out of a row that :func:`epoch_row` made."""
    others = row.pop("penalties")
    return {key: row.pop(key) for key in (columns.L1, columns.L2)} | penalty_terms(others)


def penalty_terms(text: str | None) -> dict[str, float]:
    """The penalty terms in a JSON text, none for NULL.

    :raises StoreError: where it holds anything else.
    """
    if text is None:
        return {}
    try:
        return {str(key): float(value) for key, value in json.loads(text).items()}
    except (ValueError, TypeError, AttributeError, RecursionError):
        raise StoreError("penalties holds something other than named numbers") from None


def add_initial_layers(connection: Connection, owner: str | None, stats: Mapping[str, Sequence[LayerStats]]) -> None:
    """Epoch 0 of each run: the layer statistics of its initial weights; a second time replaces them."""
    writable(connection, list(stats), owner)
    connection.execute(delete(layers).where(layers.c.run.in_(list(stats)), layers.c.epoch == 0))
    _insert_layers(connection, ((run_id, 0, own) for run_id, own in stats.items()))


def drop_epochs_after(connection: Connection, owner: str | None, last: Mapping[str, int]) -> None:
    """Delete every epoch of a run after its ``last``, and recompute the best figures over the rest."""
    if not last:
        return
    writable(connection, list(last), owner)
    for table in (epochs, layers):
        statement = delete(table).where(table.c.run == bindparam("run_id"), table.c.epoch > bindparam("last"))
        connection.execute(statement, [{"run_id": run_id, "last": epoch} for run_id, epoch in last.items()])
    query = select(epochs.c.run, epochs.c.epoch, epochs.c.val_acc, epochs.c.val_loss)
    found = connection.execute(query.where(epochs.c.run.in_(list(last))).order_by(epochs.c.run, epochs.c.epoch))
    left = {run_id: list(rows) for run_id, rows in groupby(found, key=lambda row: row.run)}
    change(connection, {run_id: counted(left.get(run_id, [])) for run_id in last})


def _after(standing: Mapping[str, Any], metrics: EpochMetrics, best_epoch: int) -> dict[str, Any]:
    accuracy = _best(max, [standing["best_val_acc"], metrics.val_acc])
    higher = accuracy is not None and accuracy != standing["best_val_acc"]
    return {
        "epoch": metrics.epoch,
        "step": 0,
        "heartbeat": now(),
        "best_epoch": best_epoch,
        "best_val_acc": accuracy,
        "best_val_acc_epoch": metrics.epoch if higher else standing["best_val_acc_epoch"],
        "best_val_loss": _best(min, [standing["best_val_loss"], metrics.val_loss]),
    }


def counted(left: Sequence[Any]) -> dict[str, Any]:
    """The columns of a run that follow from its epochs ``left``, ascending."""
    losses = {row.epoch: row.val_loss for row in left if not math.isnan(row.val_loss)}
    accuracies = {row.epoch: row.val_acc for row in left if not math.isnan(row.val_acc)}
    return {
        "epoch": left[-1].epoch if left else 0,
        "step": 0,
        "best_epoch": min(losses, key=losses.__getitem__, default=None),
        "best_val_acc": _best(max, accuracies.values()),
        "best_val_loss": _best(min, losses.values()),
        "best_val_acc_epoch": max(accuracies, key=accuracies.__getitem__, default=None),
    }


def _insert_layers(connection: Connection, parts: Iterable[tuple[str, int, Sequence[LayerStats]]]) -> None:
    rows = [
        {"run": run_id, "epoch": epoch, "position": i, **vars(layer)}
        for run_id, epoch, stats in parts
        for i, layer in enumerate(stats)
    ]
    if rows:
        connection.execute(insert(layers), rows)


def _best(choose: Any, values: Iterable[float | None]) -> float | None:
    """The best of ``values`` by ``choose`` (min or max), NaN and None apart; None where nothing is left."""
    numbers = [value for value in values if value is not None and not math.isnan(value)]
    return choose(numbers) if numbers else None
