"""Check the learning rate of a finished sweep: its values trained again at η/3 and 3η, over the same repeats.

The runs at η are those of the sweep itself, and those of a repeat share seeds, split and batches at every rate: only
the rate makes their differences. As many epochs as the sweep has, so that the budget is no second change. A check is a
sweep of the store itself, over the axis of the sweep and the learning rate, and is trained, stopped and resumed as one.
"""

from __future__ import annotations

from typing import Any

from reglab.analysis import RateCheck, SweepJudgement, rate_check, runs_table
from reglab.analysis.rate_check import FACTOR
from reglab.errors import SpecError, StoreError
from reglab.jobs.runner import Runner
from reglab.states import FINAL
from reglab.store import Store, Sweep
from reglab.store.labels import NAME_LENGTH
from reglab.sweep import SweepSpec

_RATE = "optim.lr"
_DIFFERENCE = ("value", "low", "high", "p_adjusted", "repeats", "better_in", "conclusion")


def rate_check_spec(spec: SweepSpec) -> SweepSpec:
    """The sweep that checks the learning rate of ``spec``: its values at η/3 and 3η, to three digits.

    :raises SpecError: it has two axes, sweeps the learning rate itself or confirms another sweep, or 3η is more than a
        run can have.
    """
    if spec.only:
        raise SpecError("This sweep has chosen points only, as a confirmation has; check the sweep that it confirms.")
    if len(spec.axes) > 1:
        raise SpecError("The learning rate of a sweep over two axes cannot be checked: a third axis would be needed.")
    if spec.axes[0].key == _RATE:
        raise SpecError("This sweep varies the learning rate itself, so there is none to check.")
    rate = spec.run.optim.lr
    rates = tuple(float(f"{one:.3g}") for one in (rate / FACTOR, rate * FACTOR))
    return SweepSpec.parse({**spec.model_dump(), "over": {**spec.over, _RATE: rates}, "epoch": spec.epoch_rule})


def plan_rate_check(sweep: Sweep) -> SweepSpec:
    """The sweep that checks the learning rate of ``sweep``.

    :raises SpecError: as :func:`rate_check_spec`.
    :raises StoreError: it has not finished.
    """
    if sweep.state != "finished":
        raise StoreError(f"Sweep {sweep.id} is {sweep.label}; only a finished sweep can be checked.")
    return rate_check_spec(sweep.spec)


def start_rate_check(runner: Runner, sweep_id: str) -> Sweep:
    """Queue the learning-rate check of a sweep; for pages. Where one of it waits or trains, that one."""
    sweep = runner.store.sweep(sweep_id)
    spec = plan_rate_check(sweep)
    for known in runner.store.rate_checks(sweep_id):
        if known.spec == spec and known.state in ("queued", "running"):
            return known
    return runner.submit(spec, name=rate_check_name(sweep), key=runner.store.next_rate_check(sweep_id))


def rate_check_name(sweep: Sweep) -> str:
    """The name of a check of ``sweep``."""
    return f"Learning rate · {sweep.name}"[:NAME_LENGTH]


def current_rate_check(store: Store, sweep: Sweep) -> Sweep | None:
    """The newest check of ``sweep`` as it is now, in whatever state: one before it was extended is none."""
    known = store.rate_checks(sweep.id)
    wanted = rate_check_spec(sweep.spec) if known else None
    return next((one for one in known if one.spec == wanted), None)


def read_rate_check(store: Store, sweep: Sweep, judgement: SweepJudgement) -> tuple[Sweep, RateCheck] | None:
    """The current check of ``sweep`` and what it says of the choice in ``judgement``; None before its end."""
    check = current_rate_check(store, sweep)
    if check is None or check.state not in FINAL:
        return None
    runs = store.sweep_runs(check.id)
    lanes, epochs = runs_table(check.spec.lanes(), runs), store.epochs([run.id for run in runs])
    found = rate_check(sweep.spec, judgement, check.spec, lanes, epochs)
    return None if found is None else (check, found)


def rate_check_facts(found: tuple[Sweep, RateCheck] | None) -> dict[str, Any] | None:
    """The object "lr_check" of a sweep's result.

    "text" says whether the learning rate moves the choice. "choices" has the choice at every other rate, with "best"
    null where there is none, and where it "moved", the paired "difference" there of that choice less the sweep's own.
    """
    if found is None:
        return None
    sweep, check = found
    choices = [
        {
            "lr": one.rate,
            "times": one.name,
            "best": one.best and {"lambda": one.best.value, "l1": one.best.l1, "l2": one.best.l2},
            "moved": one.moved,
            "difference": one.difference and {name: getattr(one.difference, name) for name in _DIFFERENCE},
        }
        for one in check.others
    ]
    return {"sweep": sweep.id, "lr": check.rate, "measure": check.measure, "text": check.text, "choices": choices}
