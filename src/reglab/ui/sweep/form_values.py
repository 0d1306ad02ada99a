"""The form's values and the sweep are the same thing in two shapes: widget key → value, and :class:`SweepSpec`.

Pure functions: no Streamlit. The fields of a run are those of the Train page under keys of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from reglab.errors import SpecError
from reglab.number_text import number_text, read_named
from reglab.spec import Apply, RunSpec
from reglab.sweep import Kind, SweepSpec, parse_values, values_text
from reglab.ui.shared import spec_fields as of_run

Over = Literal["seed", "fold"]

PREFIX = "path_"
UNUSED = frozenset({"penalty.apply", "data.folds", "data.fold"})
"""Settings of a run that the sweep itself decides."""

RUN_WIDGETS = {setting: PREFIX + key for setting, key in of_run.WIDGETS.items() if setting not in UNUSED}
"""Dotted setting of a run → widget key."""

KIND, MODES, OVER, REPEATS, RATIO = (PREFIX + name for name in ("kind", "ways", "over", "repeats", "ratio"))
LISTS: Mapping[str, str] = {"l2": PREFIX + "l2_values", "l1": PREFIX + "l1_values", "lambdas": PREFIX + "lambdas"}
SYMBOLS: Mapping[str, str] = {"l2": "λ₂", "l1": "λ₁", "lambdas": "λ"}
KEYS = (*RUN_WIDGETS.values(), KIND, MODES, OVER, REPEATS, RATIO, *LISTS.values())

KINDS: Mapping[Kind, str] = {"l2": "L2", "l1": "L1", "elastic": "Elastic net", "grid": "L1 × L2"}
LISTED: Mapping[Kind, tuple[str, ...]] = {"l2": ("l2",), "l1": ("l1",), "elastic": ("lambdas",), "grid": ("l1", "l2")}
"""Which lists of λ a kind of path has."""

FIXED: Mapping[Kind, str] = {"l2": "penalty.l1", "l1": "penalty.l2"}
"""The other λ, which stands fixed along the path."""

FIRST_TEXTS = {"l2": "0, 1e-4:1e-1:8", "l1": "0, 1e-3:1:8", "lambdas": "0, 1e-4:1e-1:8"}
FIRST_RATIO = 0.5


def normal(spec: SweepSpec) -> SweepSpec:
    """``spec`` with what the sweep decides out of its run: λ that are swept, and the ways of applying them."""
    swept = {"penalty.l1": 0.0, "penalty.l2": 0.0}
    if fixed := FIXED.get(spec.kind):
        del swept[fixed]
    run = spec.run.with_changes({**swept, "penalty.apply": spec.applies[0]})
    return spec.model_copy(update={"run": run, "apply": spec.applies if len(spec.applies) > 1 else ()})


def to_values(spec: SweepSpec) -> dict[str, Any]:
    """Widget key → value that shows ``spec``."""
    spec = normal(spec)
    run = of_run.to_values(spec.run)
    lists = {key: values_text(getattr(spec, name)) or FIRST_TEXTS[name] for name, key in LISTS.items()}
    return {
        **{key: run[of_run.WIDGETS[setting]] for setting, key in RUN_WIDGETS.items()},
        **lists,
        KIND: spec.kind,
        MODES: list(spec.applies),
        OVER: spec.repeated_over,
        REPEATS: spec.repeats,
        RATIO: number_text(FIRST_RATIO if spec.l1_ratio is None else spec.l1_ratio),
    }


def to_sweep(values: Mapping[str, Any]) -> SweepSpec:
    """The sweep that the form's ``values`` describe.

    :raises SpecError: one sentence that names the field as the page does.
    """
    kind: Kind = values.get(KIND) or "l2"
    ways: list[Apply] = list(values.get(MODES) or [])
    if not ways:
        raise SpecError("Choose at least one way of applying λ.")
    repeats = values.get(REPEATS)
    if repeats is None:
        raise SpecError("The number of repeats is empty; fill it in.")
    if values.get(OVER) == "fold" and repeats < 2:
        raise SpecError("Cross-validation needs at least 2 folds.")
    wanted: dict[str, Any] = {name: read_list(values, name) for name in LISTED[kind]}
    if kind == "elastic":
        wanted["l1_ratio"] = read_named(values.get(RATIO), "L1 ratio")
    wanted |= {"run": _run(values, ways[0], kind), "apply": tuple(ways) if len(ways) > 1 else ()}
    wanted["folds" if values.get(OVER) == "fold" else "seeds"] = repeats
    try:
        return normal(SweepSpec.parse(wanted))
    except SpecError as error:
        raise SpecError(as_labels(str(error))) from None


def read_list(values: Mapping[str, Any], name: str) -> tuple[float, ...]:
    """The λ in the field of list ``name``.

    :raises SpecError: where they cannot be read.
    """
    try:
        return parse_values(values.get(LISTS[name]) or "", SYMBOLS[name])
    except SpecError as error:
        raise SpecError(str(error).replace(" a sweep ", " a path ")) from None


def as_labels(sentence: str) -> str:
    """A sweep's sentence as the page says it."""
    for stiff, plain in (("run.", ""), ("l1_ratio", "L1 ratio"), ("The sweep: ", ""), (" a sweep ", " a path "),
                         ("to the sweep", "to the path")):  # fmt: skip
        sentence = sentence.replace(stiff, plain)
    sentence = of_run.as_labels(sentence)
    return sentence[:1].upper() + sentence[1:] if sentence[:1].isascii() else sentence  # λ stays small


def _run(values: Mapping[str, Any], apply: Apply, kind: Kind) -> RunSpec:
    own = {of_run.WIDGETS[setting]: values[key] for setting, key in RUN_WIDGETS.items() if key in values}
    for swept in {"penalty.l1", "penalty.l2"} - {FIXED.get(kind, "")}:
        own[of_run.WIDGETS[swept]] = "0"
    return of_run.to_spec({**own, of_run.WIDGETS["penalty.apply"]: apply})
