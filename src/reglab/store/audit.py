"""The audit log: who started, stopped, resumed, extended, deleted, restored or relabelled what, and when.

A row is written in the transaction of what it tells, so there is none without the other. Images of data sets are files:
their rows follow the change, but a download's comes before it. Nothing here removes rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, insert, or_, select, union_all

from reglab.access import Action, Person
from reglab.store.reading import chunks
from reglab.store.schema import audit, runs, sweeps
from reglab.store.transitions import now

DataAction = Literal["download data", "import data", "delete data", "clear cache"]
"""What is done to the images of a data set; the last to the decoded images of all."""

POLICY: Mapping[DataAction, Action] = {
    "download data": "start",
    "import data": "import",
    "delete data": "delete_data",
    "clear cache": "delete_data",
}
"""The action of :mod:`reglab.access` that decides who may."""


@dataclass(frozen=True)
class AuditEntry:
    """``person`` did ``action`` to the ``job``, then called ``name``; ``job`` is empty where that is a data set.

    ``person`` is None for this machine: its command line, or a server that nobody signs in to.
    """

    moment: datetime
    person: str | None
    action: str
    job: str
    name: str | None


def note(
    connection: Connection, person: Person | None, action: Action, job_ids: Sequence[str], *, once: bool = False
) -> None:
    """Record ``action`` on each of the jobs; runs of a sweep count as the sweep, and with ``once`` no job twice."""
    own = {"moment": now(), "person": person.email if person else None, "action": action}
    rows = [{**own, "job": job, "name": name} for job, name in _whole(connection, job_ids).items()]
    if once:
        known = select(audit.c.job).where(audit.c.action == action, audit.c.job.in_([row["job"] for row in rows]))
        told = set(connection.execute(known).scalars())
        rows = [row for row in rows if row["job"] not in told]
    if rows:
        connection.execute(insert(audit), rows)


def note_data(connection: Connection, person: Person | None, action: DataAction, name: str | None) -> None:
    """Record ``action`` on data set ``name``."""
    who = person.email if person else None
    connection.execute(insert(audit).values(moment=now(), person=who, action=action, job="", name=name))


def newest(connection: Connection, limit: int) -> list[AuditEntry]:
    """The last ``limit`` entries, newest first."""
    columns = (audit.c.moment, audit.c.person, audit.c.action, audit.c.job, audit.c.name)
    query = select(*columns).order_by(audit.c.number.desc()).limit(limit)
    return [AuditEntry(*row) for row in connection.execute(query)]


def history(connection: Connection, job: str) -> list[tuple[datetime, str]]:
    """When and what was done to the ``job``, oldest first."""
    query = select(audit.c.moment, audit.c.action).where(audit.c.job == job).order_by(audit.c.number)
    return [(row.moment, row.action) for row in connection.execute(query)]


def _whole(connection: Connection, job_ids: Sequence[str]) -> dict[str, str]:
    """Id → name of the sweeps of these runs, of these sweeps, and of the runs that are in none."""
    found: dict[str, str] = {}
    for ids in chunks(job_ids):
        alone = select(runs.c.id, runs.c.name).where(runs.c.id.in_(ids), runs.c.sweep.is_(None))
        theirs = select(runs.c.sweep).where(runs.c.id.in_(ids))
        whole = select(sweeps.c.id, sweeps.c.name).where(or_(sweeps.c.id.in_(ids), sweeps.c.id.in_(theirs)))
        found |= {row.id: row.name for row in connection.execute(union_all(alone, whole))}
    return found
