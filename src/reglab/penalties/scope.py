"""Penalised parameters: J = data loss + Σₜ fₜ·P(wₜ) over the parameter tensors t, with fₜ = 0 outside the scope."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from reglab.errors import SpecError, shown, suggestion
from reglab.penalties.scaled import Scale
from reglab.spec import PenaltySpec, Scope

if TYPE_CHECKING:
    from torch import nn

SCOPE_KINDS: Mapping[Scope, frozenset[str]] = {
    "weights": frozenset({"weight"}),
    "weights+biases": frozenset({"weight", "bias"}),
    "all": frozenset({"weight", "bias", "norm"}),
}
"""The kinds of parameters in each scope, narrow to wide."""


@dataclass(frozen=True)
class Parameter:
    """One parameter tensor. ``kind``: conv, dense, bias, or norm (scale or shift).

    ``classifier``: it is the last weight tensor, whose units are the classes.
    """

    name: str
    shape: tuple[int, ...]
    kind: str
    classifier: bool = False

    @property
    def count(self) -> int:
        """How many weights it has."""
        return math.prod(self.shape)

    @property
    def scope_kind(self) -> str:
        """The kind as scopes know it: weight, bias or norm."""
        return "weight" if self.kind in ("conv", "dense") else self.kind


@dataclass(frozen=True)
class PenalisedParameters:
    """The factor of λ of every tensor (0: not penalised), and by term the tensors that it leaves out."""

    factors: Mapping[str, float]
    exempt: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def strengths(self, name: str, strengths: Mapping[str, Scale]) -> dict[str, Scale]:
        """The λ·factor of each term that applies to the tensor ``name``."""
        factor = self.factors[name]
        return {key: own * factor for key, own in strengths.items() if name not in self.exempt.get(key, ())}


def penalised_parameters(model: nn.Module, spec: PenaltySpec) -> PenalisedParameters:
    """The penalised parameters of ``model``.

    :raises SpecError: where a factor names no parameter, or one that the scope leaves out.
    """
    tensors = parameters(model)
    return PenalisedParameters(multipliers(scope_kinds(tensors), spec), exempt(tensors))


def scope_kinds(tensors: Sequence[Parameter]) -> dict[str, str]:
    """Parameter name → weight, bias or norm, as :func:`kinds` of the network says."""
    return {tensor.name: tensor.scope_kind for tensor in tensors}


def exempt(tensors: Sequence[Parameter]) -> dict[str, frozenset[str]]:
    """Key of each term → the tensors that it leaves out, whatever the scope."""
    from reglab.penalties import PENALTIES

    return {
        key: frozenset(tensor.name for tensor in tensors if not term.penalises(tensor))
        for key, term in PENALTIES.entries.items()
    }


def parameters(model: nn.Module) -> tuple[Parameter, ...]:
    """Every parameter tensor of ``model``, in its own order; a skeleton on torch's meta device will do."""
    found = kinds(model)
    made = [Parameter(name, tuple(p.shape), _kind(found[name], p.ndim)) for name, p in model.named_parameters()]
    last = next((place for place in reversed(range(len(made))) if made[place].scope_kind == "weight"), None)
    if last is not None:
        made[last] = replace(made[last], classifier=True)
    return tuple(made)


def kinds(model: nn.Module) -> dict[str, str]:
    """Parameter name → "weight" (two or more axes), "bias" (of a layer with a weight) or "norm" (others)."""
    found = {}
    for prefix, module in model.named_modules():
        own = dict(module.named_parameters(recurse=False))
        has_weight = any(parameter.ndim >= 2 for parameter in own.values())
        for name, parameter in own.items():
            full = f"{prefix}.{name}" if prefix else name
            found[full] = "weight" if parameter.ndim >= 2 else "bias" if has_weight else "norm"
    return found


def factors(model: nn.Module, spec: PenaltySpec) -> dict[str, float]:
    """Parameter name → its multiplier of λ: 0 where it is not penalised, else 1 or the spec's own factor.

    :raises SpecError: where a factor names no parameter, or one that the scope leaves out.
    """
    return multipliers(kinds(model), spec)


def multipliers(named: Mapping[str, str], spec: PenaltySpec) -> dict[str, float]:
    """:func:`factors` from the kind of each parameter alone."""
    within = SCOPE_KINDS[spec.scope]
    for name, factor in spec.factors.items():
        if name not in named:
            near = suggestion(name, named)
            raise SpecError(
                f"penalty.factors: the CNN has no parameter {shown(name)}{near}. Known: {', '.join(named)}."
            )
        if factor and named[name] not in within:
            raise SpecError(
                f"penalty.factors: {shown(name)} is outside the scope {spec.scope!r}; choose a wider scope."
            )
    return {name: spec.factors.get(name, 1.0) if kind in within else 0.0 for name, kind in named.items()}


def _kind(kind: str, axes: int) -> str:
    return kind if kind != "weight" else "dense" if axes == 2 else "conv"
