"""The transitions of a whole sweep: its lanes are queued, claimed, stopped and resumed together.

Each first locks all lanes, in the order of their ids; the sweep's own row is written last.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy import Connection, update

from reglab.errors import RunLost, StoreError, UnknownSweep, shown
from reglab.states import ENDED, RESUMABLE, State
from reglab.store import states
from reglab.store.arrays import to_json
from reglab.store.results import short
from reglab.store.schema import runs, sweeps
from reglab.store.states import now


class Progress(NamedTuple):
    """How far a lane is: step of steps in the epoch after ``epoch``, and its training seconds over all sittings."""

    epoch: int
    step: int
    steps: int
    seconds: float


def claim(connection: Connection, sweep_id: str, owner: str) -> bool:
    """All queued lanes → running for ``owner``; False if none is queued, or another process trains the sweep."""
    standing = {lane.state for lane in states.locked_lanes(connection, sweep_id)}
    if "queued" not in standing or "running" in standing:
        return False
    values = {"owner": owner, "heartbeat": now(), "ended": None, "error": None, "activity": None}
    _move(connection, sweep_id, ["queued"], state="running", **values)
    _change(connection, sweep_id, error=None, activity=None)
    return True


def release(connection: Connection, sweep_id: str) -> None:
    """All running lanes → queued, or → cancelled where a stop was asked for."""
    running = [lane for lane in _lanes(connection, sweep_id) if lane.state == "running"]
    if not running:
        raise StoreError(f"Sweep {sweep_id} is not running and cannot be handed back.")
    if any(lane.wanted == "stop" for lane in running):
        _move(connection, sweep_id, ["running"], state="cancelled", ended=now(), owner=None, activity=None)
    else:
        _queue(connection, sweep_id, ["running"])
    _change(connection, sweep_id, activity=None)


def request_stop(connection: Connection, sweep_id: str) -> None:
    """Cancel queued lanes; ask the owner of running ones to stop; leave any other alone."""
    _lanes(connection, sweep_id)
    _move(connection, sweep_id, ["queued"], state="cancelled", ended=now(), activity=None)
    _move(connection, sweep_id, ["running"], wanted="stop")


def requeue(connection: Connection, sweep_id: str) -> None:
    """All cancelled, interrupted and failed lanes → queued; those that finished or diverged stay as they are."""
    lanes = _lanes(connection, sweep_id)
    standing = {lane.state for lane in lanes}
    if "running" in standing:
        raise StoreError(f"Sweep {sweep_id} is already running.")
    if any(lane.deleted is not None for lane in lanes):
        raise StoreError(f"Sweep {sweep_id} is deleted; restore it first.")
    if not standing & (RESUMABLE | {"queued"}):
        raise StoreError(f"All runs of sweep {sweep_id} have come to their end: there is nothing to resume.")
    _queue(connection, sweep_id, sorted(RESUMABLE))
    _change(connection, sweep_id, error=None, activity=None)


def finish(
    connection: Connection, sweep_id: str, owner: str | None, state: State, error: str | None, seconds: float | None
) -> None:
    """All lanes that still run end as ``state`` with ``error``, which becomes the sweep's too."""
    if state not in ENDED:
        raise StoreError(f"A sweep cannot finish as {state}.")
    _mine(connection, sweep_id, owner)
    over = {"ended": now(), "owner": None, "activity": None}
    _move(connection, sweep_id, ["running"], state=state, error=error, **over)
    _change(connection, sweep_id, error=error, activity=None, **({} if seconds is None else {"seconds": seconds}))


def progress(
    connection: Connection, sweep_id: str, owner: str | None, seconds: float, lanes: Mapping[str, Progress]
) -> None:
    """The sweep's seconds, the heartbeat of its running lanes, and how far those in ``lanes`` are."""
    running = _running(connection, sweep_id, owner)
    _move(connection, sweep_id, ["running"], heartbeat=now(), activity=None)
    far = {run_id: lanes[run_id] for run_id in lanes if run_id in running}
    steps = {
        run_id: {"step": step if running[run_id].epoch == epoch else 0, "steps": steps, "seconds": spent}
        for run_id, (epoch, step, steps, spent) in far.items()
    }
    states.change_many(connection, steps)
    _change(connection, sweep_id, seconds=seconds, activity=None)


def say(connection: Connection, sweep_id: str, owner: str | None, activity: str | None) -> None:
    """Set the activity of the sweep and of its running lanes, and their heartbeat."""
    _running(connection, sweep_id, owner)
    text = short(activity)
    _move(connection, sweep_id, ["running"], heartbeat=now(), activity=text)
    _change(connection, sweep_id, activity=text)


def set_plan(connection: Connection, sweep_id: str, owner: str | None, plan: Mapping[str, Any] | None) -> None:
    """Replace the plan; NaN and ±∞ in it survive."""
    _mine(connection, sweep_id, owner)
    _change(connection, sweep_id, plan=None if plan is None else to_json(plan))


def lane_ids(connection: Connection, sweep_id: str) -> list[str]:
    """The ids of all lanes, locked until the transaction ends."""
    return [lane.id for lane in _lanes(connection, sweep_id)]


def _lanes(connection: Connection, sweep_id: str) -> list[Any]:
    lanes = states.locked_lanes(connection, sweep_id)
    if not lanes:
        raise UnknownSweep(f"There is no sweep {shown(sweep_id)}.")
    return lanes


def _mine(connection: Connection, sweep_id: str, owner: str | None) -> dict[str, Any]:
    """The running lanes by id; RunLost where another process trains one, as :func:`states.writable` fences runs."""
    running = {lane.id: lane for lane in _lanes(connection, sweep_id) if lane.state == "running"}
    if any(lane.owner is not None and lane.owner != owner for lane in running.values()):
        raise RunLost(f"Sweep {sweep_id} is being trained by another process.")
    return running


def _running(connection: Connection, sweep_id: str, owner: str | None) -> dict[str, Any]:
    running = _mine(connection, sweep_id, owner)
    if not running:
        raise RunLost(f"Sweep {sweep_id} is not running: it takes no more results.")
    return running


def _queue(connection: Connection, sweep_id: str, before: list[State]) -> None:
    values = {"queued": now(), "owner": None, "wanted": "run", "ended": None, "error": None, "activity": None}
    _move(connection, sweep_id, before, state="queued", **values)


def _move(connection: Connection, sweep_id: str, before: list[State], **values: Any) -> None:
    """Set columns of the lanes whose state is one of ``before``."""
    these = (runs.c.sweep == sweep_id) & runs.c.state.in_(before)
    connection.execute(update(runs).where(these).values(**values))


def _change(connection: Connection, sweep_id: str, **values: Any) -> None:
    connection.execute(update(sweeps).where(sweeps.c.id == sweep_id).values(**values))
