"""What regularizes a run besides its penalty."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError, PydanticKnownError

from reglab.number_format import exact
from reglab.spec.part import Number, SpecPart


def regularizers() -> Mapping[str, Any]:
    """The registered regularizers; imported late, since their package imports this module."""
    entries: Mapping[str, Any] = importlib.import_module("reglab.regularizers").REGULARIZERS.entries
    return entries


AUGMENTATIONS = ("shift", "flip", "rotate", "crop", "erase")
"""What ``regularize.augment`` may join by "+", in the order in which it is written."""


def _augmentations(value: Any) -> Any:
    """``value`` with each augmentation once, in the order of :data:`AUGMENTATIONS`; "none" where it names none."""
    if value is None or (isinstance(value, str) and value.strip() in ("", "none")):
        return "none"
    named = value.replace("+", " ").split() if isinstance(value, str) else [value]  # a link's + is a space
    if any(word not in AUGMENTATIONS for word in named):
        *first, last = map(repr, AUGMENTATIONS)
        raise PydanticKnownError("literal_error", {"expected": f"'none', or {', '.join(first)}, {last} joined by +"})
    return "+".join(word for word in AUGMENTATIONS if word in named)


class RegularizeSpec(SpecPart):
    """What regularizes besides the penalty, dropout and early stopping; all of it is off unless given.

    A regularizer of another package has its setting under its own key, a number that is 0 unless given.
    """

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Number] = Field(init=False)

    label_smoothing: Number = Field(
        0.0,
        ge=0,
        le=0.95,
        title="Label smoothing ε",
        description="Share ε of each label that goes to all classes alike: the training criterion becomes "
        "(1 − ε)·CE + ε·mean CE over classes. 0 is off.",
    )
    mixup: Number = Field(
        0.0,
        ge=0,
        le=100,
        title="Mixup α",
        description="Train on mixtures λx + (1 − λ)x′ of two images and of their labels' losses, one λ ~ Beta(α, α) "
        "a batch. 0.1 to 1 are usual; 0 is off.",
    )
    max_norm: Number | None = Field(
        None,
        gt=0,
        le=1e3,
        title="Max-norm c",
        description="After each step, incoming weights of a unit or filter longer than c are scaled to length c. "
        "2 to 4 are usual; empty is off.",
    )
    augment: Annotated[str, BeforeValidator(_augmentations)] = Field(
        "none",
        title="Augmentation",
        description="Change training images at random, anew in each step: shift (± 10 % of the side), flip (left to "
        "right, half of the images), rotate (± 15°), crop (80 to 100 % of the side, enlarged), erase (a rectangle, "
        "half of the images).",
    )

    @model_validator(mode="before")
    @classmethod
    def _known_regularizers(cls, values: Any) -> Any:
        """Refuse keys and values of no registered regularizer; drop those that are off."""
        others = [key for key in values if key not in cls.model_fields] if isinstance(values, Mapping) else []
        for key in others:
            if key not in cls.known_keys():
                known = PydanticCustomError("extra_forbidden", "Extra inputs are not permitted")
                details = [InitErrorDetails(type=known, loc=(key,), input=values[key])]
                raise ValidationError.from_exception_data(cls.__name__, details)
        dropped = {key for key in others if not isinstance(values[key], bool | str) and values[key] == 0}
        return {key: value for key, value in values.items() if key not in dropped} if dropped else values

    @model_validator(mode="after")
    def _extras_in_range(self) -> RegularizeSpec:
        for key, value in self.__pydantic_extra__.items():
            most = regularizers()[key].most
            if not 0 <= value <= most:
                raise ValueError(f"{key} must be from 0 to {most:g}, not {value:g}")
        return self

    @classmethod
    def known_keys(cls) -> list[str]:
        own = [entry.key for entry in regularizers().values() if entry.part == "regularize"]
        return list(dict.fromkeys([*cls.model_fields, *own]))

    @property
    def label(self) -> str:
        """What is on: "label smoothing 0.1, augmentation shift+flip"; empty where nothing is."""
        own = [entry for entry in regularizers().values() if entry.part == "regularize"]
        values = {entry.label: getattr(self, entry.key, entry.off) for entry in own}
        on = [(entry.label, values[entry.label]) for entry in own if values[entry.label] != entry.off]
        return ", ".join(f"{label} {value if isinstance(value, str) else exact(value)}" for label, value in on)
