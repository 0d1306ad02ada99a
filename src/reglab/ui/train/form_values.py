"""The form's values and the spec are the same thing in two shapes: widget key → value, and :class:`RunSpec`.

Pure functions: no Streamlit. The widget keys of the contract (dataset, model, l1, l2, epochs) are fixed here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from reglab.errors import SpecError, shown
from reglab.number_text import NotANumber, number_text, read_named, read_number
from reglab.spec import RunSpec

OWN_KEYS = {
    "data.name": "dataset", "data.seed": "data_seed", "model.name": "model", "optim.name": "optimizer",
}  # fmt: skip
SETTINGS: tuple[str, ...] = tuple(RunSpec().flat())
"""Every dotted setting, in the spec's order."""

WIDGETS: dict[str, str] = {setting: OWN_KEYS.get(setting, setting.partition(".")[2]) for setting in SETTINGS}
"""Dotted setting → widget key."""

_PLAINER = (
    ("should be greater than or equal to", "must be at least"),
    ("should be less than or equal to", "must be at most"),
    ("should be (greater|less) than", r"must be \1 than"),
    (r"not (-?\d+)\.0\b", r"not \1"),
)

NUMBERS = frozenset(setting for setting, value in RunSpec().flat().items() if isinstance(value, float))
"""Settings whose field holds a number as it was typed."""

MAY_BE_EMPTY = frozenset({"data.train_size", "data.val_size", "data.folds"})


def field(setting: str) -> FieldInfo:
    """The spec's own title, description and type of a dotted setting."""
    part, _, name = setting.partition(".")
    kind = RunSpec.model_fields[part].annotation
    if not (isinstance(kind, type) and issubclass(kind, BaseModel)):
        raise TypeError(f"{part} is not a part of the spec")
    return kind.model_fields[name]


def title(setting: str) -> str:
    """The field's name on the page."""
    return field(setting).title or setting


def to_values(spec: RunSpec) -> dict[str, Any]:
    """Widget key → value that shows ``spec``."""
    flat = spec.flat()
    values = {WIDGETS[setting]: number_text(value) if setting in NUMBERS else value for setting, value in flat.items()}
    return {**values, "factors": factors_text(spec.penalty.factors)}


def to_spec(values: Mapping[str, Any]) -> RunSpec:
    """The spec that the form's ``values`` describe; a missing key takes its default.

    :raises SpecError: one sentence that names the field as the page does.
    """
    nested: dict[str, dict[str, Any]] = {part: {} for part in RunSpec.PARTS}
    for setting, key in WIDGETS.items():
        if key not in values:
            continue
        part, _, name = setting.partition(".")
        value = factors_from(values[key]) if setting == "penalty.factors" else values[key]
        if setting in NUMBERS:
            value = read_named(value, title(setting))
        if value is None and setting not in MAY_BE_EMPTY:
            raise SpecError(f"{title(setting)} is empty; fill it in.")
        nested[part][name] = value
    try:
        return RunSpec.parse(nested)
    except SpecError as error:
        raise SpecError(as_labels(str(error))) from None


def as_labels(sentence: str) -> str:
    """A spec's sentence as the page says it: fields by their names, limits in plain words."""
    for setting in sorted(SETTINGS, key=len, reverse=True):
        sentence = sentence.replace(setting, title(setting))
    for stiff, plain in _PLAINER:
        sentence = re.sub(stiff, plain, sentence)
    return sentence


def factors_text(factors: Mapping[str, float]) -> str:
    """``{"conv1.weight": 0.0}`` as one ``name: factor`` a line."""
    return "\n".join(f"{name}: {number_text(factor)}" for name, factor in factors.items())


def factors_from(text: str | None) -> dict[str, float]:
    """The reverse of :func:`factors_text`; :class:`SpecError` on a line that is not ``name: number``."""
    factors: dict[str, float] = {}
    for line in filter(str.strip, (text or "").splitlines()):
        name, _, number = (part.strip() for part in line.rpartition(":"))
        if not name or not number:
            raise SpecError(f"Factors: cannot read {shown(line.strip())}; write name: factor, e.g. conv1.weight: 0.")
        if name in factors:
            raise SpecError(f"Factors: {shown(name)} has two lines; keep one of them.")
        try:
            factors[name] = read_number(number)
        except NotANumber as error:
            raise SpecError(f"Factors: {shown(name)}: {error}") from None
    return factors
