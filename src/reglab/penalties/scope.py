"""Where a penalty acts: J = data loss + Σₜ fₜ·P(wₜ) over the parameter tensors t, with fₜ = 0 outside the scope."""

from __future__ import annotations

from collections.abc import Mapping

from torch import nn

from reglab.errors import SpecError, shown, suggestion
from reglab.spec import PenaltySpec, Scope

_KINDS: Mapping[Scope, frozenset[str]] = {
    "weights": frozenset({"weight"}),
    "weights+biases": frozenset({"weight", "bias"}),
    "all": frozenset({"weight", "bias", "norm"}),
}


def kinds(model: nn.Module) -> dict[str, str]:
    """Parameter name → "weight" (a kernel, two or more axes), "bias" (of a layer with a kernel) or "norm" (others)."""
    found = {}
    for prefix, module in model.named_modules():
        own = dict(module.named_parameters(recurse=False))
        has_kernel = any(parameter.ndim >= 2 for parameter in own.values())
        for name, parameter in own.items():
            full = f"{prefix}.{name}" if prefix else name
            found[full] = "weight" if parameter.ndim >= 2 else "bias" if has_kernel else "norm"
    return found


def penalised_kinds(scope: Scope) -> frozenset[str]:
    """The kinds of tensors in ``scope``."""
    return _KINDS[scope]


def factors(model: nn.Module, spec: PenaltySpec) -> dict[str, float]:
    """Parameter name → its multiplier of λ: 0 where it is not penalised, else 1 or the spec's own factor.

    :raises SpecError: where a factor names no parameter, or one that the scope leaves out.
    """
    return multipliers(kinds(model), spec)


def multipliers(named: Mapping[str, str], spec: PenaltySpec) -> dict[str, float]:
    """The same for parameters of whom only name and kind are known."""
    for name, factor in spec.factors.items():
        if name not in named:
            near = suggestion(name, named)
            raise SpecError(
                f"penalty.factors: the CNN has no parameter {shown(name)}{near}. Known: {', '.join(named)}."
            )
        if factor and named[name] not in _KINDS[spec.scope]:
            raise SpecError(
                f"penalty.factors: {shown(name)} is outside the scope {spec.scope!r}; choose a wider scope."
            )
    return {name: spec.factors.get(name, 1.0) if kind in _KINDS[spec.scope] else 0.0 for name, kind in named.items()}
