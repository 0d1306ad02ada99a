"""The state machine of jobs. A job is a run, or a sweep, whose runs are queued, claimed, stopped and resumed together.

::

    queued → running → finished | diverged
      ↑  ↘      ↘
      └── cancelled | failed | interrupted

A sweep's state is that of its runs, so each transition is one over rows of ``runs``: the one of a run, or all of a
sweep. It locks them in the order of ids first, so that two writers never wait for each other, and writes the sweep's
own row last.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, or_, select, update

from reglab.errors import RunLost, StoreError, UnknownRun, UnknownSweep, shown
from reglab.states import ENDED, FINAL, RESUMABLE, State
from reglab.store.arrays import to_json
from reglab.store.labels import printable
from reglab.store.reading import Decoder, Field, raw
from reglab.store.schema import runs, sweeps

STALE = 60.0  # seconds of silence after which an owner on another machine counts as dead
LOST = "The process that trained this {} ended without warning; resume it to go on from its last checkpoint."
QUEUED = {"state": "queued", "owner": None, "wanted": "run", "ended": None, "error": None, "activity": None}
_STANDING = (
    select(runs.c.id, runs.c.name, runs.c.state, runs.c.wanted, runs.c.owner, runs.c.started, runs.c.deleted)
    .add_columns(runs.c.epoch, runs.c.best_val_acc, runs.c.best_val_acc_epoch, runs.c.best_val_loss, runs.c.sweep)
    .order_by(runs.c.id)
    .with_for_update()
)
_named, _job_id = runs.alias(), bindparam("job", type_=runs.c.id.type)
_STANDING_OF_JOB = _STANDING.where(
    or_(
        runs.c.id == _job_id,
        runs.c.sweep == _job_id,
        runs.c.sweep == select(_named.c.sweep).where(_named.c.id == _job_id).scalar_subquery(),
    )
)


@dataclass(frozen=True)
class Ending:
    """How a run ends, with where its weights lie (relative to the home), their hash, and a sentence.

    With the ``id`` of a sweep: how all its runs end that still train, and the sweep's training ``seconds``.
    """

    id: str
    state: State
    weights_path: str | None = None
    weights_sha256: str | None = None
    error: str | None = None
    seconds: float | None = None


class Progress(NamedTuple):
    """How far a run is: step of steps in the epoch after ``epoch``, and its training seconds over all sessions."""

    epoch: int
    step: int
    steps: int
    seconds: float


class _Job(NamedTuple):
    """The locked rows of a run (one) or of a sweep (all)."""

    id: str
    rows: list[Any]

    @property
    def is_sweep(self) -> bool:
        return bool(self.rows[0].id != self.id)

    @property
    def states(self) -> set[State]:
        return {row.state for row in self.rows}

    @property
    def running(self) -> dict[str, Any]:
        return {row.id: row for row in self.rows if row.state == "running"}

    def __str__(self) -> str:
        return f"{'Sweep' if self.is_sweep else 'Run'} {self.id}"


def now() -> datetime:
    """The time, aware, in UTC."""
    return datetime.now(UTC)


def locked(connection: Connection, run_ids: Sequence[str]) -> dict[str, Any]:
    """The rows of these runs by id, kept from other writers until the transaction ends."""
    rows = {row.id: row for row in connection.execute(_STANDING.where(runs.c.id.in_(run_ids)))}
    missing = [run_id for run_id in run_ids if run_id not in rows]
    if missing:
        raise UnknownRun(f"There is no run {shown(missing[0])}.")
    return rows


def writable(connection: Connection, run_ids: Sequence[str], owner: str | None) -> dict[str, Any]:
    """The locked rows of runs that this process may write to: queued or running, and trained by no other owner.

    The check fences off a process that slept, was taken for dead, and wakes while another trains its run.
    """
    rows = locked(connection, run_ids)
    for row in rows.values():
        if row.state not in ("queued", "running"):
            raise RunLost(f"Run {row.id} is {row.state}: it takes no more results.")
        if row.owner is not None and row.owner != owner:
            raise RunLost(f"Run {row.id} is being trained by another process.")
    return rows


def change(connection: Connection, values: Mapping[str, Mapping[str, Any]]) -> None:
    """Set the same columns of runs, each to ``values`` of its own, by run id."""
    if values:
        names = next(iter(values.values()))
        statement = update(runs).where(runs.c.id == bindparam("run_id"))
        statement = statement.values({name: bindparam(f"new_{name}", type_=runs.c[name].type) for name in names})
        rows = [{f"new_{name}": row[name] for name in names} | {"run_id": run_id} for run_id, row in values.items()]
        connection.execute(statement, rows)


def claim(connection: Connection, job_id: str, owner: str) -> bool:
    """queued → running for ``owner``; False if no run is queued, or another process trains one.

    A run of a sweep is not claimed alone.
    """
    rows = _rows(connection, [job_id])
    if not rows or rows[0].sweep not in (None, job_id):
        return False
    job = _Job(job_id, rows)
    if "queued" not in job.states or "running" in job.states:
        return False
    _move(connection, job, {"queued"}, state="running", owner=owner, heartbeat=now(), ended=None, error=None)
    _note(connection, job, error=None, activity=None)
    return True


def request_stop(connection: Connection, job_id: str) -> None:
    """queued → cancelled; ask the owner of running ones to stop; leave any other alone."""
    job = _job(connection, job_id)
    _move(connection, job, {"queued"}, state="cancelled", ended=now())
    _set(connection, job, {"running"}, wanted="stop")


def requeue(connection: Connection, job_id: str) -> None:
    """cancelled, interrupted or failed → queued, to be resumed; what is queued already, or at its end, stays."""
    job = _job(connection, job_id)
    if "running" in job.states:
        raise StoreError(f"{job} is already running.")
    if job.states <= FINAL:
        if job.is_sweep:
            raise StoreError(f"All runs of sweep {job.id} are at their end: there is nothing to resume.")
        raise StoreError(f"{job} is {job.rows[0].state} and cannot be resumed; duplicate it to train again.")
    if any(row.deleted is not None for row in job.rows):
        raise StoreError(f"{job} is deleted; restore it first.")
    _move(connection, job, RESUMABLE, queued=now(), **QUEUED)
    _note(connection, job, error=None, activity=None)


def progress(
    connection: Connection, job_id: str, owner: str | None, reports: Mapping[str, Progress], seconds: float | None
) -> None:
    """The heartbeat of the job's running runs, how far those in ``reports`` are, and the sweep's ``seconds``.

    Step of steps is kept where the report is about the epoch under way.
    """
    job, beat = _training(connection, job_id, owner), {"heartbeat": now(), "activity": None}
    running = job.running
    reported = {
        run_id: {**beat, "step": step if running[run_id].epoch == epoch else 0, "steps": steps, "seconds": spent}
        for run_id, (epoch, step, steps, spent) in reports.items()
        if run_id in running
    }
    if len(reported) < len(running):
        _set(connection, job, {"running"}, **beat)
    change(connection, reported)
    _note(connection, job, activity=None, **({} if seconds is None else {"seconds": seconds}))


def say(connection: Connection, job_id: str, owner: str | None, activity: str | None) -> None:
    """Set the activity of the job and of its running runs, at most 200 characters of it, and their heartbeat."""
    job, text = _training(connection, job_id, owner), None if activity is None else printable(activity)[:200]
    _set(connection, job, {"running"}, heartbeat=now(), activity=text)
    _note(connection, job, activity=text)


def set_plan(connection: Connection, sweep_id: str, owner: str | None, plan: Mapping[str, Any] | None) -> None:
    """Replace the plan of a sweep; NaN and ±∞ in it survive. A run has none, nor has a run of a sweep."""
    rows = _rows(connection, [sweep_id])
    if not rows or rows[0].id == sweep_id:
        raise UnknownSweep(f"There is no sweep {shown(sweep_id)}.")
    _note(connection, _mine(_Job(sweep_id, rows), owner), plan=None if plan is None else to_json(plan))


def finish(connection: Connection, owner: str | None, endings: Sequence[Ending]) -> None:
    """End runs that this process trains, and all running ones of a sweep, whose own row takes error and seconds."""
    rows = _rows(connection, [ending.id for ending in endings])
    over = {"ended": now(), "owner": None, "activity": None}
    alone: dict[str, dict[str, Any]] = {}
    together: dict[str, dict[str, Any]] = {}  # runs of a sweep that is ended as a whole keep their weights
    jobs = [(ending, _among(rows, ending.id)) for ending in endings]
    for ending, job in jobs:
        if ending.state not in ENDED:
            raise StoreError(f"A {'sweep' if job.is_sweep else 'run'} cannot finish as {ending.state}.")
        running = _mine(job, owner).running
        if not running and not job.is_sweep:
            raise RunLost(f"{job} is {job.rows[0].state}: it takes no more results.")
        values = {"state": ending.state, "error": ending.error, **over}
        if job.is_sweep:
            together |= dict.fromkeys(running, values)
        else:
            weights = {"weights_path": ending.weights_path, "weights_sha256": ending.weights_sha256}
            alone[job.id] = {**values, **weights}
    change(connection, together)
    change(connection, alone)
    for ending, job in jobs:
        spent = {} if ending.seconds is None else {"seconds": ending.seconds}
        _note(connection, job, error=ending.error, activity=None, **spent)


def interrupt_lost(connection: Connection, dead: set[str], alive: set[str]) -> dict[str, str | None]:
    """Mark running runs interrupted whose owner is dead, or unknown here and silent for over 60 s; id → sweep's id."""
    query = select(runs.c.id, runs.c.sweep, runs.c.owner, raw(runs.c.heartbeat)).where(runs.c.state == "running")
    moment, heartbeat = now(), Decoder(connection.dialect, {"heartbeat": Field(runs.c.heartbeat.type)})

    def silent(beat: Any) -> bool:
        """Whether the last sign of life is too old, or there was none; never where it cannot be read."""
        try:
            last = heartbeat.decode((beat,))["heartbeat"]
        except StoreError:
            return False
        return last is None or (moment - last).total_seconds() > STALE

    lost = {
        row.id: row.sweep
        for row in connection.execute(query.order_by(runs.c.id).with_for_update())
        if row.owner in dead or (row.owner not in alive and silent(row.heartbeat))
    }
    values = {"state": "interrupted", "error": LOST.format("run"), "owner": None, "ended": moment}
    connection.execute(update(runs).where(runs.c.id.in_(lost), runs.c.state == "running").values(values))
    mark = update(sweeps).where(sweeps.c.id.in_({sweep for sweep in lost.values() if sweep is not None}))
    connection.execute(mark.values(error=LOST.format("sweep"), activity=None))
    return lost


def delete(connection: Connection, job_ids: Sequence[str]) -> None:
    """Mark jobs deleted, all or none; queued runs are cancelled, running ones refused.

    The runs of a sweep go together, and the sweep with them.
    """
    rows = _known(connection, job_ids)
    active = [row.name for row in rows if row.state == "running"]
    if active:
        more = f" and {len(active) - 1} more" if len(active) > 1 else ""
        raise StoreError(f"{shown(active[0])}{more} is still training; stop it before deleting it.")
    named, whole = {row.id for row in rows}, _sweeps_of(rows)
    members = connection.execute(select(runs.c.id, runs.c.sweep).where(runs.c.sweep.in_(whole)))
    torn = {member.sweep for member in members if member.id not in named}
    for row in rows:
        if row.sweep in torn:
            raise StoreError(
                f"{shown(row.name)} is a run of a sweep, whose runs are deleted together; delete the sweep."
            )
    mine = runs.c.id.in_(named)
    connection.execute(update(runs).where(mine, runs.c.state == "queued").values(state="cancelled", ended=now()))
    connection.execute(update(runs).where(mine, runs.c.deleted.is_(None)).values(deleted=now()))
    gone = update(sweeps).where(sweeps.c.id.in_(whole), sweeps.c.deleted.is_(None))
    connection.execute(gone.values(deleted=now()))


def restore(connection: Connection, job_ids: Sequence[str]) -> None:
    """Undo :func:`delete`; a sweep comes back whole."""
    rows = _known(connection, job_ids)
    whole = _sweeps_of(rows)
    mine = runs.c.id.in_([row.id for row in rows]) | runs.c.sweep.in_(whole)
    connection.execute(update(runs).where(mine).values(deleted=None))
    connection.execute(update(sweeps).where(sweeps.c.id.in_(whole)).values(deleted=None))


def people_of(connection: Connection, job_ids: Sequence[str]) -> set[str | None]:
    """Who started these runs and sweeps, and the sweeps that these runs are of; None stands for nobody."""
    query = select(runs.c.person).where(or_(runs.c.id.in_(job_ids), runs.c.sweep.in_(job_ids)))
    return set(connection.execute(query.distinct()).scalars())


def _rows(connection: Connection, job_ids: Sequence[str]) -> list[Any]:
    return list(connection.execute(_STANDING.where(or_(runs.c.id.in_(job_ids), runs.c.sweep.in_(job_ids)))))


def _known(connection: Connection, job_ids: Sequence[str]) -> list[Any]:
    rows = _rows(connection, job_ids)
    missing = set(job_ids) - {row.id for row in rows} - set(_sweeps_of(rows))
    if missing:
        raise _unknown(min(missing))
    return rows


def _sweeps_of(rows: Sequence[Any]) -> list[str]:
    return sorted({row.sweep for row in rows if row.sweep is not None})


def job_of(connection: Connection, job_id: str) -> str:
    """The id of the sweep for one of its runs, ``job_id`` itself for any other."""
    return connection.execute(select(runs.c.sweep).where(runs.c.id == job_id)).scalar_one_or_none() or job_id


def _job(connection: Connection, job_id: str) -> _Job:
    """The run or sweep; the whole sweep for one of its runs. One statement, which locks in the order of ids."""
    rows = list(connection.execute(_STANDING_OF_JOB, {"job": job_id}))
    if not rows:
        raise _unknown(job_id)
    return _Job(rows[0].sweep or job_id, rows)


def _among(rows: Sequence[Any], job_id: str) -> _Job:
    mine = [row for row in rows if job_id in (row.id, row.sweep)]
    if not mine:
        raise _unknown(job_id)
    return _Job(job_id, mine)


def _unknown(job_id: str) -> UnknownRun:
    return UnknownRun(f"There is no run or sweep {shown(job_id)}.")


def _mine(job: _Job, owner: str | None) -> _Job:
    """The job, where no other process trains one of its runs; :func:`writable` fences runs in the same way."""
    if any(row.owner is not None and row.owner != owner for row in job.running.values()):
        raise RunLost(f"{job} is being trained by another process.")
    return job


def _training(connection: Connection, job_id: str, owner: str | None) -> _Job:
    job = _mine(_job(connection, job_id), owner)
    if not job.running:
        state = "not running" if job.is_sweep else job.rows[0].state
        raise RunLost(f"{job} is {state}: it takes no more results.")
    return job


def _move(connection: Connection, job: _Job, before: Collection[State], **values: Any) -> None:
    """Set columns of the job's runs whose state is one of ``before``, and clear their activity."""
    _set(connection, job, before, **{"activity": None, **values})


def _set(connection: Connection, job: _Job, before: Collection[State], **values: Any) -> None:
    if job.states.isdisjoint(before):
        return
    mine = runs.c.sweep == job.id if job.is_sweep else runs.c.id == job.id
    connection.execute(update(runs).where(mine, runs.c.state.in_(sorted(before))).values(**values))


def _note(connection: Connection, job: _Job, **values: Any) -> None:
    """Set columns of a sweep's own row."""
    if job.is_sweep:
        connection.execute(update(sweeps).where(sweeps.c.id == job.id).values(**values))
