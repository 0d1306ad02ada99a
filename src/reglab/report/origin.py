"""Where figures come from: the settings, seeds, machine and software of runs as tables."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from reglab.content.difference_text import setting_text
from reglab.content.environment_text import environment_rows
from reglab.content.run_text import penalty_text
from reglab.number_format import NONE
from reglab.report.document import Table
from reglab.store import Run

_OF_ONE = ("Seed of data", "Seed of training", "SHA-256 of weights")
"""Rows of an environment that each run has for itself; :func:`seed_table` has them."""


def settings_table(caption: str, settings: Mapping[str, Any]) -> Table:
    """Dotted key → value, as a spec and ``--set`` write it."""
    return Table(caption, ("Setting", "Value"), tuple((key, value_text(value)) for key, value in settings.items()))


def value_text(value: Any) -> str:
    """A setting's value; the factors of single tensors as JSON."""
    if isinstance(value, Mapping):
        return json.dumps(value, ensure_ascii=False) if value else NONE
    return setting_text(value)


def seed_table(runs: Sequence[Run], caption: str) -> Table:
    """A row a run: λ, seeds, fold or block, where it ended, and the beginning of its weights' SHA-256."""
    head = ["Run", "λ", "Training seed", "Data seed", "State", "Epochs", "Best epoch", "SHA-256 of weights"]
    part = [name for name in ("fold", "block") if any(getattr(run.spec.data, f"{name}s") for run in runs)]
    rows = []
    for run in runs:
        data, done = run.spec.data, f"{run.epoch} of {run.epochs}"
        own = [run.id, penalty_text(run.spec.penalty), str(run.spec.train.seed), str(data.seed)]
        own += [str(getattr(data, name)) for name in part]
        rows.append((*own, run.label, done, str(run.best_epoch or NONE), (run.weights_sha256 or NONE)[:16]))
    return Table(caption, (*head[:4], *(name.capitalize() for name in part), *head[4:]), tuple(rows))


def environment_table(runs: Sequence[Run]) -> Table:
    """Machine and versions: a row a fact; where runs differ in one, each value with the runs that have it."""
    facts = {run.id: dict(environment_rows(run)) for run in runs}
    names = [name for name in dict.fromkeys(name for own in facts.values() for name in own) if name not in _OF_ONE]
    return Table("Machine and software", ("What", "Recorded"), tuple((name, _merged(name, facts)) for name in names))


def _merged(name: str, facts: Mapping[str, Mapping[str, str]]) -> str:
    """The value of all runs, or "a (runs 1, 2); b (run 3)"; at most four runs are named."""
    having: dict[str, list[str]] = {}
    for run, own in facts.items():
        having.setdefault(own.get(name, NONE), []).append(run)
    if len(having) == 1:
        return next(iter(having))
    return "; ".join(f"{value} ({_named(runs)})" for value, runs in having.items())


def _named(runs: Sequence[str]) -> str:
    shown = ", ".join(runs[:4]) + (f" and {len(runs) - 4} more" if len(runs) > 4 else "")
    return f"run{'s' if len(runs) > 1 else ''} {shown}"
