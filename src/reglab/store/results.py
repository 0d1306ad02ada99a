"""Writing what training produces: progress, epochs with their layer statistics, and the end.

Runs that advance together are written together: a statement takes all of them, and one run is the case of one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select

from reglab.errors import EpochRecorded, RunLost, StoreError
from reglab.events import EpochMetrics, LayerStats
from reglab.states import ENDED, State
from reglab.store import states
from reglab.store.labels import printable
from reglab.store.schema import epochs, layers

EpochEntry = tuple[str, EpochMetrics, Sequence[LayerStats], int]
"""A run's id, the figures of its epoch, its layers, and its best epoch so far."""


@dataclass(frozen=True)
class Ending:
    """How a run ends, with where its weights lie (relative to the home), their hash, and a sentence."""

    run: str
    state: State
    weights_path: str | None = None
    weights_sha256: str | None = None
    error: str | None = None


def progress(
    connection: Connection, run_id: str, owner: str | None, epoch: int, step: int, steps: int, seconds: float
) -> None:
    """Step of steps in the epoch after ``epoch``, if that is the one under way; seconds; the heartbeat."""
    current = states.writable(connection, run_id, owner).epoch == epoch
    values = {"step": step, "steps": steps} if current else {"step": 0}
    states.change(connection, run_id, heartbeat=states.now(), activity=None, seconds=seconds, **values)


def say(connection: Connection, run_id: str, owner: str | None, activity: str | None) -> None:
    """Set the activity, at most 200 characters of it, and the heartbeat."""
    states.writable(connection, run_id, owner)
    states.change(connection, run_id, heartbeat=states.now(), activity=short(activity))


def short(activity: str | None) -> str | None:
    """An activity as it is kept: printable, at most 200 characters."""
    return None if activity is None else printable(activity)[:200]


def add_epochs(connection: Connection, owner: str | None, entries: Sequence[EpochEntry]) -> None:
    """Add epochs after those already there; see :meth:`reglab.store.Store.add_epochs`."""
    rows = states.writable_many(connection, [run_id for run_id, *_ in entries], owner)
    changes = {run_id: _standing(row) for run_id, row in rows.items()}
    for run_id, metrics, _, best_epoch in entries:
        if metrics.epoch <= changes[run_id]["epoch"]:
            raise EpochRecorded(f"Run {run_id} already has epoch {metrics.epoch}.")
        changes[run_id] = _after(changes[run_id], metrics, best_epoch)
    if entries:
        figures = [{"run": run_id, **vars(metrics)} for run_id, metrics, *_ in entries]
        connection.execute(insert(epochs), figures)
    _insert_layers(connection, ((run_id, metrics.epoch, stats) for run_id, metrics, stats, _ in entries))
    states.change_many(connection, changes)


def add_initial_layers(connection: Connection, owner: str | None, stats: Mapping[str, Sequence[LayerStats]]) -> None:
    """Epoch 0 of each run: the layer statistics of its initial weights; a second time replaces them."""
    states.writable_many(connection, list(stats), owner)
    connection.execute(delete(layers).where(layers.c.run.in_(list(stats)), layers.c.epoch == 0))
    _insert_layers(connection, ((run_id, 0, own) for run_id, own in stats.items()))


def drop_epochs_after(connection: Connection, owner: str | None, last: Mapping[str, int]) -> None:
    """Forget every epoch of a run after its ``last``, and count the best figures again over those left."""
    if not last:
        return
    states.writable_many(connection, list(last), owner)
    for table in (epochs, layers):
        statement = delete(table).where(table.c.run == bindparam("run_id"), table.c.epoch > bindparam("last"))
        connection.execute(statement, [{"run_id": run_id, "last": epoch} for run_id, epoch in last.items()])
    query = select(epochs.c.run, epochs.c.epoch, epochs.c.val_acc, epochs.c.val_loss)
    found = connection.execute(query.where(epochs.c.run.in_(list(last))).order_by(epochs.c.run, epochs.c.epoch))
    left = {run_id: list(rows) for run_id, rows in groupby(found, key=lambda row: row.run)}
    states.change_many(connection, {run_id: _counted(left.get(run_id, [])) for run_id in last})


def finish(connection: Connection, owner: str | None, endings: Sequence[Ending]) -> None:
    """End runs that this process trains."""
    for ending in endings:
        if ending.state not in ENDED:
            raise StoreError(f"A run cannot finish as {ending.state}.")
    rows = states.writable_many(connection, [ending.run for ending in endings], owner)
    for ending in endings:
        if rows[ending.run].state != "running":
            raise RunLost(f"Run {ending.run} is not running and cannot become {ending.state}.")
    over = {"ended": states.now(), "owner": None, "activity": None}
    states.change_many(connection, {ending.run: {**_ended(ending), **over} for ending in endings})


def _ended(ending: Ending) -> dict[str, Any]:
    return {name: value for name, value in vars(ending).items() if name != "run"}


def _standing(row: Any) -> dict[str, Any]:
    """What of a run's row an epoch moves on."""
    return {name: row._mapping[name] for name in ("epoch", "best_val_acc", "best_val_acc_epoch", "best_val_loss")}


def _after(standing: Mapping[str, Any], metrics: EpochMetrics, best_epoch: int) -> dict[str, Any]:
    accuracy = _best(max, [standing["best_val_acc"], metrics.val_acc])
    higher = accuracy is not None and accuracy != standing["best_val_acc"]
    return {
        "epoch": metrics.epoch, "step": 0, "heartbeat": states.now(), "best_epoch": best_epoch,
        "best_val_acc": accuracy, "best_val_acc_epoch": metrics.epoch if higher else standing["best_val_acc_epoch"],
        "best_val_loss": _best(min, [standing["best_val_loss"], metrics.val_loss]),
    }  # fmt: skip


def _counted(left: Sequence[Any]) -> dict[str, Any]:
    """How a run stands that has the epochs ``left``, ascending."""
    losses = {row.epoch: row.val_loss for row in left if not math.isnan(row.val_loss)}
    accuracies = {row.epoch: row.val_acc for row in left if not math.isnan(row.val_acc)}
    return {
        "epoch": left[-1].epoch if left else 0, "step": 0,
        "best_epoch": min(losses, key=losses.__getitem__) if losses else None,
        "best_val_acc": _best(max, accuracies.values()), "best_val_loss": _best(min, losses.values()),
        "best_val_acc_epoch": max(accuracies, key=accuracies.__getitem__) if accuracies else None,
    }  # fmt: skip


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
