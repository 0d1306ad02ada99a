"""The optimizer of a run, with the settings that are its own."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidatorFunctionWrapHandler
from pydantic_core import PydanticKnownError

from reglab.spec.part import Number, SpecPart, Truth, Whole, is_map
from reglab.spec.penalty import Apply

Schedule = Literal["constant", "cosine", "step"]


def _optimizers() -> Mapping[str, Any]:
    """The registered optimizers, which build on this module: looked up by name, when a spec is read."""
    entries: Mapping[str, Any] = importlib.import_module("reglab.optimizers").OPTIMIZERS.entries
    return entries


def _known_optimizer(name: Any) -> Any:
    *first, last = map(repr, known := list(_optimizers()))
    if name not in known:
        raise PydanticKnownError("literal_error", {"expected": f"{', '.join(first)} or {last}"})
    return name


class OptimSpec(SpecPart):
    """The optimizer and its learning-rate schedule; an optimizer with settings of its own has them in a subclass."""

    name: Annotated[str, BeforeValidator(_known_optimizer)] = Field(
        "adam", title="Optimizer", description="How gradients become steps."
    )
    lr: Number = Field(1e-3, gt=0, le=10, title="Learning rate", description="Step size at the start of the schedule.")
    momentum: Number = Field(0.9, ge=0, le=0.999, title="Momentum", description="Momentum of SGD; others ignore it.")
    nesterov: Truth = Field(False, title="Nesterov", description="Look-ahead momentum for SGD.")
    schedule: Schedule = Field(
        "constant",
        title="Schedule",
        description="constant; cosine: down to 0 over the run; step: times the decay factor every so many epochs.",
    )
    step_every: Whole = Field(10, ge=1, le=10_000, title="Step every", description="Epochs between steps (epochs).")
    step_factor: Number = Field(0.1, gt=0, le=1, title="Step factor", description="Factor of each learning-rate step.")

    @classmethod
    def known_keys(cls) -> list[str]:
        own = [key for entry in _optimizers().values() for key in entry.own_settings]
        return list(dict.fromkeys([*cls.model_fields, *own]))

    @classmethod
    def owners(cls, key: str) -> list[str]:
        return [name for name, entry in _optimizers().items() if key in entry.own_settings]

    @staticmethod
    def kind(name: Any) -> type[OptimSpec]:
        """The settings' class of the optimizer ``name``: with its own settings, where it has any."""
        entry = _optimizers().get(name) if isinstance(name, str) else None
        kind: type[OptimSpec] = entry.settings if entry else OptimSpec
        return kind

    @classmethod
    def of(cls, name: str, **settings: Any) -> OptimSpec:
        """The settings of the optimizer ``name``, its own included."""
        return cls.kind(name).model_validate({"name": name, **settings})


def with_own_settings(value: Any, base: ValidatorFunctionWrapHandler) -> OptimSpec:
    """``value`` as the settings' class of the optimizer that it names."""
    if isinstance(value, OptimSpec) and type(value) is not OptimSpec.kind(value.name):
        value = value.model_dump()
    if is_map(value):
        return OptimSpec.kind(value.get("name")).model_validate(value)
    optim: OptimSpec = base(value)
    return optim


def implied_mode(optimizer: Any) -> Apply:
    """The penalty mode of an optimizer where none is given."""
    entry = _optimizers().get(optimizer) if isinstance(optimizer, str) else None
    mode: Apply = entry.mode if entry else "coupled"
    return mode
