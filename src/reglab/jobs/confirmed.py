"""What a confirmation has found: arrays of its runs on the test part, and the object that commands print."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reglab.analysis import ConfirmedPoint, PairedDifference, confirmed_difference, confirmed_point
from reglab.columns import EPOCH, RUN, VAL_ACC
from reglab.errors import StoreError
from reglab.states import FINAL
from reglab.store import Confirmation, Run, Store, Sweep
from reglab.sweep import Point

_DIFFERENCE = ("value", "low", "high", "p_adjusted", "repeats", "better_in", "conclusion")


@dataclass(frozen=True, eq=False)
class Confirmed:
    """The figures of a confirmation whose runs have ended.

    ``correct`` (points, seeds, images): which test images are classified correctly; ``val_acc`` (points, seeds): the
    accuracy on ``n_val`` validation images at the epoch of the rule. Only seeds whose runs have all finished are here;
    ``dropped`` others have one that diverged. ``train_seeds``, ascending, are those of the training. ``opening``: which
    opening of this test part, from 1, gave these figures (None: it was not opened); ``openings``: how many there are.
    """

    sweep: Sweep
    confirmation: Confirmation
    points: tuple[Point, ...]
    correct: NDArray[np.bool_]
    val_acc: NDArray[np.float64]
    n_val: int
    dropped: int
    train_seeds: tuple[int, ...]
    opening: int | None
    openings: int

    @property
    def seeds(self) -> int:
        """How many seeds there are figures of."""
        return int(self.correct.shape[1])

    def figures(self, number: int) -> ConfirmedPoint:
        """Test and validation accuracy of a point, where there are seeds."""
        return confirmed_point(self.correct[number], self.val_acc[number].tolist(), self.n_val)

    def difference(self, number: int) -> PairedDifference | None:
        """The test accuracy of a point less that of its λ = 0; None for λ = 0 itself, or where it was not confirmed."""
        known = zip(self.points, self.confirmation.roles, strict=True)
        second = self.points[number].second
        zero = next((n for n, (point, why) in enumerate(known) if "zero" in why and point.second == second), number)
        return None if zero == number else confirmed_difference(self.correct[number], self.correct[zero])


def read_confirmation(store: Store, sweep_id: str) -> Confirmed | None:
    """The newest confirmation of the sweep that has come to its end; None where there is none."""
    return next(iter(read_confirmations(store, sweep_id)), None)


def read_confirmations(store: Store, sweep_id: str) -> list[Confirmed]:
    """Every confirmation of the sweep that has come to its end, newest first.

    One of the sweep before it was extended to more epochs is none of what the sweep is now.
    """
    ended = [one for one in store.confirmations(sweep_id) if one.state in FINAL]
    epochs = store.sweep(sweep_id).spec.run.train.epochs if ended else None
    return [_confirmed(store, one) for one in ended if one.spec.run.train.epochs == epochs]


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
    opened = [one.sweep for one in store.openings(dataset) if one.test_sha256 == sha256]
    return Confirmed(
        sweep,
        sweep.confirmation,
        points,
        np.array(scores, dtype=np.bool_).reshape(len(whole), len(points), -1).swapaxes(0, 1),
        np.array(judged, dtype=np.float64).reshape(len(whole), len(points)).T,
        (runs[0].environment or {}).get("n_val", 0),
        len(rows) - len(whole),
        tuple(row[0].spec.train.seed for row in whole),
        opened.index(sweep.id) + 1 if sweep.id in opened else None,
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


def confirm_facts(found: Confirmed) -> dict[str, Any]:
    """A confirmation as an object of a sweep's result.

    Each point has its test accuracy with the 95 % Wilson interval of n images, its validation accuracy, how far that
    lies above the test accuracy ("shift"), and, but for λ = 0, its paired "difference" to λ = 0; the one at the top is
    that of the best λ. "opening" is which of all "openings" of the test part it was, from 1.
    """
    points = [_point(found, number) for number in range(len(found.points))] if found.seeds else []
    best = next((point for point in points if "best" in point["roles"]), None)
    return {
        "sweep": found.sweep.id,
        "epoch_rule": found.confirmation.rule,
        "measure": found.confirmation.measure,
        "seeds": found.seeds,
        "train_seeds": list(found.train_seeds),
        "dropped": found.dropped,
        "points": points,
        "difference": best and best["difference"],
        "opening": found.opening,
        "openings": found.openings,
    }


def _point(found: Confirmed, number: int) -> dict[str, Any]:
    point, figures = found.points[number], found.figures(number)
    difference = found.difference(number)
    spec = found.sweep.spec
    over = {axis.key: value for axis, value in spec.place(point) if axis.key in spec.over}
    return {
        "lambda": None if spec.kind == "setting" else point.value,
        "l1": point.l1,
        "l2": point.l2,
        **({"over": over} if over else {}),
        "roles": list(found.confirmation.roles[number]),
        "val_acc": figures.val_acc,
        "test_acc": figures.test_acc,
        "test_low": figures.low,
        "test_high": figures.high,
        "n": figures.images,
        "shift": figures.shift and asdict(figures.shift),
        "difference": difference and {name: getattr(difference, name) for name in _DIFFERENCE},
    }
