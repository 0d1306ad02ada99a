"""Creating runs, finding them, and lists of them."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, case, func, select
from sqlalchemy.dialects import postgresql, sqlite

from reglab.errors import QueueFull, StoreError, UnknownRun, shown
from reglab.spec import RunSpec
from reglab.states import State
from reglab.store import labels
from reglab.store.reading import Unreadable, UnreadableRow
from reglab.store.run import Files, Run, default_name, read_runs, select_runs
from reglab.store.schema import runs
from reglab.store.states import now

_ATTEMPTS = 5  # an id that is taken, or a run of the same key that was purged this very moment, is tried again
ID_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # no i, l, o, u: ids are read aloud
_FIRST = ID_ALPHABET[10:].replace("s", "")


def new_id(first: str = _FIRST) -> str:
    """Ten random characters, about 49 bits; the first is a letter, so that no id reads as a number.

    A sweep's id begins with "s", which that of a run does not (runs older than schema 0004 may).
    """
    return secrets.choice(first) + "".join(secrets.choice(ID_ALPHABET) for _ in range(9))


def create(connection: Connection, spec: RunSpec, name: str | None, key: str | None, group: str | None) -> str:
    """The id of a new queued run, or of the one that ``key`` already names."""
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    add = insert(runs).on_conflict_do_nothing().execution_options(preserve_rowcount=True)
    name = labels.checked_name(name) if name else default_name(spec)
    own = row_of(spec, name, now())
    row = {"key": None if key is None else labels.checked_key(key), "group": labels.optional(group), **own}
    for _ in range(_ATTEMPTS):
        run_id = new_id()
        if connection.execute(add, {"id": run_id, **row}).rowcount == 1:
            return run_id
        if row["key"] is not None:
            first = connection.execute(select(runs.c.id).where(runs.c.key == row["key"])).scalar_one_or_none()
            if first is not None:
                return str(first)
    raise StoreError("The run could not be created; try again.")


def row_of(spec: RunSpec, name: str, moment: datetime) -> dict[str, Any]:
    """The row of a new queued run, its id apart."""
    return {
        "name": name, "state": "queued", "wanted": "run", "spec": spec.model_dump_json(),
        "dataset": spec.data.name, "model": spec.model.name, "l1": spec.penalty.l1, "l2": spec.penalty.l2,
        "created": moment, "queued": moment, "seconds": 0.0, "epoch": 0, "epochs": spec.train.epochs,
        "step": 0, "steps": 0, "tags": [], "note": "",
    }  # fmt: skip


def get(connection: Connection, text: str, has_checkpoint: Files) -> Run:
    """The run with this id, this unique name, or the only id that begins so; UnknownRun otherwise."""
    text = labels.printable(text)
    found = _by_id(connection, text, has_checkpoint) or _by_id(connection, _id_of(connection, text), has_checkpoint)
    if not isinstance(found, Run):
        raise UnreadableRow(found) if found else UnknownRun(unknown("run", text, []))
    return found


def _by_id(connection: Connection, run_id: str, has_checkpoint: Files) -> Run | Unreadable | None:
    return next(read_runs(connection, select_runs().where(runs.c.id == run_id), has_checkpoint), None)


def _id_of(connection: Connection, text: str) -> str:
    """The id of the run with this unique name, or the only id that begins so; UnknownRun otherwise."""
    present = select(runs.c.id).where(runs.c.deleted.is_(None)).limit(3)
    found = connection.execute(present.where(runs.c.name == text)).scalars().all() if text else []
    if not found and 0 < len(text) <= 10:
        found = connection.execute(present.where(runs.c.id.startswith(text, autoescape=True))).scalars().all()
    if len(found) != 1:
        raise UnknownRun(unknown("run", text, list(found)))
    return str(found[0])


def unknown(kind: str, text: str, found: list[str]) -> str:
    """That no run or sweep is called ``text``, or that several are."""
    if found:
        return f"{shown(text)} may mean several {kind}s ({', '.join(found)}); name one by its id."
    return f"There is no {kind} {shown(text)}."


def listed(
    connection: Connection,
    has_checkpoint: Files,
    *,
    states: Iterable[State] | None,
    group: str | None,
    deleted: bool,
    limit: int | None,
) -> list[Run | Unreadable]:
    """Runs, newest first, in one statement."""
    query = select_runs().where(runs.c.deleted.is_not(None) if deleted else runs.c.deleted.is_(None))
    if states is not None:
        query = query.where(runs.c.state.in_([states] if isinstance(states, str) else list(states)))
    if group is not None:
        query = query.where(runs.c.group == group)
    return list(
        read_runs(connection, query.order_by(runs.c.created.desc(), runs.c.id.desc()).limit(limit), has_checkpoint)
    )


def present(connection: Connection, run_ids: Sequence[str], has_checkpoint: Files) -> list[Run | Unreadable]:
    """The runs with these ids that are there and not deleted, in the order of ``run_ids``."""
    query = select_runs().where(runs.c.deleted.is_(None), runs.c.id.in_([labels.printable(run) for run in run_ids]))
    found = {run.id: run for run in read_runs(connection, query, has_checkpoint)}
    return [found[run] for run in run_ids if run in found]


def queue(connection: Connection, has_checkpoint: Files) -> list[Run]:
    """Queued runs that belong to no sweep, the longest waiting first.

    One that cannot be read stays as it is, for the version that wrote it, and holds up no other.
    """
    query = select_runs().where(runs.c.state == "queued", runs.c.sweep.is_(None))
    return readable(read_runs(connection, query.order_by(runs.c.queued, runs.c.id), has_checkpoint))


_LEAST_EPOCHS = 20  # what a run counts in the queue at least, for its own costs


def queued_epochs(connection: Connection) -> int:
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
    before = queued_epochs(connection)
    yield
    after = queued_epochs(connection)
    if after > max(before, limit):
        raise QueueFull(
            f"The queue is full: {before:,} epochs wait, this would add {after - before:,}, and at most {limit:,} may "
            "wait (REGLAB_QUEUE). Wait until runs have ended, cancel queued ones, or train fewer epochs."
        )


def readable(found: Iterable[Run | Unreadable]) -> list[Run]:
    """The runs in ``found`` that can be read."""
    return [run for run in found if isinstance(run, Run)]


def waiting(connection: Connection) -> list[str]:
    """Ids of the runs that :func:`queue` lists, in its order: also of rows that cannot be read."""
    query = select(runs.c.id).where(runs.c.state == "queued", runs.c.sweep.is_(None))
    return list(connection.execute(query.order_by(runs.c.queued, runs.c.id)).scalars())


def wanted(connection: Connection, run_id: str) -> str:
    """ "run" or "stop"."""
    found = connection.execute(select(runs.c.wanted).where(runs.c.id == run_id)).scalar_one_or_none()
    if found is None:
        raise UnknownRun(f"There is no run {shown(run_id)}.")
    return str(found)
