"""Extending a run or sweep to more epochs: with the bits of asking for them at once, or refused.

The epochs of the spec change in place; id, key and name stay, so that links keep working.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, update

from reglab.errors import StoreError
from reglab.spec import RunSpec
from reglab.states import ACTIVE
from reglab.store.run import Run
from reglab.store.run_filter import LESSON_GROUPS
from reglab.store.schema import sweeps
from reglab.store.sweep import Sweep
from reglab.store.transitions import QUEUED, change, locked, now
from reglab.sweep import SweepSpec


def why_not(job: Run | Sweep, runs: Sequence[Run], confirmed: bool, epochs: int | None = None) -> str | None:
    """Why ``job``, whose runs are ``runs``, cannot be extended (to ``epochs``), in one sentence; None where it can.

    ``confirmed``: another sweep confirms it, whose figures are about the epochs that it has.
    """
    what, spec = f"{'Sweep' if isinstance(job, Sweep) else 'Run'} {job.id}", runs[0].spec
    if job.deleted is not None:
        return f"{what} is deleted; restore it first."
    if job.state in ACTIVE:
        return f"{what} is {job.state}; wait for its end, or stop it, before it is extended."
    if epochs is not None and epochs <= job.epochs:
        return f"{what} has {job.epochs} epochs already; give more than that."
    if isinstance(job, Run) and (job.group or "").startswith(LESSON_GROUPS):
        return f"{what} is part of a claim's test, which needs its {job.epochs} epochs; duplicate it with more."
    if isinstance(job, Sweep) and job.confirms is not None:
        return f"{what} confirms another sweep, with as many epochs as that one has; duplicate that one with more."
    if isinstance(job, Sweep) and job.checks_rate_of is not None:
        return f"{what} checks another sweep, with as many epochs as that one has; duplicate it with more."
    if confirmed:
        return f"{what} is confirmed, and with more epochs that would be about other runs; duplicate it with more."
    if spec.optim.schedule == "cosine":
        return (
            f"{what} has a cosine schedule, which falls to 0 at epoch {job.epochs}: with more epochs the learning rate "
            "would have been another one from the start. Duplicate it with more epochs."
        )
    if isinstance(job, Sweep) and len({run.epochs for run in runs}) > 1:
        return f"{what} varies the number of epochs itself; start one with more of them."
    reasons = [_over(run) for run in runs]
    if all(reasons):
        others = f"No run of sweep {job.id} can go on. " if isinstance(job, Sweep) else ""
        return f"{others}{reasons[0]}"
    return None


def _over(run: Run) -> str | None:
    """Why more epochs would add nothing to a run, or it cannot go on."""
    patience, since = run.spec.train.patience, run.epoch - (run.best_epoch or 0)
    if run.state == "diverged":
        return f"Run {run.id} diverged, and more epochs do not bring it back; duplicate it with a smaller λ or rate."
    if run.state == "finished" and patience and since >= patience:
        return (
            f"Early stopping ended run {run.id} in epoch {run.epoch}, {since} epochs after its best one: with more "
            f"epochs it would have stopped there too. Duplicate it with a patience above {patience}."
        )
    if run.epoch and not run.has_checkpoint:
        return f"Run {run.id} has no checkpoint, so it cannot go on; duplicate it with more epochs."
    return None


def extend(connection: Connection, job: Run | Sweep, runs: Sequence[Run], confirmed: bool, epochs: int) -> None:
    """Queue the ``runs`` of ``job`` that can go on, each with ``epochs`` epochs; the others keep their results.

    :raises StoreError: :func:`why_not`, or a run has changed meanwhile.
    """
    if reason := why_not(job, runs, confirmed, epochs):
        raise StoreError(reason)
    rows, specs = locked(connection, [run.id for run in runs]), longer(job, runs, epochs)
    if any(rows[run.id].state != run.state for run in runs):
        raise StoreError(f"{job.id} has changed meanwhile; look at it again.")
    settings = {run.id: {"spec": spec.model_dump_json(), "epochs": epochs} for run, spec in specs}
    waiting = {**QUEUED, "queued": now(), "weights_path": None, "weights_sha256": None}
    going = {run.id for run in runs if _over(run) is None}
    change(connection, {run_id: {**own, **waiting} for run_id, own in settings.items() if run_id in going})
    change(connection, {run_id: own for run_id, own in settings.items() if run_id not in going})
    if isinstance(job, Sweep):
        values = {"spec": _longer_sweep(job.spec, epochs).to_json(), "error": None, "activity": None}
        connection.execute(update(sweeps).where(sweeps.c.id == job.id).values(values))


def longer(job: Run | Sweep, runs: Sequence[Run], epochs: int) -> list[tuple[Run, RunSpec]]:
    """Each run with its spec for ``epochs`` epochs; those of a sweep are the lanes of its longer spec."""
    specs = [run.spec.with_changes({"train.epochs": epochs}) for run in runs]
    if isinstance(job, Sweep) and specs != [lane.run for lane in _longer_sweep(job.spec, epochs).lanes()]:
        raise StoreError(f"Sweep {job.id} varies the number of epochs itself; start one with more of them.")
    return list(zip(runs, specs, strict=True))


def _longer_sweep(spec: SweepSpec, epochs: int) -> SweepSpec:
    run = spec.run.with_changes({"train.epochs": epochs})
    return SweepSpec.parse({**spec.model_dump(), "run": run.model_dump()})
