"""One sweep as the store knows it: what was asked for, and how its lanes stand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Row, Select, case, func, select

from reglab.events import STATES, State
from reglab.store.arrays import from_json
from reglab.store.run import RESUMABLE, Wanted
from reglab.store.schema import runs, sweeps
from reglab.sweep import SweepSpec

OVER: tuple[State, ...] = ("finished", "diverged")  # lanes that never train again
_FIRST: tuple[State, ...] = ("running", "queued", "failed", "interrupted", "cancelled")


@dataclass(frozen=True)
class Sweep:
    """A sweep, and its lanes in sum: ``counts`` says how many are in each state. Times are aware UTC datetimes.

    ``plan`` is how the worker advances the lanes; ``seconds`` is training time by the clock over all sittings;
    ``activity`` is what it does before it trains. ``epoch`` is the lowest of the lanes still to train (the highest of
    all where none is), ``highest`` the highest, of ``epochs``; ``epochs_done`` is the sum over lanes, in which those
    that finished early or diverged count as done. ``started`` and ``ended`` are the first lane's and the last lane's.
    """

    id: str
    key: str | None
    name: str
    spec: SweepSpec
    created: datetime
    plan: dict[str, Any] | None
    seconds: float
    error: str | None
    activity: str | None
    deleted: datetime | None
    counts: Mapping[State, int]
    wanted: Wanted
    queued: datetime | None
    started: datetime | None
    ended: datetime | None
    epoch: int
    highest: int
    epochs: int
    epochs_done: int
    stopped_at: int
    has_checkpoint: bool

    @property
    def state(self) -> State:
        """That of its lanes: running, queued, failed, interrupted or cancelled as soon as one lane is, in this order.

        Otherwise it is finished, or diverged where every lane is.
        """
        for state in _FIRST:
            if self.counts[state]:
                return state
        return "finished" if self.counts["finished"] else "diverged"

    @property
    def size(self) -> int:
        """How many lanes."""
        return sum(self.counts.values())

    @property
    def share(self) -> float:
        """How much of the training is done, from 0 to 1."""
        return self.epochs_done / (self.size * self.epochs)

    @property
    def resumable(self) -> bool:
        """Whether lanes stopped before their end and can go on: from a checkpoint, or from the start if none is due."""
        return self.state in RESUMABLE and self.deleted is None and (self.has_checkpoint or self.stopped_at == 0)


def select_totals(sweep_ids: Iterable[str]) -> Select[Any]:
    """A row for each sweep with what :class:`Sweep` says of its lanes, in one statement however many there are."""
    state, epoch = runs.c.state, runs.c.epoch
    return (
        select(
            runs.c.sweep,
            *[func.sum(case((state == name, 1), else_=0)).label(name) for name in STATES],
            func.sum(case(((state == "running") & (runs.c.wanted == "stop"), 1), else_=0)).label("stopping"),
            func.min(case((state == "queued", runs.c.queued))).label("waiting_since"),
            func.min(runs.c.started).label("started"),
            func.max(runs.c.ended).label("ended"),
            func.min(case((state.not_in(OVER), epoch))).label("lowest"),
            func.max(epoch).label("highest"),
            func.max(runs.c.epochs).label("epochs"),
            func.sum(case((state.in_(OVER), runs.c.epochs), else_=epoch)).label("epochs_done"),
            func.max(case((state.in_(sorted(RESUMABLE)), epoch), else_=0)).label("stopped_at"),
        )
        .where(runs.c.sweep.in_(list(sweep_ids)))
        .group_by(runs.c.sweep)
    )


def read(connection: Connection, rows: Iterable[Row[Any]], has_checkpoint: Mapping[str, bool]) -> list[Sweep]:
    """The sweeps in ``rows`` of :data:`reglab.store.schema.sweeps`, in their order."""
    found = list(rows)
    totals = {row.sweep: row for row in connection.execute(select_totals(row.id for row in found))}
    return [_sweep(row, totals[row.id], has_checkpoint[row.id]) for row in found]


def _sweep(row: Row[Any], total: Row[Any], has_checkpoint: bool) -> Sweep:
    own = {column.name: row._mapping[column] for column in sweeps.c}
    own |= {"spec": _spec(own["spec"]), "plan": None if own["plan"] is None else from_json(own["plan"])}
    counts: dict[State, int] = {state: total._mapping[state] for state in STATES}
    return Sweep(
        **own,
        counts=counts,
        wanted="stop" if total.stopping else "run",
        queued=total.waiting_since,
        started=total.started,
        ended=None if counts["running"] or counts["queued"] else total.ended,
        epoch=total.highest if total.lowest is None else total.lowest,
        highest=total.highest,
        epochs=total.epochs,
        epochs_done=total.epochs_done,
        stopped_at=total.stopped_at,
        has_checkpoint=has_checkpoint,
    )


@lru_cache(maxsize=256)
def _spec(text: str) -> SweepSpec:
    return SweepSpec.from_json(text)
