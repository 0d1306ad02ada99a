"""Writing what training produces: progress, epochs with their layer statistics, and the end."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from reglab.errors import StoreError
from reglab.events import EpochMetrics, LayerStats, State
from reglab.store import states
from reglab.store.labels import printable
from reglab.store.schema import epochs, layers


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
    text = None if activity is None else printable(activity)[:200]
    states.change(connection, run_id, heartbeat=states.now(), activity=text)


def add_epoch(
    connection: Connection,
    run_id: str,
    owner: str | None,
    metrics: EpochMetrics,
    stats: Sequence[LayerStats],
    best_epoch: int,
) -> None:
    """Add an epoch after those already there; see :meth:`reglab.store.Store.add_epoch`."""
    row = states.writable(connection, run_id, owner)
    if metrics.epoch <= row.epoch:
        raise StoreError(f"Run {run_id} already has epoch {metrics.epoch}.")
    connection.execute(insert(epochs), {"run": run_id, **asdict(metrics)})
    _insert_layers(connection, run_id, metrics.epoch, stats)
    states.change(
        connection, run_id, epoch=metrics.epoch, step=0, heartbeat=states.now(), best_epoch=best_epoch,
        best_val_acc=_best(max, [row.best_val_acc, metrics.val_acc]),
        best_val_loss=_best(min, [row.best_val_loss, metrics.val_loss]),
    )  # fmt: skip


def add_initial_layers(connection: Connection, run_id: str, owner: str | None, stats: Sequence[LayerStats]) -> None:
    """Epoch 0: the layer statistics of the initial weights; a second time replaces them."""
    states.writable(connection, run_id, owner)
    connection.execute(delete(layers).where(layers.c.run == run_id, layers.c.epoch == 0))
    _insert_layers(connection, run_id, 0, stats)


def drop_epochs_after(connection: Connection, run_id: str, owner: str | None, epoch: int) -> None:
    """Forget every epoch after ``epoch``, and count the best figures again over those left."""
    states.writable(connection, run_id, owner)
    for table in (epochs, layers):
        connection.execute(delete(table).where(table.c.run == run_id, table.c.epoch > epoch))
    left = connection.execute(
        select(epochs.c.epoch, epochs.c.val_acc, epochs.c.val_loss).where(epochs.c.run == run_id).order_by("epoch")
    ).all()
    losses = {row.epoch: row.val_loss for row in left if not math.isnan(row.val_loss)}
    states.change(
        connection, run_id, epoch=left[-1].epoch if left else 0, step=0,
        best_epoch=min(losses, key=losses.__getitem__) if losses else None,
        best_val_acc=_best(max, [row.val_acc for row in left]), best_val_loss=_best(min, losses.values()),
    )  # fmt: skip


def finish(
    connection: Connection, run_id: str, owner: str | None, state: State, error: str | None, **values: Any
) -> None:
    """End a run that this process trains, with where its weights are."""
    if state not in states.ENDED:
        raise StoreError(f"A run cannot finish as {state}.")
    if states.writable(connection, run_id, owner).state != "running":
        raise StoreError(f"Run {run_id} is not running and cannot become {state}.")
    states.set_state(connection, run_id, state, error, **values)


def _insert_layers(connection: Connection, run_id: str, epoch: int, stats: Sequence[LayerStats]) -> None:
    if stats:
        rows = [{"run": run_id, "epoch": epoch, "position": i, **vars(layer)} for i, layer in enumerate(stats)]
        connection.execute(insert(layers), rows)


def _best(choose: Any, values: Iterable[float | None]) -> float | None:
    """The best of ``values`` by ``choose`` (min or max), NaN and None apart; None where nothing is left."""
    numbers = [value for value in values if value is not None and not math.isnan(value)]
    return choose(numbers) if numbers else None
