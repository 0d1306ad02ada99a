"""Settings of every registered optimizer: its defaults, and each of its own choices changed once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reglab.optimizers import OPTIMIZERS, Optimizer

COMMON = ("momentum", "nesterov")


def own_keys(entry: Optimizer) -> list[str]:
    """The settings that belong to the optimizer, whether it shares their names or not."""
    return [*(key for key in COMMON if entry.reads(key)), *entry.own_settings]


def bound(entry: Optimizer, key: str, kind: str) -> float | None:
    """The limit ge, gt, le or lt of a setting, where it has that one."""
    found = [getattr(rule, kind) for rule in entry.settings.model_fields[key].metadata if hasattr(rule, kind)]
    return float(found[0]) if found else None


def variants(entry: Optimizer) -> Iterator[dict[str, Any]]:
    yield {}
    for key in own_keys(entry):
        default = entry.settings.model_fields[key].default
        if isinstance(default, bool):
            yield {key: not default}
            continue
        yield {key: 0.9 * default}
        lowest = bound(entry, key, "ge")
        if lowest is not None:
            yield {key: lowest}


CASES: list[dict[str, Any]] = [{"name": name, **own} for name, e in OPTIMIZERS.entries.items() for own in variants(e)]
"""Values of ``optim``; without a learning rate."""


def title(case: dict[str, Any]) -> str:
    """The name of a case in pytest's output."""
    return " ".join(str(value) if key == "name" else f"{key}={value}" for key, value in case.items())
