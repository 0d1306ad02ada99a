"""Creating jobs (runs and sweeps), finding them, their lists and queues; :class:`Kind` holds what differs."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Connection, Select, Table, case, func, insert, or_, select

from reglab.errors import QueueFull, StoreError, UnknownRun, UnknownSweep, shown
from reglab.spec import RunSpec
from reglab.store.confirmations import Confirmation, check_seeds, row_of
from reglab.store.labels import (
    MOST_COLOURS,
    checked_key,
    checked_name,
    default_name,
    names_of_runs,
    printable,
)
from reglab.store.reading import Unreadable, UnreadableRow
from reglab.store.run import Files, Run, read_runs, select_runs
from reglab.store.run_filter import SWEEP_GROUPS
from reglab.store.schema import insert_unless_known, runs, sweeps
from reglab.store.sweep import Sweep, read_sweeps, select_sweeps
from reglab.store.transitions import now
from reglab.sweep import SweepSpec

T = TypeVar("T", Run, Sweep)

_ATTEMPTS = 5  # an id that is taken, or a job of the same key that was purged this very moment, is tried again
_LEAST_EPOCHS = 20  # what a run counts in the queue at least, for its own costs
ID_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # no i, l, o, u: ids are read aloud
_FIRST = ID_ALPHABET[10:].replace("s", "")


@dataclass(frozen=True)
class Kind(Generic[T]):
    """A kind of job: its table, how its rows are read, and the first letters of its ids."""

    name: str
    table: Table
    select: Callable[[], Select[Any]]
    read: Callable[[Connection, Select[Any], Files], Iterable[T | Unreadable]]
    unknown: type[UnknownRun]
    first: str

    def missing(self, text: str) -> UnknownRun:
        """That no such job is called ``text``."""
        return self.unknown(f"There is no {self.name} {shown(text)}.")


RUN = Kind("run", runs, select_runs, read_runs, UnknownRun, _FIRST)
SWEEP = Kind("sweep", sweeps, select_sweeps, read_sweeps, UnknownSweep, "s")


def new_id(first: str = _FIRST) -> str:
    """Ten random characters, about 49 bits; the first is a letter, so that no id reads as a number.

    A sweep's id begins with "s", which that of a run does not (runs older than schema 0004 may).
    """
    return secrets.choice(first) + "".join(secrets.choice(ID_ALPHABET) for _ in range(9))


def create(
    connection: Connection,
    spec: RunSpec | SweepSpec,
    name: str | None,
    key: str | None,
    group: str | None,
    confirmation: Confirmation | None = None,
    person: str | None = None,
) -> str:
    """The id of a new queued run or sweep, or of the one that ``key`` already names."""
    name, moment = checked_name(name) if name else default_name(spec), now()
    own: dict[str, Any] = {"key": None if key is None else checked_key(key), "person": person}
    if isinstance(spec, RunSpec):
        own |= {"group": None if group is None else checked_name(group), "colour": _next_colour(connection)}
        return _insert(connection, RUN, own | new_row(spec, name, moment))[0]
    own |= {"name": name, "spec": spec.to_json(), "created": moment, "seconds": 0.0}
    sweep_id, is_new = _insert(connection, SWEEP, {**own, **row_of(confirmation)})
    if is_new:
        check_seeds(connection, sweep_id, confirmation)
        _create_runs(connection, sweep_id, spec, name, moment, person)
    return sweep_id


def _next_colour(connection: Connection) -> int:
    """The number after that of the newest run with a colour of its own, so that runs in succession differ."""
    newest = select(runs.c.colour).where(runs.c.colour.is_not(None), runs.c.sweep.is_(None))
    found = connection.execute(newest.order_by(runs.c.created.desc()).limit(1)).scalar()
    return (found + 1) % MOST_COLOURS if isinstance(found, int) else 0


def _insert(connection: Connection, kind: Kind[Any], row: Mapping[str, Any]) -> tuple[str, bool]:
    """The id of a new row, and True; or of the one with the same key, and False."""
    add = insert_unless_known(connection, kind.table).execution_options(preserve_rowcount=True)
    for _ in range(_ATTEMPTS):
        one = new_id(kind.first)
        if connection.execute(add, {"id": one, **row}).rowcount == 1:
            return one, True
        if row["key"] is not None:
            known = select(kind.table.c.id).where(kind.table.c.key == row["key"])
            if (first := connection.execute(known).scalar_one_or_none()) is not None:
                return str(first), False
    raise StoreError(f"The {kind.name} could not be created; try again.")


def _create_runs(
    connection: Connection, sweep_id: str, spec: SweepSpec, name: str, moment: datetime, person: str | None
) -> None:
    lanes = spec.lanes()
    ids, names = _free_ids(connection, len(lanes)), names_of_runs(name, spec)
    shared = {"sweep": sweep_id, "group": SWEEP_GROUPS + sweep_id, "person": person}
    colours = {point: i for i, point in enumerate(spec.points)} if spec.kind == "setting" else {}  # no λ to go by
    rows = [
        {"id": run_id, **new_row(lane.run, own, moment), "lane": i, "colour": colours.get(lane.point), **shared}
        for i, (run_id, own, lane) in enumerate(zip(ids, names, lanes, strict=True))
    ]
    connection.execute(insert(runs), rows)


def _free_ids(connection: Connection, count: int) -> list[str]:
    """``count`` new ids that no run has."""
    for _ in range(_ATTEMPTS):
        ids = {new_id() for _ in range(count)}
        taken = connection.execute(select(runs.c.id).where(runs.c.id.in_(ids)).limit(1)).first()
        if taken is None and len(ids) == count:
            return sorted(ids)  # in the order of the sweep's runs, and so in the table's
    raise StoreError("The sweep could not be created; try again.")


def new_row(spec: RunSpec, name: str, moment: datetime) -> dict[str, Any]:
    """The row of a new queued run, its id apart."""
    own: dict[str, Any] = {
        "name": name,
        "spec": spec.model_dump_json(),
        "dataset": spec.data.name,
        "model": spec.model.name,
    }
    own |= {"l1": spec.penalty.l1, "l2": spec.penalty.l2, "penalty": spec.penalty.label, "epochs": spec.train.epochs}
    start = {"state": "queued", "wanted": "run", "seconds": 0.0, "epoch": 0, "step": 0, "steps": 0}
    return {**own, **start, "created": moment, "queued": moment, "tags": [], "note": ""}


def find(connection: Connection, kind: Kind[T], text: str, has_checkpoint: Files) -> T:
    """The job with this id, this unique name, or the only id that begins so."""
    text = printable(text)
    found = _by_id(connection, kind, text, has_checkpoint)
    found = found or _by_id(connection, kind, _id_of(connection, kind, text), has_checkpoint)
    if isinstance(found, Unreadable):
        raise UnreadableRow(found)
    if found is None:
        raise kind.missing(text)
    return found


def _by_id(connection: Connection, kind: Kind[T], one: str, has_checkpoint: Files) -> T | Unreadable | None:
    return next(iter(kind.read(connection, kind.select().where(kind.table.c.id == one), has_checkpoint)), None)


def _id_of(connection: Connection, kind: Kind[Any], text: str) -> str:
    """The id of the job with this unique name, or the only id that begins so."""
    table = kind.table
    present = select(table.c.id).where(table.c.deleted.is_(None)).limit(3)
    found = connection.execute(present.where(table.c.name == text)).scalars().all() if text else []
    if not found and 0 < len(text) <= 10:
        found = connection.execute(present.where(table.c.id.startswith(text, autoescape=True))).scalars().all()
    if not found:
        raise kind.missing(text)
    if len(found) > 1:
        unknown: type[UnknownRun] = kind.unknown
        raise unknown(f"{shown(text)} may mean several {kind.name}s ({', '.join(found)}); name one by its id.")
    return str(found[0])


def taken(connection: Connection, ids: Iterable[str]) -> set[str]:
    """Those of ``ids`` that a run or sweep has, deleted ones included."""
    wanted = list(ids)
    found = (connection.execute(select(table.c.id).where(table.c.id.in_(wanted))).scalars() for table in (runs, sweeps))
    return {str(one) for some in found for one in some}


def listed(
    connection: Connection,
    kind: Kind[T],
    has_checkpoint: Files,
    *where: ColumnElement[bool],
    deleted: bool = False,
    offset: int = 0,
    limit: int | None = None,
) -> list[T | Unreadable]:
    """Jobs, newest first, from number ``offset`` on: one statement for runs, two for sweeps."""
    table = kind.table
    query = kind.select().where(table.c.deleted.is_not(None) if deleted else table.c.deleted.is_(None), *where)
    query = query.order_by(table.c.created.desc(), table.c.id.desc()).offset(offset or None).limit(limit)
    return list(kind.read(connection, query, has_checkpoint))


def present(
    connection: Connection, run_ids: Sequence[str], has_checkpoint: Files, *, deleted: bool = False
) -> list[Run | Unreadable]:
    """The runs with these ids that are there, in the order of ``run_ids``; deleted ones too where asked for."""
    query = select_runs().where(runs.c.id.in_([printable(run) for run in run_ids]))
    query = query if deleted else query.where(runs.c.deleted.is_(None))
    found = {run.id: run for run in read_runs(connection, query, has_checkpoint)}
    return [found[run] for run in run_ids if run in found]


def runs_of_sweep(connection: Connection, sweep_id: str, has_checkpoint: Files) -> list[Run]:
    """The runs of a sweep, in the order of ``SweepSpec.lanes()``: all of them, or :class:`UnreadableRow`."""
    query = select_runs().where(runs.c.sweep == sweep_id).order_by(runs.c.lane)
    found = list(read_runs(connection, query, has_checkpoint))
    if not found:
        raise SWEEP.missing(sweep_id)
    for run in found:
        if isinstance(run, Unreadable):
            raise UnreadableRow(run)
    return [run for run in found if isinstance(run, Run)]


def waiting(connection: Connection, kind: Kind[Any]) -> list[str]:
    """Ids of queued jobs, the longest waiting first, also of rows that cannot be read.

    A run of a sweep does not wait by itself, and a sweep does not while one of its runs trains.
    """
    job = runs.c.id if kind is RUN else runs.c.sweep
    training = select(runs.c.sweep).where(runs.c.sweep.is_not(None), runs.c.state == "running")
    mine = runs.c.sweep.is_(None) if kind is RUN else runs.c.sweep.is_not(None) & runs.c.sweep.not_in(training)
    query = select(job).where(runs.c.state == "queued", mine).group_by(job).order_by(func.min(runs.c.queued), job)
    return [str(one) for one in connection.execute(query).scalars()]


def stop_wanted(connection: Connection, job_id: str) -> bool:
    """Whether a running run of the job is to stop."""
    mine = or_(runs.c.id == job_id, runs.c.sweep == job_id)
    found = connection.execute(select(runs.c.state, runs.c.wanted).where(mine).distinct()).all()
    if not found:
        raise UnknownRun(f"There is no run or sweep {shown(job_id)}.")
    return ("running", "stop") in [tuple(row) for row in found]


def _queued_epochs(connection: Connection) -> int:
    """Epochs that queued runs have still to train, those of sweeps included."""
    left = runs.c.epochs - runs.c.epoch
    counted = case((left > _LEAST_EPOCHS, left), else_=_LEAST_EPOCHS)
    query = select(func.coalesce(func.sum(counted), 0)).where(runs.c.state == "queued")
    return int(connection.execute(query).scalar_one())


@contextmanager
def queue_bounded(connection: Connection, limit: int | None) -> Iterator[None]:
    """Refuse what the block adds to the queue, where more than ``limit`` epochs would then wait.

    :raises QueueFull: which undoes the transaction.
    """
    if limit is None:
        yield
        return
    before = _queued_epochs(connection)
    yield
    after = _queued_epochs(connection)
    if after > max(before, limit):
        raise QueueFull(
            f"The queue is full: {before:,} epochs wait, this would add {after - before:,}, and at most {limit:,} may "
            "wait (REGLAB_QUEUE). Wait until runs have ended, cancel queued ones, or train fewer epochs."
        )
