"""One run as the store knows it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Literal

from sqlalchemy import Row, Select, select

from reglab import columns
from reglab.events import EpochMetrics, State
from reglab.spec import PenaltySpec, RunSpec
from reglab.store.schema import epochs, runs

Penalty = Literal["none", "L1", "L2", "elastic net"]
Wanted = Literal["run", "stop"]

RESUMABLE: frozenset[State] = frozenset({"failed", "cancelled", "interrupted"})


@dataclass(frozen=True)
class Run:
    """A run: what was asked for, how far it is, and what came of it. Times are aware UTC datetimes.

    ``seconds`` is training time over all sittings; ``epoch`` of ``epochs`` are done, ``step`` of ``steps`` in the one
    being trained. ``best_val_acc`` is the highest and ``best_val_loss`` the lowest over the epochs done. ``error`` is
    one sentence; ``activity`` is what a running run does before it trains. ``weights_path`` is relative to the home.
    A run of a sweep is lane ``lane`` of ``SweepSpec.lanes()`` in the sweep with the id ``sweep``.
    """

    id: str
    key: str | None
    name: str
    state: State
    wanted: Wanted
    spec: RunSpec
    dataset: str
    model: str
    l1: float
    l2: float
    created: datetime
    queued: datetime
    started: datetime | None
    ended: datetime | None
    heartbeat: datetime | None
    seconds: float
    environment: dict[str, Any] | None
    device: str | None
    threads: int | None
    error: str | None
    activity: str | None
    epoch: int
    epochs: int
    step: int
    steps: int
    best_epoch: int | None
    best_val_acc: float | None
    best_val_loss: float | None
    weights_path: str | None
    weights_sha256: str | None
    group: str | None
    tags: tuple[str, ...]
    note: str
    owner: str | None
    deleted: datetime | None
    sweep: str | None
    lane: int | None
    last: EpochMetrics | None
    has_checkpoint: bool

    @property
    def penalty(self) -> Penalty:
        """Which penalty λ₁ and λ₂ make: none, L1, L2, or both (elastic net)."""
        return kind_of_penalty(self.l1, self.l2)

    @property
    def resumable(self) -> bool:
        """Whether it stopped before its end and can go on: from its checkpoint, or from the start if none is due."""
        return self.state in RESUMABLE and self.deleted is None and (self.has_checkpoint or self.epoch == 0)


def kind_of_penalty(l1: float, l2: float) -> Penalty:
    """ "none", "L1", "L2" or "elastic net", by which λ is above 0."""
    return ("elastic net" if l2 else "L1") if l1 else ("L2" if l2 else "none")


def default_name(spec: RunSpec) -> str:
    """For example "digits · simple_cnn · λ₂ 0.03"."""
    return f"{spec.data.name} · {spec.model.name} · {_lambdas(spec.penalty)}"


def _lambdas(penalty: PenaltySpec) -> str:
    parts = [f"λ₁ {penalty.l1:g}"] * bool(penalty.l1) + [f"λ₂ {penalty.l2:g}"] * bool(penalty.l2)
    return " ".join(parts) or "λ 0"


def select_runs() -> Select[Any]:
    """Runs with the figures of their last epoch (``last_…``), in one statement however many there are."""
    last = [epochs.c[name].label(f"last_{name}") for name in (columns.EPOCH, *columns.METRICS)]
    newest = (epochs.c.run == runs.c.id) & (epochs.c.epoch == runs.c.epoch)
    return select(runs, *last).select_from(runs.outerjoin(epochs, newest))


def run_of(row: Row[Any], has_checkpoint: bool) -> Run:
    """The :class:`Run` in a row of :func:`select_runs`."""
    values = row._mapping
    own = {column.name: values[column] for column in runs.c}
    own["spec"], own["tags"] = _spec(own["spec"]), tuple(own["tags"])
    last = None
    if values["last_epoch"] is not None:
        last = EpochMetrics(**{name: values[f"last_{name}"] for name in (columns.EPOCH, *columns.METRICS)})
    return Run(**own, last=last, has_checkpoint=has_checkpoint)


@lru_cache(maxsize=4096)
def _spec(text: str) -> RunSpec:
    return RunSpec.parse(json.loads(text))
