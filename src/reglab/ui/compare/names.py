"""Short names of the runs that are compared: the settings in which they differ, where those are few."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from reglab.analysis.run_differences import differing
from reglab.number_format import exact
from reglab.store import Run
from reglab.ui.shared.spec_fields import SETTINGS, title
from reglab.ui.shared.text import dataset_label, labels, model_label, optimizer_label, penalty_text

_MOST = 2  # settings besides the penalty and the seeds; with more, names would be longer than charts are wide
_SEEDS = {"train.seed": "seed", "data.seed": "data seed", "data.fold": "fold", "data.block": "block"}
_LABELS = {"data.name": dataset_label, "model.name": model_label, "optim.name": optimizer_label}


def names_of(runs: Sequence[Run]) -> dict[str, str]:
    """Run id → for example "λ₂ = 0.01", "λ₂ = 0.01 · seed 1", "no penalty · SGD · learning rate 0.05".

    Where runs differ in too much, those of each sweep are named among themselves, "λ₂ = 0.01 · sweep 2", and the others
    by :func:`reglab.ui.shared.text.labels`. Equal names end with the beginning of the id.
    """
    if not runs:
        return {}
    specs = {run.id: run.spec.flat() for run in runs}
    keys = differing(list(specs.values()))
    others = [key for key in keys if not key.startswith("penalty.") and key not in _SEEDS]
    if not keys or len(others) > _MOST:
        return _by_sweep(runs)
    penalty = any(key.startswith("penalty.") for key in keys)
    seeds = _seed_keys(keys, list(specs.values()))
    names = {
        run.id: " · ".join(
            [
                *([penalty_text(run.spec.penalty)] if penalty else []),
                *(setting_part(key, specs[run.id].get(key)) for key in others),
                *(f"{_SEEDS[key]} {specs[run.id].get(key)}" for key in seeds),
            ]
        )
        for run in runs
    }
    every = list(names.values())
    return {run: name if every.count(name) == 1 else f"{name} ({run[:4]})" for run, name in names.items()}


def _by_sweep(runs: Sequence[Run]) -> dict[str, str]:
    """The names of each sweep's runs among themselves with the number of the sweep; of other runs their labels."""
    sweeps = list(dict.fromkeys(run.sweep for run in runs if run.sweep is not None))
    loose = [run for run in runs if run.sweep is None]
    if not sweeps or (len(sweeps) == 1 and not loose):
        return labels(runs)
    found = labels(loose) if loose else {}
    for number, sweep in enumerate(sweeps, start=1):
        own = names_of([run for run in runs if run.sweep == sweep])
        found |= {run: f"{name} · sweep {number}" for run, name in own.items()}
    return {run.id: found[run.id] for run in runs}


def _seed_keys(keys: Sequence[str], specs: Sequence[dict[str, Any]]) -> list[str]:
    """The seeds that tell runs apart: of a training seed and a data seed that go together, the training seed alone."""
    found = [key for key in _SEEDS if key in keys]
    both = {"train.seed", "data.seed"} <= set(found)
    if both and len({own["train.seed"] - own["data.seed"] for own in specs}) == 1:
        found.remove("data.seed")
    return found


def setting_part(key: str, value: Any) -> str:
    """A setting with its value; datasets, CNNs and optimizers by their labels alone."""
    if key in _LABELS:
        return _LABELS[key](str(value))
    name = title(key) if key in SETTINGS else key
    name = name[:1].lower() + name[1:]
    if value is None:
        return f"{name} none"
    if isinstance(value, bool):
        return name if value else f"no {name}"
    return f"{name} {exact(value)}" if isinstance(value, int | float) else f"{name} {value}"
