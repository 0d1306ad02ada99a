"""The audit log: who started, stopped, resumed, extended, deleted, restored or relabelled what, and when.

A row is written in the transaction of what it tells, so there is none without the other. Nothing here removes rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, or_, select

from reglab.access import Action, Person
from reglab.store.schema import audit, runs, sweeps
from reglab.store.transitions import now


@dataclass(frozen=True)
class AuditEntry:
    """``person`` did ``action`` to the ``job``, then called ``name``.

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


def newest(connection: Connection, limit: int) -> list[AuditEntry]:
    """The last ``limit`` entries, newest first."""
    columns = (audit.c.moment, audit.c.person, audit.c.action, audit.c.job, audit.c.name)
    query = select(*columns).order_by(audit.c.number.desc()).limit(limit)
    return [AuditEntry(*row) for row in connection.execute(query)]


def _whole(connection: Connection, job_ids: Sequence[str]) -> dict[str, str]:
    """Id → name of the sweeps of these runs, of these sweeps, and of the runs that are in none."""
    named = select(runs.c.id, runs.c.name, runs.c.sweep).where(or_(runs.c.id.in_(job_ids), runs.c.sweep.in_(job_ids)))
    rows = connection.execute(named).all()
    whole = {row.sweep for row in rows if row.sweep is not None}
    found = connection.execute(select(sweeps.c.id, sweeps.c.name).where(sweeps.c.id.in_(whole))).all() if whole else []
    return {row.id: row.name for row in rows if row.sweep is None} | {row.id: row.name for row in found}
