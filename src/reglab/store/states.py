"""Which state may follow which, and the transitions that need care.

::

    queued → running → finished | diverged
      ↑  ↘      ↘
      └── cancelled | failed | interrupted
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from reglab.errors import RunLost, StoreError, UnknownRun, shown
from reglab.events import Environment
from reglab.states import ENDED, State
from reglab.store.schema import runs

NEXT: Mapping[State, frozenset[State]] = {
    "queued": frozenset({"running", "cancelled", "failed"}),
    "running": frozenset({"queued", "finished", "failed", "cancelled", "interrupted", "diverged"}),
    "finished": frozenset(),
    "diverged": frozenset(),
    "failed": frozenset({"queued"}),
    "cancelled": frozenset({"queued"}),
    "interrupted": frozenset({"queued"}),
}
_STANDING = select(
    runs.c.id, runs.c.state, runs.c.wanted, runs.c.owner, runs.c.started, runs.c.deleted, runs.c.epoch,
    runs.c.best_val_acc, runs.c.best_val_acc_epoch, runs.c.best_val_loss, runs.c.sweep,
).order_by(runs.c.id).with_for_update()  # fmt: skip
"""In the order of ids, so that two writers of many runs never wait for each other."""


def now() -> datetime:
    """The time, aware, in UTC."""
    return datetime.now(UTC)


def locked(connection: Connection, run_id: str) -> Any:
    """How ``run_id`` stands, kept from other writers until the transaction ends; UnknownRun where there is none."""
    return locked_many(connection, [run_id])[run_id]


def locked_many(connection: Connection, run_ids: Sequence[str]) -> dict[str, Any]:
    """:func:`locked` for many runs, in one statement."""
    rows = {row.id: row for row in connection.execute(_STANDING.where(runs.c.id.in_(run_ids)))}
    missing = [run_id for run_id in run_ids if run_id not in rows]
    if missing:
        raise UnknownRun(f"There is no run {shown(missing[0])}.")
    return rows


def locked_lanes(connection: Connection, sweep_id: str) -> list[Any]:
    """How every run of a sweep stands, kept from other writers until the transaction ends."""
    return list(connection.execute(_STANDING.where(runs.c.sweep == sweep_id)))


def writable(connection: Connection, run_id: str, owner: str | None) -> Any:
    """The locked row of a run that this process may write to: it is queued or running, and no other owner trains it.

    The check fences off a process that slept, was taken for dead, and wakes while another trains its run.
    """
    return writable_many(connection, [run_id], owner)[run_id]


def writable_many(connection: Connection, run_ids: Sequence[str], owner: str | None) -> dict[str, Any]:
    """:func:`writable` for many runs: all of them, or :class:`RunLost`."""
    rows = locked_many(connection, run_ids)
    for row in rows.values():
        if row.state not in ("queued", "running"):
            raise RunLost(f"Run {row.id} is {row.state}: it takes no more results.")
        if row.owner is not None and row.owner != owner:
            raise RunLost(f"Run {row.id} is being trained by another process.")
    return rows


def change(connection: Connection, run_id: str, **values: Any) -> None:
    """Set columns of one run."""
    connection.execute(update(runs).where(runs.c.id == run_id).values(**values))


def change_many(connection: Connection, values: Mapping[str, Mapping[str, Any]]) -> None:
    """Set the same columns of many runs, each to ``values`` of its own, by run id."""
    if values:
        names = next(iter(values.values()))
        statement = update(runs).where(runs.c.id == bindparam("run_id"))
        statement = statement.values({name: bindparam(f"new_{name}", type_=runs.c[name].type) for name in names})
        rows = [{f"new_{name}": row[name] for name in names} | {"run_id": run_id} for run_id, row in values.items()]
        connection.execute(statement, rows)


def set_state(connection: Connection, run_id: str, state: State, error: str | None, **values: Any) -> None:
    """Move a run to ``state`` (its own state again changes nothing but ``error`` and ``values``).

    :raises StoreError: that state may not follow the present one.
    """
    row = locked(connection, run_id)
    if state != row.state and state not in NEXT[row.state]:
        raise StoreError(f"Run {run_id} is {row.state} and cannot become {state}.")
    if row.deleted is not None and state in ("queued", "running"):
        raise StoreError(f"Run {run_id} is deleted; restore it first.")
    if state in ENDED:
        values |= {"ended": now(), "owner": None}
    if state == "running":
        values |= {"heartbeat": now()}
    if state == "queued" and row.state != "queued":
        values |= {"queued": now(), "owner": None, "wanted": "run", "ended": None}
    change(connection, run_id, state=state, error=error, activity=None, **values)


def claim(connection: Connection, run_id: str, owner: str) -> bool:
    """queued → running for ``owner``; False if the run is not queued any more (another runner was first).

    Never a run of a sweep: they are claimed together.
    """
    moment = now()
    free = (runs.c.id == run_id) & (runs.c.state == "queued") & runs.c.sweep.is_(None)
    values = {"state": "running", "owner": owner, "heartbeat": moment, "ended": None, "error": None, "activity": None}
    return connection.execute(update(runs).where(free).values(**values)).rowcount == 1


def release(connection: Connection, run_id: str) -> None:
    """running → queued, or → cancelled where a stop was asked for."""
    row = locked(connection, run_id)
    if row.state != "running":
        raise StoreError(f"Run {run_id} is {row.state} and cannot be handed back.")
    set_state(connection, run_id, "cancelled" if row.wanted == "stop" else "queued", None)


def request_stop(connection: Connection, run_id: str) -> None:
    """Cancel a queued run; ask the owner of a running one to stop; leave any other alone."""
    row = locked(connection, run_id)
    if row.state == "queued":
        set_state(connection, run_id, "cancelled", None)
    elif row.state == "running":
        change(connection, run_id, wanted="stop")


def requeue(connection: Connection, run_id: str) -> None:
    """cancelled, interrupted or failed → queued, to be resumed; a queued run stays as it is."""
    row = locked(connection, run_id)
    if row.state == "running":
        raise StoreError(f"Run {run_id} is already running.")
    if row.state in ("finished", "diverged"):
        raise StoreError(f"Run {run_id} is {row.state} and cannot be resumed; duplicate it to train again.")
    set_state(connection, run_id, "queued", None)


def began(connection: Connection, owner: str | None, environments: Mapping[str, Environment]) -> None:
    """Record where each run trains, and when it first started."""
    rows, moment = writable_many(connection, list(environments), owner), now()
    values = {
        run_id: {
            "environment": {**vars(environment), "versions": dict(environment.versions)},
            "device": environment.device, "threads": environment.threads,
            "started": rows[run_id].started or moment, "heartbeat": moment, "activity": None,
        }
        for run_id, environment in environments.items()
    }  # fmt: skip
    change_many(connection, values)
