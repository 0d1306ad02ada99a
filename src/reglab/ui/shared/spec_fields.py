"""A form's fields and the spec: widget key → value on the page, and :class:`RunSpec`.

Title, help and kind of input of a field come from the spec itself, so a new setting shows up by itself. The widget keys
of the contract (dataset, model, l1, l2, epochs) are fixed here.
"""

from __future__ import annotations

import re
import types
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import streamlit as st
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from reglab.datasets import DATASETS, check_digest
from reglab.errors import RegLabError, SpecError, shown
from reglab.models import MODELS
from reglab.number_text import NotANumber, number_text, read_named, read_number
from reglab.optimizers import OPTIMIZERS
from reglab.penalties import PENALTIES, Term
from reglab.registry import Registry
from reglab.regularizers import REGULARIZERS, Regularizer
from reglab.spec import AUGMENTATIONS, RegularizeSpec, RunSpec, penalty_keys
from reglab.ui.shared.class_maps import MAPS, is_idle, map_from, map_text
from reglab.ui.shared.fields import field_problem, is_number, number_field, segments

OWN_KEYS = {"data.name": "dataset", "data.seed": "data_seed", "model.name": "model", "optim.name": "optimizer"}

TERMS: Mapping[str, Term] = {f"penalty.{key}": PENALTIES.get(key) for key in penalty_keys() if key not in ("l1", "l2")}
"""Dotted setting of λ → penalty term, but L1 and L2, which are in the spec itself."""

_OF_REGULARIZERS: Mapping[str, Regularizer] = {
    entry.setting: entry
    for entry in REGULARIZERS.entries.values()
    if entry.part == "regularize" and entry.key not in RegularizeSpec.model_fields
}
"""Dotted setting → regularizer, but those whose settings are in the spec itself."""

_OF_OPTIMIZERS: Mapping[str, FieldInfo] = {
    f"optim.{name}": entry.settings.model_fields[name]
    for entry in reversed(OPTIMIZERS.entries.values())
    for name in entry.own_settings
}
"""Settings that only some optimizers have; where two share a name, the first one's title and default."""

_DEFAULTS: dict[str, Any] = {
    **RunSpec().flat(),
    **dict.fromkeys([*TERMS, *_OF_REGULARIZERS], 0.0),
    **{setting: own.default for setting, own in _OF_OPTIMIZERS.items()},
}
del _DEFAULTS["data.digest"]  # follows from the dataset
SETTINGS: tuple[str, ...] = tuple(sorted(_DEFAULTS, key=lambda key: RunSpec.PARTS.index(key.partition(".")[0])))
"""Every dotted setting, part by part."""

WIDGETS: dict[str, str] = {setting: OWN_KEYS.get(setting, setting.partition(".")[2]) for setting in SETTINGS}
"""Dotted setting → widget key."""

NUMBERS = frozenset(setting for setting, value in _DEFAULTS.items() if isinstance(value, float)) | {
    "regularize.max_norm",
    "data.train_share",
}
"""Settings whose field holds a number as it was typed."""

MAY_BE_EMPTY = frozenset(
    {
        "data.train_size",
        "data.train_share",
        "data.val_size",
        "data.resize",
        "data.folds",
        "data.blocks",
        "regularize.max_norm",
    }
)

JOINED: Mapping[str, tuple[str, ...]] = {"regularize.augment": AUGMENTATIONS}
"""Settings that join words by "+", which the field holds as a list."""

OTHER_REGULARIZERS: tuple[str, ...] = tuple(setting for setting in SETTINGS if setting.startswith("regularize."))
"""What a form shows as a group of its own."""

HEADINGS: Mapping[str, str] = {
    "data.train_share": "Scarce or uneven",
    "data.noise_kind": "Label noise",
    "data.input_noise": "Input noise",
    "data.validation": "Validation and test",
    "data.folds": "Folds and blocks",
}
"""Setting of the data → the heading above it, where rarer settings are listed one below the other."""

_STEPS = {"data.train_size": 100, "data.val_size": 100, "train.epochs": 10, "train.batch_size": 16}
"""What one press on + or − changes; 1 for the whole numbers that are not here."""

_REGISTRIES: Mapping[str, Registry[Any]] = {"data.name": DATASETS, "model.name": MODELS, "optim.name": OPTIMIZERS}
"""Settings that name a registry's entry."""

_LABELS = {
    "per_class": "per class",
    "weights+biases": "weights and biases",
    "float32": "32 bits",
    "float64": "64 bits",
    "pool": "global pooling",
}
"""How a choice reads on the page, if not as in the spec."""

_EMPTY = {
    "data.resize": "off",
    "data.folds": "none",
    "data.blocks": "none",
    "regularize.max_norm": "off",
    "data.train_share": "a number",
}
"""What an empty number means, if not all."""

_PLAINER = (
    ("should be greater than or equal to", "must be at least"),
    ("should be less than or equal to", "must be at most"),
    ("should be (greater|less) than", r"must be \1 than"),
    (r"not (-?\d+)\.0\b", r"not \1"),
)


@dataclass
class Fault:
    """What is wrong with the field of ``setting``, and whether it ``stands`` there: "More" may hide the field.

    A field that belongs to no setting of a run is named by its widget key.
    """

    setting: str
    sentence: str
    stands: bool = False


_FAULT: ContextVar[Fault | None] = ContextVar("fault", default=None)


class FieldError(SpecError):
    """A field's value cannot be used; ``setting`` is None where no single field is at fault."""

    def __init__(self, sentence: str, setting: str | None) -> None:
        super().__init__(sentence)
        self.setting = setting


@contextmanager
def fault_of(error: FieldError | None) -> Iterator[Fault | None]:
    """Have :func:`explain` show ``error`` below its field; the fault says whether that field was drawn."""
    fault = Fault(error.setting, str(error)) if error is not None and error.setting is not None else None
    token = _FAULT.set(fault)
    try:
        yield fault
    finally:
        _FAULT.reset(token)


@cache
def field(setting: str) -> FieldInfo:
    """The spec's own title, description and type of a dotted setting; for TERMS those of the term."""
    if term := TERMS.get(setting):
        return FieldInfo(annotation=float, title=f"{term.symbol} ({term.label})", description=term.help)
    if entry := _OF_REGULARIZERS.get(setting):
        title = f"{entry.label[0].upper()}{entry.label[1:]} {entry.symbol}"
        return FieldInfo(annotation=float, title=title, description=entry.meaning)
    if setting in _OF_OPTIMIZERS:
        return _OF_OPTIMIZERS[setting]
    part, _, name = setting.partition(".")
    kind = RunSpec.model_fields[part].annotation
    if not (isinstance(kind, type) and issubclass(kind, BaseModel)):
        raise TypeError(f"{part} is not a part of the spec")
    return kind.model_fields[name]


def title(setting: str) -> str:
    """The field's name on the page."""
    return field(setting).title or setting


def has(optimizer: Any, setting: str) -> bool:
    """Whether runs with this optimizer have ``setting`` at all."""
    entry = OPTIMIZERS.entries.get(optimizer)
    return setting not in _OF_OPTIMIZERS or (entry is not None and setting.partition(".")[2] in entry.own_settings)


def check_names(spec: RunSpec) -> None:
    """Check that dataset and CNN are in their registries, and that the dataset is the one that is meant.

    :raises UnknownName: one is not.
    :raises SpecError: the name means other images here.
    """
    check_digest(spec.data, DATASETS.get(spec.data.name))
    MODELS.get(spec.model.name)


def to_values(spec: RunSpec) -> dict[str, Any]:
    """Widget key → value that shows ``spec``."""
    flat = {**_DEFAULTS, **spec.flat()}
    values = {WIDGETS[setting]: _shown(setting, value) for setting, value in flat.items() if setting in WIDGETS}
    return {**values, "factors": factors_text(spec.penalty.factors)}


def _shown(setting: str, value: Any) -> Any:
    if setting in JOINED:
        return [word for word in JOINED[setting] if word in value.split("+")]
    if setting in MAPS:
        return map_text(setting, value)
    return ("" if value is None else number_text(value)) if setting in NUMBERS else value


def _typed(setting: str, value: Any) -> Any:
    if setting == "penalty.factors":
        return factors_from(value)
    if setting in MAPS:
        return map_from(setting, title(setting), value)
    if setting in JOINED:
        return "+".join(value or ["none"])
    if setting in NUMBERS and setting in MAY_BE_EMPTY and not (value or "").strip():
        return None
    return read_named(value, title(setting)) if setting in NUMBERS else value


def _read(setting: str, value: Any) -> Any:
    try:
        typed = _typed(setting, value)
    except NotANumber as error:
        raise FieldError(str(error), setting) from None
    except SpecError as error:
        raise FieldError(str(error), setting if setting in MAPS else None) from None
    if typed is None and setting not in MAY_BE_EMPTY:
        raise FieldError(f"{title(setting)} is empty; fill it in.", setting)
    return typed


def to_spec(values: Mapping[str, Any]) -> RunSpec:
    """The spec that the form's ``values`` describe; a missing key takes its default.

    :raises FieldError: one sentence that names the field as the page does.
    """
    nested: dict[str, dict[str, Any]] = {part: {} for part in RunSpec.PARTS}
    for setting, key in WIDGETS.items():
        if key not in values or not has(values.get("optimizer"), setting):
            continue
        if is_idle(setting, values.get(WIDGETS["data.noise_kind"])):
            continue
        part, _, name = setting.partition(".")
        nested[part][name] = _read(setting, values[key])
    try:
        return RunSpec.parse(nested)
    except SpecError as error:
        raise field_error(error) from None


def field_error(error: RegLabError) -> FieldError:
    """A spec's error as the page writes it; its field is the one that the sentence opens with."""
    opens = [setting for setting in SETTINGS if str(error).startswith(setting)]
    return FieldError(as_labels(str(error)), max(opens, key=len, default=None))


def as_labels(sentence: str) -> str:
    """A spec's sentence as the page writes it: fields by their titles, limits in plain words."""
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


def draw(
    setting: str,
    *,
    disabled: bool = False,
    help_more: str = "",
    on_change: Callable[[], None] | None = None,
    key: str | None = None,
) -> None:
    """The input for ``setting``; its value lives in session state under ``key``, or the setting's own widget key."""
    kind, choices = _kind(setting), _choices(setting)
    shared: dict[str, Any] = {
        "label": title(setting),
        "key": key or WIDGETS[setting],
        "help": f"{field(setting).description} {help_more}".strip(),
        "disabled": disabled,
        "on_change": on_change,
        "persist_state": "session",  # a field behind a closed "More" keeps its value
    }
    if setting in MAPS:
        st.text_area(**shared, placeholder=MAPS[setting].example, height=68)
    elif setting in JOINED:
        st.pills(selection_mode="multi", **shared, options=JOINED[setting])
    elif choices:
        if setting == "penalty.apply":
            segments(options=choices, width="stretch", label_visibility="visible", **shared)
        else:
            st.selectbox(options=list(choices), format_func=lambda name: choices.get(name, name), **shared)
    elif kind is bool:
        st.toggle(**shared)
    elif kind is float:
        number_field(**shared, **({"placeholder": _EMPTY[setting]} if setting in MAY_BE_EMPTY else {}))
    else:  # a whole number without limits of its own: the spec's limits are checked, and explained, on the server
        shared |= {"step": _STEPS.get(setting, 1), "format": "%d"}
        if setting in MAY_BE_EMPTY:
            shared |= {"value": None, "placeholder": _EMPTY.get(setting, "all")}
        st.number_input(**shared)
    explain(setting, explained=setting in NUMBERS and not is_number(st.session_state[shared["key"]]))


def draw_below_heading(setting: str, **options: Any) -> None:
    """As :func:`draw`, with the heading of its group before the first setting of one."""
    if setting in HEADINGS:
        st.markdown(f"**{HEADINGS[setting]}**")
    draw(setting, **options)


def explain(setting: str, *, explained: bool = False) -> None:
    """The fault of the field that was just drawn, if it has one; ``explained``: the field has done so itself."""
    fault = _FAULT.get()
    if fault is None or fault.setting != setting:
        return
    fault.stands = True
    if not explained:
        field_problem(fault.sentence)


def beside_start(problem: FieldError | None, fault: Fault | None, name: Callable[[str], str]) -> str | None:
    """What stands beside Start: the ``problem``, or at which field it stands, by the ``name`` of its setting."""
    if fault is not None and fault.stands:
        return f"{name(fault.setting)} cannot be used; the reason is below its field."
    return str(problem) if problem is not None else None


def _choices(setting: str) -> dict[str, str]:
    """Name → label of the registry entries or words that the setting may have; empty for a switch or a number."""
    if setting in _REGISTRIES:
        return {name: entry.label for name, entry in _REGISTRIES[setting].entries.items()}
    kind = _kind(setting)
    return {word: _LABELS.get(word, word) for word in get_args(kind)} if get_origin(kind) is Literal else {}


@cache
def _kind(setting: str) -> Any:
    """The setting's type, without ``None`` where it may be empty."""
    kind = field(setting).annotation
    if get_origin(kind) in (Union, types.UnionType):
        kind = next(k for k in get_args(kind) if k is not type(None))
    return get_args(kind)[0] if get_origin(kind) is Annotated else kind
