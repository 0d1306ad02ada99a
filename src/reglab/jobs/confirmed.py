"""What a confirmation has found: arrays of its runs on the test part, and the object that commands print."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reglab.columns import EPOCH, RUN, VAL_ACC
from reglab.errors import StoreError
from reglab.states import FINAL
from reglab.store import Confirmation, Run, Store, Sweep
from reglab.sweep import Point


@dataclass(frozen=True, eq=False)
class Confirmed:
    """The figures of a confirmation whose runs have ended.

    ``correct`` (points, seeds, images): which test images are classified correctly; ``val_acc`` (points, seeds): the
    validation accuracy at the epoch of the rule. Only seeds whose runs have all finished are here. ``openings``: how
    often the test part of this data set has been opened, this time included, and ``dropped`` seeds have a run that
    diverged or failed.
    """

    sweep: Sweep
    confirmation: Confirmation
    points: tuple[Point, ...]
    correct: NDArray[np.bool_]
    val_acc: NDArray[np.float64]
    dropped: int
    openings: int


def read_confirmation(store: Store, sweep_id: str) -> Confirmed | None:
    """The newest confirmation of the sweep that has come to its end; None where there is none."""
    ended = [one for one in store.confirmations(sweep_id) if one.state in FINAL and one.confirmation is not None]
    for sweep in ended[:1]:
        return _confirmed(store, sweep)
    return None


def _confirmed(store: Store, sweep: Sweep) -> Confirmed:
    assert sweep.confirmation is not None
    runs = store.sweep_runs(sweep.id)
    points = sweep.spec.points
    rows = [runs[start : start + len(points)] for start in range(0, len(runs), len(points))]
    whole = [row for row in rows if all(run.state == "finished" for run in row)]
    scores = [[_correct(store, run) for run in row] for row in whole]
    epochs = store.epochs([run.id for row in whole for run in row])
    accuracy = epochs.set_index([RUN, EPOCH])[VAL_ACC].to_dict()
    judged = [[accuracy[run.id, _epoch(run, sweep.confirmation)] for run in row] for row in whole]
    dataset, sha256 = sweep.spec.run.data.name, sweep.confirmation.test_sha256
    opened = [one for one in store.openings(dataset) if one.test_sha256 == sha256]
    return Confirmed(
        sweep,
        sweep.confirmation,
        points,
        np.array(scores, dtype=np.bool_).reshape(len(whole), len(points), -1).swapaxes(0, 1),
        np.array(judged, dtype=np.float64).reshape(len(whole), len(points)).T,
        len(rows) - len(whole),
        len(opened),
    )


def _correct(store: Store, run: Run) -> NDArray[np.bool_]:
    scores = store.test_scores(run.id)
    if scores is None:
        raise StoreError(f"The test predictions of run {run.id} are missing from {store.home}; confirm again.")
    return scores.correct


def _epoch(run: Run, confirmation: Confirmation) -> int:
    """The epoch at which the rule judges the run."""
    if confirmation.rule == "common":
        return confirmation.epochs[(run.lane or 0) % len(confirmation.epochs)]
    return (run.best_epoch or run.epoch) if confirmation.rule == "best" else run.epoch


def confirm_facts(found: Confirmed | None) -> dict[str, Any] | None:
    """The object "confirm" of a sweep's result."""
    if found is None:
        return None
    return {
        "sweep": found.sweep.id,
        "epoch_rule": found.confirmation.rule,
        "seeds": found.correct.shape[1],
        "dropped": found.dropped,
        "points": [_point(found, number) for number in range(len(found.points))],
        "openings": found.openings,
    }


def _point(found: Confirmed, number: int) -> dict[str, Any]:
    point = found.points[number]
    return {
        "lambda": point.value,
        "l1": point.l1,
        "l2": point.l2,
        "roles": found.confirmation.roles[number],
        "val_acc": float(found.val_acc[number].mean()),
        "test_acc": float(found.correct[number].mean()),
        "n": found.correct.shape[2],
    }
