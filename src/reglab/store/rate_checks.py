"""Learning-rate checks: sweeps that train the values of another sweep at other learning rates.

A check is linked to its sweep by its key alone, "check-lr ID NUMBER", which also keeps two presses from making two.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, select

from reglab.store.schema import sweeps

_FIRST = "check-lr"


def checked_by(key: str | None) -> str | None:
    """The id of the sweep that the sweep with this ``key`` checks; None for any other sweep."""
    first, *rest = (key or "").split(" ")
    return rest[0] if first == _FIRST and len(rest) == 2 else None


def next_key(connection: Connection, sweep_id: str) -> str:
    """The key of another check of the sweep; deleted ones keep their numbers."""
    taken = connection.execute(select(sweeps.c.key).where(_checks(sweep_id))).scalars()
    numbers = [int(key.removeprefix(_prefix(sweep_id))) for key in taken]
    return f"{_prefix(sweep_id)}{max(numbers, default=0) + 1}"


def checks_of(connection: Connection, sweep_id: str) -> Sequence[str]:
    """Ids of the sweep's checks that are not deleted, newest first."""
    query = select(sweeps.c.id).where(_checks(sweep_id), sweeps.c.deleted.is_(None))
    return connection.execute(query.order_by(sweeps.c.created.desc(), sweeps.c.id.desc())).scalars().all()


def _checks(sweep_id: str) -> ColumnElement[bool]:
    return sweeps.c.key.startswith(_prefix(sweep_id), autoescape=True)


def _prefix(sweep_id: str) -> str:
    return f"{_FIRST} {sweep_id} "
