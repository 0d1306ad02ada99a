"""Stored sweeps of several regularizers, compared: what commands and JSON read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from reglab.analysis import runs_table, strictest
from reglab.analysis.families import Families, Linked, compare_families, family_of
from reglab.analysis.family_facts import facts_of_families
from reglab.columns import MEASURES
from reglab.errors import SpecError
from reglab.jobs.chances import chance_of
from reglab.jobs.judging import overlap_of
from reglab.store import Store, Sweep


def compare_stored(store: Store, sweeps: Sequence[Sweep], measure: str | None = None) -> Families | None:
    """What each regularizer of ``sweeps`` is worth, by ``measure`` or the one that the first sweep declares.

    ``None`` before there is a figure without any regularizer.

    :raises SpecError: as :func:`reglab.analysis.families.compare_families`.
    """
    runs = [store.sweep_runs(sweep.id) for sweep in sweeps]
    linked = [
        Linked(sweep.spec, runs_table(sweep.spec.lanes(), own), store.epochs([run.id for run in own]))
        for sweep, own in zip(sweeps, runs, strict=True)
    ]
    return compare_families(
        linked,
        overlap=max(overlap_of(sweep.spec, own) for sweep, own in zip(sweeps, runs, strict=True)),
        measure=measure or MEASURES[sweeps[0].spec.measure],
        chance=strictest(filter(None, map(chance_of, runs))),
    )


def comparison_result(store: Store, sweeps: Sequence[Sweep], measure: str | None = None) -> dict[str, Any]:
    """:func:`compare_stored` as an object, with the sweeps and their states.

    :raises SpecError: the sweeps cannot be compared, or have no figures yet.
    """
    for sweep in sweeps:
        _check(sweep, sweeps[0])
    try:
        found = compare_stored(store, sweeps, measure)
    except SpecError as error:
        raise SpecError(f"These sweeps cannot be compared: {error}.") from None
    if found is None:
        raise SpecError("There is nothing to compare yet: no run without any regularizer has figures.")
    states = [{"sweep": sweep.id, "name": sweep.name, "status": sweep.state} for sweep in sweeps]
    return {"sweeps": states, **facts_of_families(found)}


def _check(sweep: Sweep, first: Sweep) -> None:
    try:
        for point in sweep.spec.points:
            family_of(sweep.spec, point, first.spec)
    except SpecError as error:
        raise SpecError(f"“{sweep.name}” cannot be compared: {error}.") from None
