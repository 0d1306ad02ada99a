"""One sweep as the store knows it: its spec, and the states and progress of its runs in sum."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Dialect, Integer, Row, Select, case, func, select

from reglab.errors import RegLabError, StoreError
from reglab.states import FINAL, RESUMABLE, STATES, State, label_of
from reglab.store.arrays import from_json
from reglab.store.confirmations import Confirmation
from reglab.store.rate_checks import checked_by
from reglab.store.reading import Decoder, Field, Unreadable, fetch, fields_of, one_line, raw, unreadable
from reglab.store.run import Files, Wanted
from reglab.store.schema import runs, sweeps
from reglab.store.types import Utc
from reglab.sweep import SweepSpec

_FIRST: tuple[State, ...] = ("running", "queued", "failed", "interrupted", "cancelled")


@dataclass(frozen=True)
class Sweep:
    """A sweep, and its runs in sum: ``counts`` says how many are in each state. Times are aware UTC datetimes.

    ``plan`` is the execution plan; ``seconds`` is training time by the clock over all resumes; ``activity`` is what it
    does before its first step. ``epoch`` is the lowest of the runs still to train (the highest of all if there are
    none), ``highest`` the highest, of ``epochs``, the most that any run has; ``epochs_done`` of ``epochs_all`` sums
    over runs, where those that finished early or diverged count in full. ``started`` and ``ended`` are the first run's
    and the last run's. A confirmation ``confirms`` another sweep. ``person`` is the e-mail address of who
    started it, if anybody was signed in.
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
    epochs_all: int
    epochs_done: int
    stopped_at: int
    has_checkpoint: bool
    confirms: str | None = None
    confirmation: Confirmation | None = None
    person: str | None = None

    @property
    def checks_rate_of(self) -> str | None:
        """The sweep whose learning rate this one checks, which may be gone."""
        return checked_by(self.key)

    @property
    def state(self) -> State:
        """Running, queued, failed, interrupted or cancelled, in this order, as soon as one run is.

        Otherwise it is finished, or diverged if all runs are.
        """
        for state in _FIRST:
            if self.counts[state]:
                return state
        return "finished" if self.counts["finished"] else "diverged"

    @property
    def label(self) -> str:
        """The state as people read it."""
        return label_of(self.state, began=self.started is not None)

    @property
    def size(self) -> int:
        """Number of runs."""
        return sum(self.counts.values())

    @property
    def share(self) -> float:
        """The share of the training that is done."""
        return self.epochs_done / self.epochs_all

    @property
    def resumable(self) -> bool:
        """Whether it can go on: from a checkpoint, or from the start if no epoch is done."""
        return self.state in RESUMABLE and self.deleted is None and (self.has_checkpoint or self.stopped_at == 0)


@lru_cache(maxsize=1)
def select_sweeps() -> Select[Any]:
    """Sweeps, raw."""
    return select(*[raw(column) for column in sweeps.c])


def select_totals(sweep_ids: Iterable[str]) -> Select[Any]:
    """A raw row for each sweep with the sums over its runs, in one statement."""
    state, epoch = runs.c.state, runs.c.epoch
    totals: dict[str, ColumnElement[Any]] = {
        **{name: func.sum(case((state == name, 1), else_=0)) for name in STATES},
        "lanes": func.count(),
        "stopping": func.sum(case(((state == "running") & (runs.c.wanted == "stop"), 1), else_=0)),
        "waiting_since": func.min(case((state == "queued", runs.c.queued))),
        "started": func.min(runs.c.started),
        "ended": func.max(runs.c.ended),
        "lowest": func.min(case((state.not_in(sorted(FINAL)), epoch))),
        "highest": func.max(epoch),
        "epochs": func.max(runs.c.epochs),
        "epochs_all": func.sum(runs.c.epochs),
        "epochs_done": func.sum(case((state.in_(sorted(FINAL)), runs.c.epochs), else_=epoch)),
        "stopped_at": func.max(case((state.in_(sorted(RESUMABLE)), epoch), else_=0)),
    }
    columns = [raw(totals[name], name) for name in _TOTALS]
    query = select(*columns, runs.c.sweep).where(runs.c.sweep.in_(list(sweep_ids)))
    return query.group_by(runs.c.sweep)


def read_sweeps(connection: Connection, query: Select[Any], has_checkpoint: Files) -> list[Sweep | Unreadable]:
    """The sweeps that ``query``, made from :func:`select_sweeps`, finds, in its order, each read by itself."""
    rows = list(fetch(connection, query, sweeps.c.id))
    ids = [row.id for row in rows if isinstance(row, Row)]
    sums_of = fetch(connection, select_totals(ids), runs.c.sweep)
    totals = {row.sweep if isinstance(row, Row) else row[0]: row for row in sums_of}
    own, sums = _decoders(connection.dialect)
    found: list[Sweep | Unreadable] = []
    for row in rows:
        if not isinstance(row, Row):
            found.append(Unreadable("sweep", row[0], row[0], one_line(row[1])))
            continue
        try:
            total = _decoded(totals.get(row.id), sums)
            found.append(_sweep(own.decode(row), total, has_checkpoint(row.id, row.id)))
        except RegLabError as error:
            found.append(unreadable("sweep", row, str(error)))
    return found


def _decoded(row: Row[Any] | tuple[str, str] | None, decoder: Decoder) -> dict[str, Any]:
    """The sums over a sweep's runs.

    :raises StoreError: not every run counts.
    """
    if row is None:
        raise StoreError("its runs are missing")
    if not isinstance(row, Row):
        raise StoreError(row[1])
    total = decoder.decode(row)
    if sum(total[state] for state in STATES) != total["lanes"]:
        raise StoreError("one of its runs is in a state that this version does not know")
    if total["epochs"] < 1:
        raise StoreError(f"its runs have {total['epochs']} epochs")
    return total


def _sweep(own: dict[str, Any], total: dict[str, Any], has_checkpoint: bool) -> Sweep:
    counts: dict[State, int] = {state: total[state] for state in STATES}
    return Sweep(
        **own | {"spec": _spec(own["spec"]), "plan": _plan(own["plan"]), "confirmation": _confirmation(own)},
        counts=counts,
        wanted="stop" if total["stopping"] else "run",
        queued=total["waiting_since"],
        started=total["started"],
        ended=None if counts["running"] or counts["queued"] else total["ended"],
        epoch=total["highest"] if total["lowest"] is None else total["lowest"],
        highest=total["highest"],
        epochs=total["epochs"],
        epochs_all=total["epochs_all"],
        epochs_done=total["epochs_done"],
        stopped_at=total["stopped_at"],
        has_checkpoint=has_checkpoint,
    )


@lru_cache(maxsize=8)
def _decoders(dialect: Dialect) -> tuple[Decoder, Decoder]:
    """Of a sweep's own row, and of its totals."""
    return Decoder(dialect, _FIELDS), Decoder(dialect, _TOTALS)


@lru_cache(maxsize=1024)
def _spec(text: str) -> SweepSpec:
    return SweepSpec.from_json(text)


def _confirmation(own: Mapping[str, Any]) -> Confirmation | None:
    return None if own["confirms"] is None else Confirmation.of(own["confirms"], own["confirmation"] or "")


def _plan(text: str | None) -> dict[str, Any] | None:
    if text is None:
        return None
    try:
        plan = from_json(text)
    except (ValueError, TypeError, RecursionError):
        raise StoreError("the plan is not valid JSON") from None
    if not isinstance(plan, dict):
        raise StoreError("the plan is something other than named facts")
    return plan


_FIELDS = fields_of(sweeps)
_TOTALS = {
    **dict.fromkeys((*STATES, "lanes", "stopping"), Field(Integer(), nullable=False)),
    **dict.fromkeys(("waiting_since", "started", "ended"), Field(Utc())),
    "lowest": Field(Integer()),
    **dict.fromkeys(("highest", "epochs", "epochs_all", "epochs_done", "stopped_at"), Field(Integer(), nullable=False)),
}
