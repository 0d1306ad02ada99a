"""Regularizers of runs by their settings: which one a run has, what it is called, and what runs have in common.

A *family* is one regularizer with all values that were tried of it; its key is the dotted setting.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reglab.errors import SpecError
from reglab.number_format import exact
from reglab.spec import RunSpec, penalty_symbol, regularizers
from reglab.sweep import Point, SweepSpec

EARLY_STOPPING = "early stopping alone"
"""The key of the family without a setting: none, each run at its lowest validation loss."""

Value = float | str
Settings = Mapping[str, Value]


def name_of(key: str) -> str:
    """The name of a family: "λ₂", "dropout", "early stopping alone"."""
    return known_name(key) or key


def known_name(key: str) -> str:
    """The name of a penalty term's λ or of a regularizer by its dotted setting; empty for another setting."""
    by_setting = {entry.setting: entry.label for entry in regularizers().values()}
    return penalty_symbol(key.partition(".")[2]) if is_lambda(key) else by_setting.get(key, "")


def label_of(key: str, value: Value | None) -> str:
    """A setting with its value: "λ₂ = 0.01", "dropout 0.3"; the name alone without one."""
    if value is None:
        return name_of(key)
    return f"{name_of(key)}{' = ' if is_lambda(key) else ' '}{value if isinstance(value, str) else exact(value)}"


def keys_of(specs: Sequence[SweepSpec]) -> tuple[str, ...]:
    """The keys of all families of ``specs``, in their order.

    :raises SpecError: as :func:`family_of`; or no run is without any regularizer.
    """
    found = [family_of(spec, point, specs[0]) for spec in specs for point in spec.points]
    if None not in found:
        raise SpecError("no sweep has runs without any regularizer, with which the others could be compared")
    alone = [] if specs[0].epoch_rule == "best" else [EARLY_STOPPING]
    return *sorted({known[0] for known in found if known}, key=place_of), *alone


def settings_of(run: RunSpec) -> Settings:
    """Dotted setting → value of every penalty term and regularizer that ``run`` switches on."""
    terms = {f"penalty.{key}": strength for key, strength in run.penalty.strengths.items() if strength}
    return {**terms, **{entry.setting: entry.value(run) for entry in _active(run)}}


def without(run: RunSpec) -> RunSpec:
    """``run`` with every penalty term and regularizer off."""
    off = {entry.setting: entry.off for entry in _active(run)}
    terms = dict.fromkeys((key for key in settings_of(run) if is_lambda(key)), 0.0)
    return run.with_changes({**terms, **off}) if terms or off else run


def family_of(spec: SweepSpec, point: Point, none: SweepSpec) -> tuple[str, Value] | None:
    """Setting and value of the regularizer that the runs at ``point`` have; ``None`` where they have none.

    :raises SpecError: they have several, or differ from the runs of ``none`` in more than that.
    """
    run = spec.run_at(point, spec.applies[0])
    alike = (len(spec.applies), spec.repeats, spec.repeated_over, spec.epoch_rule, spec.only)
    if without(run) != without(none.run.with_changes({"penalty.apply": none.applies[0]})):
        raise SpecError("its runs differ from the others in more than regularizers")
    if alike != (1, none.repeats, none.repeated_over, none.epoch_rule, ()):
        raise SpecError("its repeats, its penalty modes or its epoch rule are not those of the others")
    if len(own := settings_of(run)) > 1:
        raise SpecError(f"its runs have several regularizers: {', '.join(map(name_of, own))}")
    return next(iter(own.items()), None)


def place_of(key: str) -> tuple[int, str]:
    """λ first, then regularizers in their order, early stopping alone at the end."""
    by_setting = {entry.setting: entry.order for entry in regularizers().values()}
    return (0 if is_lambda(key) else by_setting.get(key, 2**31)), key


def _active(run: RunSpec) -> list[Any]:
    """The regularizers that ``run`` switches on; what they own is in :mod:`reglab.regularizers`."""
    return [entry for entry in regularizers().values() if entry.is_on(run)]


def is_lambda(key: str) -> bool:
    return key.startswith("penalty.")
