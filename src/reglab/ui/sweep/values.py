"""The form's values and the sweep: widget key → value on the page, and :class:`SweepSpec`.

Pure functions. The fields of a run are those of the Train page under keys of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reglab.errors import SpecError
from reglab.number_text import number_text, read_named
from reglab.spec import Apply
from reglab.sweep import Kind, SweepSpec, parse_values, values_text
from reglab.ui.shared import spec_fields as of_run

PREFIX = "sweep_"
_OF_SWEEP = frozenset({"penalty.apply", "data.folds", "data.fold"})  # settings of a run that the sweep decides

RUN_WIDGETS = {setting: PREFIX + key for setting, key in of_run.WIDGETS.items() if setting not in _OF_SWEEP}
"""Dotted setting of a run → widget key."""

KIND, MODES, OVER, REPEATS, RATIO = (PREFIX + name for name in ("kind", "modes", "over", "repeats", "ratio"))
LISTS: Mapping[str, str] = {"l2": PREFIX + "l2_values", "l1": PREFIX + "l1_values", "lambdas": PREFIX + "lambdas"}
SYMBOLS: Mapping[str, str] = {"l2": "λ₂", "l1": "λ₁", "lambdas": "λ"}
KEYS = (*RUN_WIDGETS.values(), KIND, MODES, OVER, REPEATS, RATIO, *LISTS.values())

KINDS: Mapping[Kind, str] = {"l2": "L2", "l1": "L1", "elastic": "Elastic net", "grid": "L1 × L2"}
LISTED: Mapping[Kind, tuple[str, ...]] = {"l2": ("l2",), "l1": ("l1",), "elastic": ("lambdas",), "grid": ("l1", "l2")}
"""The lists of λ that a kind of sweep has."""

FIXED: Mapping[Kind, str] = {"l2": "penalty.l1", "l1": "penalty.l2"}
"""The other λ, which is the same in every run."""

_USUAL_LISTS = {"l2": "0, 1e-4:1e-1:8", "l1": "0, 1e-3:1:8", "lambdas": "0, 1e-4:1e-1:8"}
_USUAL_RATIO = 0.5
_LONGEST = 200_000  # characters of a list of λ


def normal(spec: SweepSpec) -> SweepSpec:
    """``spec`` without the swept λ and the penalty mode in its run, which the sweep decides."""
    swept = {"penalty.l1": 0.0, "penalty.l2": 0.0}
    if fixed := FIXED.get(spec.kind):
        del swept[fixed]
    run = spec.run.with_changes({**swept, "penalty.apply": spec.applies[0]})
    return spec.model_copy(update={"run": run, "apply": spec.applies if len(spec.applies) > 1 else ()})


def to_values(spec: SweepSpec) -> dict[str, Any]:
    """Widget key → value that shows ``spec``."""
    spec = normal(spec)
    run = of_run.to_values(spec.run)
    return {
        **{key: run[of_run.WIDGETS[setting]] for setting, key in RUN_WIDGETS.items()},
        **{key: values_text(getattr(spec, name)) or _USUAL_LISTS[name] for name, key in LISTS.items()},
        KIND: spec.kind,
        MODES: list(spec.applies),
        OVER: spec.repeated_over,
        REPEATS: spec.repeats,
        RATIO: number_text(_USUAL_RATIO if spec.l1_ratio is None else spec.l1_ratio),
    }


def to_sweep(values: Mapping[str, Any]) -> SweepSpec:
    """The sweep that the form's ``values`` describe.

    :raises SpecError: one sentence that names the field as the page does.
    """
    kind: Kind = values.get(KIND) or "l2"
    modes: list[Apply] = list(values.get(MODES) or [])
    repeats, folds = values.get(REPEATS), values.get(OVER) == "fold"
    if not modes:
        raise SpecError("Choose at least one penalty mode.")
    if repeats is None:
        raise SpecError("The number of repeats is empty; fill it in.")
    if folds and repeats < 2:
        raise SpecError("Cross-validation needs at least 2 folds.")
    wanted: dict[str, Any] = {name: read_list(values, name) for name in LISTED[kind]}
    if kind == "elastic":
        wanted["l1_ratio"] = read_named(values.get(RATIO), "L1 ratio")
    run = {of_run.WIDGETS[setting]: values[key] for setting, key in RUN_WIDGETS.items() if key in values}
    for swept in {"penalty.l1", "penalty.l2"} - {FIXED.get(kind, "")}:
        run[of_run.WIDGETS[swept]] = "0"
    wanted["run"] = of_run.to_spec({**run, of_run.WIDGETS["penalty.apply"]: modes[0]})
    wanted["apply"] = tuple(modes) if len(modes) > 1 else ()
    wanted["folds" if folds else "seeds"] = repeats
    try:
        return normal(SweepSpec.parse(wanted))
    except SpecError as error:
        raise SpecError(as_labels(str(error))) from None


def read_list(values: Mapping[str, Any], name: str) -> tuple[float, ...]:
    """The λ in the field of list ``name``.

    :raises SpecError: where they cannot be read.
    """
    text: str = values.get(LISTS[name]) or ""
    if len(text) > _LONGEST:
        raise SpecError(f"{SYMBOLS[name]}: the list has {len(text):,} characters, more than the {_LONGEST:,} allowed.")
    return parse_values(text, SYMBOLS[name])


def as_labels(sentence: str) -> str:
    """A sweep's sentence with the fields' names on the page."""
    for dotted, label in (("run.", ""), ("l1_ratio", "L1 ratio"), ("The sweep: ", "")):
        sentence = sentence.replace(dotted, label)
    sentence = of_run.as_labels(sentence)
    return sentence[:1].upper() + sentence[1:] if sentence[:1].isascii() else sentence  # λ stays small
