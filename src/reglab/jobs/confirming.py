"""Confirm a finished sweep: its chosen points trained again on fresh seeds, then evaluated on the test part, once.

The points are fixed before the test part is opened: λ̂ and the 1-SE choice by a measure and the sweep's epoch rule, the
best λ by the other measure, λ = 0, and any λ that a person adds. A confirmation is a sweep of the store itself and is
trained, stopped and resumed as one.
"""

from __future__ import annotations

from collections.abc import Sequence

from reglab import columns
from reglab.analysis import SweepJudgement, SweepVerdict
from reglab.errors import SpecError, StoreError
from reglab.jobs.judging import judge_stored
from reglab.jobs.runner import Runner
from reglab.number_text import number_text
from reglab.store import Confirmation, Store, Sweep
from reglab.store.labels import NAME_LENGTH
from reglab.sweep import Point, SweepSpec

SEEDS = 10
"""Fresh seeds of a confirmation unless a person wants another number."""

BY_OTHER = {columns.VAL_LOSS: "best_by_accuracy", columns.VAL_ACC: "best_by_loss"}
"""Measure → the role of the choice by the other one."""

NO_TEST_PART = "A confirmation needs a test part that no choice has seen: set data.test_fraction, to 0.2 for example."


def check_test_part(spec: SweepSpec) -> None:
    """Raise :class:`SpecError` where ``spec`` keeps no test part."""
    if not spec.run.data.test_fraction:
        raise SpecError(NO_TEST_PART)


def plan_confirmation(
    store: Store,
    sweep: Sweep,
    seeds: int = SEEDS,
    add: Sequence[float] = (),
    measure: str | None = None,
) -> tuple[SweepSpec, Confirmation]:
    """The sweep that confirms ``sweep`` on so many fresh ``seeds``.

    :param add: further values on its axis.
    :param measure: VAL_LOSS or VAL_ACC, which chooses the best λ and the 1-SE choice; the one that ``sweep`` declares
        unless given.
    :raises SpecError: it has no test part, no best λ, or there is no room for the seeds.
    :raises StoreError: it has not finished, or its runs kept different test parts locked.
    """
    check_test_part(sweep.spec)
    if sweep.state != "finished":
        raise StoreError(f"Sweep {sweep.id} is {sweep.label}; only a finished sweep can be confirmed.")
    judgement = judge_stored(store, sweep, measure)
    verdict, rule = judgement.best, judgement.declared
    if verdict is None:
        raise SpecError(f"There is no λ to confirm. {judgement.no_best.text if judgement.no_best else ''}".strip())
    spec = sweep.spec if rule == "common" else _with_values(sweep.spec, (0.0, *add))
    roles = _roles(spec, verdict, _other_best(judgement, verdict), add)
    shift = store.first_fresh(sweep.id)
    over = {"seeds": seeds, "folds": 0, "blocks": 0}
    values = spec.model_dump() | {"apply": (verdict.apply,), **over, "only": tuple(roles)}
    for part in ("data", "train"):
        values["run"][part]["seed"] += shift
    if spec.blocks:
        values["run"]["data"] |= _sizes_of_a_block(store, sweep)
    if rule == "common":
        values["run"]["train"]["patience"] = 0  # every run reaches the epoch at which it is judged
    epochs = _common_epochs(judgement, verdict.apply, [spec.points[number] for number in roles])
    sha256 = _locked(store, sweep)
    confirmation = Confirmation(sweep.id, rule, shift, seeds, sha256, tuple(roles.values()), epochs, judgement.measure)
    return SweepSpec.parse(values), confirmation


def start_confirmation(
    runner: Runner,
    sweep_id: str,
    seeds: int = SEEDS,
    add: Sequence[float] = (),
    measure: str | None = None,
) -> Sweep:
    """Queue the confirmation of a sweep; for pages. Where one of it waits or trains, that one."""
    sweep = runner.store.sweep(sweep_id)
    for known in runner.store.confirmations(sweep_id):
        if known.state in ("queued", "running"):
            return known
    spec, confirmation = plan_confirmation(runner.store, sweep, seeds, add, measure)
    return runner.submit(spec, name=name_of(sweep), confirmation=confirmation)


def name_of(sweep: Sweep) -> str:
    """The name of a confirmation of ``sweep``."""
    return f"Confirm · {sweep.name}"[:NAME_LENGTH]


def _sizes_of_a_block(store: Store, sweep: Sweep) -> dict[str, int]:
    """As many images as the runs of ``sweep`` have in their block: fresh seeds draw from all blocks together."""
    known = store.sweep_runs(sweep.id)[0].environment or {}
    return {"train_size": known["n_train"], "val_size": known["n_val"]}


def _common_epochs(judgement: SweepJudgement, apply: str, points: Sequence[Point]) -> tuple[int, ...]:
    """For the rule *common* the epoch at which the sweep judges each of ``points``, else none."""
    if judgement.declared != "common":
        return ()
    table = judgement.own.table
    rows = table[table[columns.APPLY] == apply]
    places = rows[[*columns.point_columns(rows)[1:]]].itertuples(index=False)
    at = {tuple(place): epoch for place, epoch in zip(places, rows[columns.AT_EPOCH], strict=True)}
    found = [at[_place(point)] for point in points]
    return tuple(int(epoch) for epoch in found)


def _place(point: Point) -> tuple[float, ...]:
    place = (point.value, point.l1, point.l2)
    return place if point.second is None else (*place, point.second)


def _with_values(spec: SweepSpec, values: Sequence[float]) -> SweepSpec:
    """``spec`` with further values of its λ, where it has one list of λ; another sweep has its own points only."""
    name = {"l1": "l1", "l2": "l2", "elastic": "lambdas"}.get(spec.kind)
    if name is None:
        return spec
    return SweepSpec.parse({**spec.model_dump(), name: sorted({*getattr(spec, name), *values})})


def _other_best(judgement: SweepJudgement, verdict: SweepVerdict) -> SweepVerdict | None:
    """The choice by the other measure, where it is another point in the same penalty mode."""
    criteria = judgement.criteria
    other = criteria.by_loss if judgement.higher_is_better else criteria.by_accuracy
    apart = other is not None and other.apply == verdict.apply and other.best != verdict.best
    return other if apart else None


def _roles(
    spec: SweepSpec, verdict: SweepVerdict, other: SweepVerdict | None, add: Sequence[float]
) -> dict[int, tuple[str, ...]]:
    """Number of each chosen point → why it is chosen, ascending.

    :raises SpecError: an added value is not among the points.
    """
    missing = [value for value in add if value not in {point.value for point in spec.points}]
    if missing:
        raise SpecError(f"{number_text(missing[0])} is not a value of this sweep; add one of its own.")
    roles: dict[int, tuple[str, ...]] = {}
    seconds = {verdict.best.second, other.best.second if other else verdict.best.second}
    for number, point in enumerate(spec.points):
        why = {
            "best": point == verdict.best,
            "one_se": point == verdict.one_se,
            BY_OTHER[verdict.measure]: other is not None and point == other.best,
            "zero": point.value == 0 and point.second in seconds,
            "added": point.value in add and point.second == verdict.best.second,
        }
        if any(why.values()):
            roles[number] = tuple(role for role, holds in why.items() if holds)
    return roles


def _locked(store: Store, sweep: Sweep) -> str:
    """The SHA-256 of the test part that every run of ``sweep`` kept locked."""
    found = {(run.environment or {}).get("test_sha256", "") for run in store.sweep_runs(sweep.id)}
    if len(found) != 1 or not min(found):
        raise StoreError(
            f"The runs of sweep {sweep.id} did not all keep the same test part locked, so it cannot be confirmed; "
            "train it again."
        )
    return str(min(found))
