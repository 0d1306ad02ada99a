"""Chance accuracy of stored runs."""

from __future__ import annotations

from collections.abc import Sequence

from reglab.chance import Chance, recorded_chance, strictest
from reglab.errors import RegLabError
from reglab.spec import DataSpec
from reglab.store import Run


def chance_of(runs: Sequence[Run]) -> Chance | None:
    """The strictest chance over ``runs``; ``None`` where neither a record nor the dataset is known."""
    return strictest(chance for run in runs if (chance := chance_of_run(run)) is not None)


def chance_of_run(run: Run) -> Chance | None:
    """Chance of the run's validation labels; runs of earlier versions count their classes as equally frequent."""
    return recorded_chance(run.environment) or _chance_of_data(run.spec.data, (run.environment or {}).get("n_val"))


def _chance_of_data(spec: DataSpec, images: int | None) -> Chance | None:
    from reglab.datasets import DATASETS, check_data

    entry = DATASETS.find(spec.name)
    try:
        return Chance(len(entry.classes), images or check_data(spec).val) if entry else None
    except RegLabError:  # a spec of an earlier version that no longer fits its dataset
        return None
