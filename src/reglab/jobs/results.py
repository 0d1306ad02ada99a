"""Result objects of runs and sweeps, which the command line prints and other programs read; and chance accuracy."""

from __future__ import annotations

import math
from typing import Any

from reglab.analysis.judgement_facts import facts_of_judgement
from reglab.analysis.zero_filters import zero_filters
from reglab.datasets import recorded_remarks
from reglab.jobs.confirmed import confirm_facts, read_confirmations
from reglab.jobs.judging import chance_of_run, judge_stored
from reglab.jobs.rate_checking import rate_check_facts, read_rate_check
from reglab.store import Run, Store, Sweep, Unreadable
from reglab.sweep import Point, SweepSpec

METRICS = ("train_loss", "val_loss", "train_acc", "val_acc", "gap_loss", "gap_acc", "l1", "l2", "total")


def result(store: Store, run: Run) -> dict[str, Any]:
    """The run's state, spec and figures at its last epoch; under "best" those at its epoch of lowest validation loss.

    Losses are data losses in eval mode, gap_loss = val − train, gap_acc = train − val; l1, l2 and any other key of λ
    are the penalty terms. ``chance`` is the accuracy of guessing, ``learnt`` whether the last epoch does better;
    ``data_remarks`` name absent and rare classes; ``weights`` is the safetensors file of the weights that the run ends
    with (those of its last epoch, or with ``train.keep: best`` of its best one), ``best_weights`` that of the best
    epoch, and ``missing`` a sentence where the former or the run's folder is gone.
    Runs whose training criterion is not the data loss have it as ``criterion``, and total = criterion + penalty terms.
    Runs with group lasso have ``filters``, the number of filters and dense units, and ``zero_filters``, of those at 0.
    """
    last, chance, missing = run.last, chance_of_run(run), store.missing(run)
    figures: dict[str, Any] = {name: getattr(last, name, None) for name in METRICS}
    figures |= {key: value for key, value in last.penalties.items() if key not in METRICS} if last else {}
    if last and not math.isnan(last.criterion):
        figures["criterion"] = last.criterion
    if run.spec.penalty.zeroes_filters:
        zero = zero_filters(store.layers([run.id], latest=True)) or (None, None)
        figures |= dict(zip(("zero_filters", "filters"), zero, strict=True))
    return {
        "run": run.id,
        "name": run.name,
        "status": run.state,
        "spec": run.spec.model_dump(),
        "metrics": {
            **figures,
            "best_epoch": run.best_epoch,
            "epochs": run.epoch,
            "best": run.best and run.best._asdict(),
        },
        "chance": chance and chance.facts(),
        "learnt": None if chance is None or last is None else not chance.holds(last.val_acc),
        "data_remarks": data_remarks(run),
        "seconds": run.seconds,
        "device": run.device,
        "threads": run.threads,
        "weights": str(store.home / run.weights_path) if run.weights_path and not missing else None,
        "weights_sha256": run.weights_sha256,
        "best_weights": str(best) if run.weights_path and (best := store.best_weights(run)) else None,
        "error": run.error,
        "missing": missing,
    }


def unreadable_result(row: Unreadable) -> dict[str, Any]:
    """The entry of a row that this version cannot read."""
    return {row.kind: row.id, "name": row.name, "status": "unreadable", "error": row.sentence}


def sweep_result(store: Store, sweep: Sweep, measure: str | None = None) -> dict[str, Any]:
    """The best λ and the 1-SE choice by the declared epoch rule and measure, and the table they come from.

    ``measure`` (VAL_LOSS or VAL_ACC) takes the place of the declared one. The judgement is that of
    :func:`reglab.analysis.judgement_facts.facts_of_judgement`; "over" of a point has the values of swept settings other
    than λ₁ and λ₂. Points at ``chance`` are passed over; "best" is null where all are, and ``why_no_best`` gives the
    reason. ``data_remarks`` are those of the first run; ``confirmations`` are those that have come to their end, newest
    first, and ``confirm`` is the first with figures; ``confirms`` is the sweep that this one confirms; ``lr_check``
    says whether the learning rate moves the choice, once that is checked, and ``checks_lr_of`` which sweep this one
    checks; ``plan`` is how the lanes were executed.
    """
    runs, judgement = store.sweep_runs(sweep.id), judge_stored(store, sweep, measure)
    checked = read_rate_check(store, sweep, judgement)
    confirmations = [confirm_facts(found) for found in read_confirmations(store, sweep.id)]
    return {
        "sweep": sweep.id,
        "name": sweep.name,
        "status": sweep.state,
        "spec": sweep.spec.model_dump(mode="json"),
        **_with_axes({**facts_of_judgement(judgement), "lr_check": rate_check_facts(checked)}, sweep.spec),
        "data_remarks": data_remarks(runs[0]),
        "confirm": next((one for one in confirmations if one["points"]), next(iter(confirmations), None)),
        "confirmations": confirmations,
        "confirms": sweep.confirms,
        "checks_lr_of": sweep.checks_rate_of,
        "runs": [run.id for run in runs],
        "seconds": sweep.seconds,
        "plan": {key: value for key, value in (sweep.plan or {}).items() if key != "stacks"},
        "error": sweep.error,
    }


def _with_axes(value: Any, spec: SweepSpec) -> Any:
    """``value`` with swept settings under their dotted keys in every point; "lambda" is None where none is swept."""
    if isinstance(value, list):
        return [_with_axes(one, spec) for one in value]
    if not isinstance(value, dict):
        return value
    made = {key: _with_axes(one, spec) for key, one in value.items()}
    if not {"lambda", "l1", "l2"} <= made.keys():
        return made
    place = spec.place(Point(made["lambda"], made["l1"], made["l2"], made.pop("second", None)))
    made["lambda"] = None if spec.kind == "setting" else made["lambda"]
    over = {axis.key: number for axis, number in place if axis.key in spec.over}
    return {**made, "over": over} if over else made


def data_remarks(run: Run) -> list[str]:
    """Sentences on absent and rare classes and on a majority among the images used; empty for usual data."""
    known = run.environment or {}
    return recorded_remarks(run.spec.data.name, known.get("train_labels", ()), known.get("val_labels", ()))
