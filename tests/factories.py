"""Runs as training would have left them, written straight into a store: tests of pages need no training."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import insert

from reglab.bins import EDGES
from reglab.events import Environment, EpochMetrics, LayerStats
from reglab.spec import RunSpec
from reglab.states import State
from reglab.store import Confirmation, Ending, Progress, Run, Store, Sweep
from reglab.store.results import epoch_row
from reglab.store.schema import epochs as epoch_table
from reglab.store.schema import runs as run_table
from reglab.sweep import LaneSpec, SweepSpec

LAYERS = {"conv1.weight": 288, "fc.weight": 1280}


def spec(**changes: Any) -> RunSpec:
    """The default spec with dotted keys written with ``__``: ``spec(penalty__l2=0.03)``."""
    return RunSpec().with_changes({key.replace("__", "."): value for key, value in changes.items()})


def metrics(epoch: int, **changes: float) -> EpochMetrics:
    """An epoch of a run that overfits a little: training loss falls as 2/e, validation loss turns at epoch 5."""
    train, val = 2.0 / epoch, 1.0 + 0.02 * (epoch - 5) ** 2
    figures = {
        "train_loss": train, "val_loss": val, "train_acc": 1 - 0.5 / epoch, "val_acc": 0.9 - 0.01 * abs(epoch - 4),
        "running_loss": train, "l1": 0.0, "l2": 0.1, "total": train + 0.1, "gap_loss": val - train,
        "gap_acc": 0.05, "lr": 1e-3, "seconds": 0.5,
    }  # fmt: skip
    figures |= changes
    terms = {key: figures.pop(key) for key in ("l1", "l2")}
    return EpochMetrics(epoch=epoch, penalties=terms, **figures)


def layer_stats(epoch: int, seed: int = 0) -> list[LayerStats]:
    """Two kernels whose normal weights shrink a little with every epoch."""
    return [_stats(name, size, 0.2 / (1 + 0.1 * epoch), seed + i) for i, (name, size) in enumerate(LAYERS.items())]


def add_run(
    store: Store,
    wanted: RunSpec | None = None,
    *,
    state: State = "finished",
    epochs: Sequence[EpochMetrics] | int = 6,
    name: str | None = None,
    tags: Iterable[str] = (),
    note: str = "",
    seed: int = 0,
) -> Run:
    """A run in ``state``, with the given epochs (or so many usual ones) and their layer statistics."""
    wanted = wanted or RunSpec()
    done = [metrics(epoch) for epoch in range(1, epochs + 1)] if isinstance(epochs, int) else list(epochs)
    run = store.create(wanted, name=name)
    if tags:
        store.set_tags(run.id, tags)
    if note:
        store.set_note(run.id, note)
    if state != "queued":
        _train(store, run.id, done, seed)
    if state not in ("queued", "running"):
        store.finish([Ending(run.id, state, error=None if state == "finished" else f"This run is {state}.")])
    return store.get(run.id)


def add_many(store: Store, count: int, epochs: int, *, first: int = 0, **changes: Any) -> list[str]:
    """``count`` finished runs of ``epochs`` epochs each, in a few large inserts; their ids, newest first.

    They are numbered from ``first``, which makes their ids.
    """
    wanted = spec(train__epochs=epochs, **changes)
    start = datetime.now(UTC) - timedelta(minutes=count)
    ids = [f"r{i:09d}" for i in range(first, first + count)]
    done = [metrics(epoch) for epoch in range(1, epochs + 1)]
    rows = [_row(run_id, wanted, start + timedelta(minutes=i), i, done) for i, run_id in enumerate(ids)]
    with store._database.write() as connection:
        connection.execute(insert(run_table), rows)
        for run_id in ids:
            connection.execute(insert(epoch_table), [{"run": run_id, **epoch_row(epoch)} for epoch in done])
    return ids[::-1]


def add_sweep(
    store: Store,
    wanted: SweepSpec | None = None,
    *,
    state: State = "finished",
    epochs: int = 6,
    name: str | None = None,
    figures: Callable[[LaneSpec, int], EpochMetrics] = lambda lane, epoch: metrics(epoch),
    environment: Environment | None = None,
    confirmation: Confirmation | None = None,
    key: str | None = None,
) -> Sweep:
    """A sweep whose lanes are in ``state``, each with epochs of the ``figures`` for it and with layer statistics.

    ``environment`` is that of every run; ``confirmation`` says which sweep this one confirms, ``key`` which one it
    checks.
    """
    wanted = wanted or SweepSpec(run=spec(train__epochs=epochs), l2=(0.0, 1e-3, 1e-2), seeds=2)
    if state == "queued":
        return store.create(wanted, name=name, key=key)
    sweep = store.create(wanted, name=name, owner=store.owner(), confirmation=confirmation, key=key)
    ids = [run.id for run in store.sweep_runs(sweep.id)]
    known = environment or Environment("cpu", 1, {"torch": "2.13.0"}, 1568, 400, 539)
    store.began(dict.fromkeys(ids, known))
    store.add_initial_layers(dict.fromkeys(ids, layer_stats(0)))
    for epoch in range(1, epochs + 1):
        done = [figures(lane, epoch) for lane in wanted.lanes()]
        store.add_epochs([(run, one, layer_stats(epoch), epoch) for run, one in zip(ids, done, strict=True)])
    store.progress(sweep.id, dict.fromkeys(ids, Progress(epochs, 0, 13, 0.5 * epochs)), seconds=0.5 * epochs)
    if state != "running":
        store.finish([Ending(sweep.id, state, error=None if state == "finished" else f"This sweep is {state}.")])
    return store.sweep(sweep.id)


def _train(store: Store, run_id: str, done: Sequence[EpochMetrics], seed: int) -> None:
    owner = store.owner()
    assert store.claim(run_id, owner)
    store.began({run_id: Environment("cpu", 1, {"torch": "2.13.0"}, 1568, 400, 539)})
    store.add_initial_layers({run_id: layer_stats(0, seed)})
    for last, epoch in enumerate(done, start=1):
        losses = [one.val_loss for one in done[:last]]
        best = done[int(np.nanargmin(losses))].epoch if not np.isnan(losses).all() else epoch.epoch
        store.add_epochs([(run_id, epoch, layer_stats(epoch.epoch, seed), best)])
    store.progress(run_id, {run_id: Progress(done[-1].epoch if done else 0, 0, 13, 0.5 * len(done))})


def _stats(name: str, size: int, scale: float, seed: int) -> LayerStats:
    weights = np.random.default_rng(seed).normal(0, scale, size)
    counts: NDArray[np.int64] = np.histogram(weights, EDGES)[0].astype(np.int64)
    small = float(np.mean(np.abs(weights) < 2**-10))
    l1, l2, largest = np.abs(weights).sum(), np.sqrt(np.square(weights).sum()), np.abs(weights).max()
    pulls = (0.05, 0.1 * float(l2))  # as with λ₂ = 0.1 on a data loss that stays as steep as it is
    return LayerStats(name, size, float(l1), float(l2), float(largest), 0.0, small, *pulls, 0, counts)


def _row(run_id: str, wanted: RunSpec, created: datetime, i: int, done: Sequence[EpochMetrics]) -> dict[str, Any]:
    return {
        "id": run_id, "name": f"run {i}", "state": "finished", "wanted": "run", "spec": wanted.model_dump_json(),
        "dataset": wanted.data.name, "model": wanted.model.name, "l1": wanted.penalty.l1, "l2": wanted.penalty.l2,
        "penalty": wanted.penalty.label,
        "created": created, "queued": created, "started": created, "ended": created + timedelta(seconds=50),
        "seconds": 0.5 * len(done), "epoch": len(done), "epochs": len(done), "step": 0, "steps": 13,
        "best_epoch": min(len(done), 5), "best_val_acc": max(epoch.val_acc for epoch in done),
        "best_val_acc_epoch": max(done, key=lambda epoch: epoch.val_acc).epoch,
        "best_val_loss": min(epoch.val_loss for epoch in done), "tags": ["bulk"] if i % 2 else [], "note": "",
    }  # fmt: skip
