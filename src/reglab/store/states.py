"""Which state may follow which, and the transitions that need care.

::

    queued → running → finished | diverged
      ↑  ↘      ↘
      └── cancelled | failed | interrupted
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, select, update

from reglab.errors import StoreError, UnknownRun
from reglab.events import Environment, State
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
    runs.c.state, runs.c.wanted, runs.c.owner, runs.c.started, runs.c.deleted, runs.c.epoch, runs.c.best_val_acc,
    runs.c.best_val_loss,
).with_for_update()  # fmt: skip
ENDED: frozenset[State] = frozenset({"finished", "failed", "cancelled", "interrupted", "diverged"})


def now() -> datetime:
    """The time, aware, in UTC."""
    return datetime.now(UTC)


def locked(connection: Connection, run_id: str) -> Any:
    """How ``run_id`` stands, kept from other writers until the transaction ends; UnknownRun where there is none."""
    row = connection.execute(_STANDING.where(runs.c.id == run_id)).one_or_none()
    if row is None:
        raise UnknownRun(f"There is no run {run_id!r}.")
    return row


def writable(connection: Connection, run_id: str, owner: str | None) -> Any:
    """The locked row of a run that this process may write to: it is queued or running, and no other owner trains it.

    The check fences off a process that slept, was taken for dead, and wakes while another trains its run.
    """
    row = locked(connection, run_id)
    if row.state not in ("queued", "running"):
        raise StoreError(f"Run {run_id} is {row.state}: it takes no more results.")
    if row.owner is not None and row.owner != owner:
        raise StoreError(f"Run {run_id} is being trained by another process.")
    return row


def change(connection: Connection, run_id: str, **values: Any) -> None:
    """Set columns of one run."""
    connection.execute(update(runs).where(runs.c.id == run_id).values(**values))


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
    """queued → running for ``owner``; False if the run is not queued any more (another runner was first)."""
    moment = now()
    free = (runs.c.id == run_id) & (runs.c.state == "queued")
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


def began(connection: Connection, run_id: str, owner: str | None, environment: Environment) -> None:
    """Record where the run trains, and when it first started."""
    row = writable(connection, run_id, owner)
    record = {
        "device": environment.device, "threads": environment.threads, "versions": dict(environment.versions),
        "parameters": environment.parameters, "n_train": environment.n_train, "n_val": environment.n_val,
    }  # fmt: skip
    moment = now()
    values = {"environment": record, "device": environment.device, "threads": environment.threads}
    change(connection, run_id, started=row.started or moment, heartbeat=moment, activity=None, **values)
