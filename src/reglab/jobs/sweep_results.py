"""Result objects of sweeps, which the command line prints and other programs read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from reglab.analysis.judgement_facts import facts_of_judgement
from reglab.jobs.confirmed import confirm_facts, read_confirmations
from reglab.jobs.judging import judge_stored
from reglab.jobs.rate_checking import rate_check_facts, read_rate_check
from reglab.jobs.results import sweep_remarks
from reglab.store import Store, Sweep
from reglab.sweep import Point, SweepSpec


def sweep_result(store: Store, sweep: Sweep, measure: str | None = None) -> dict[str, Any]:
    """The best λ and the 1-SE choice by the declared epoch rule and measure, and the table they come from.

    ``measure`` (VAL_LOSS or VAL_ACC) takes the place of the declared one. The judgement is that of
    :func:`reglab.analysis.judgement_facts.facts_of_judgement`; "over" of a point has the values of swept settings other
    than λ₁ and λ₂. Points at ``chance`` are passed over; "best" is null where all are, and ``why_no_best`` gives the
    reason. ``data_remarks`` are those of
    :func:`reglab.jobs.results.sweep_remarks`; ``confirmations`` are those that have ended, newest
    first, and ``confirm`` is the first with figures; ``confirms`` is the sweep that this one confirms; ``lr_check``
    says whether the learning rate moves the choice, once that is checked, and ``checks_lr_of`` which sweep this one
    checks; ``ended_at`` are the epochs that the runs have done; ``plan`` is how the lanes were executed.
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
        "data_remarks": sweep_remarks(sweep.spec, runs),
        "confirm": next((one for one in confirmations if one["points"]), next(iter(confirmations), None)),
        "confirmations": confirmations,
        "confirms": sweep.confirms,
        "checks_lr_of": sweep.checks_rate_of,
        "runs": [run.id for run in runs],
        "ended_at": [run.epoch for run in runs],
        "seconds": sweep.seconds,
        "plan": {key: value for key, value in (sweep.plan or {}).items() if key != "stacks"},
        "error": sweep.error,
    }


def ended_text(sweep: Sweep, ends: Sequence[int]) -> str:
    """Where runs ended, whatever epoch counts: "epochs 9–31 of 60 (early stopping, patience 5)"."""
    first, last, patience = min(ends), max(ends), sweep.spec.run.train.patience
    at = f"epochs {first}–{last}" if first < last else f"epoch {first}"
    why = f" (early stopping, patience {patience})" if patience else ""
    return f"{at} of {sweep.epochs}{why}"


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
