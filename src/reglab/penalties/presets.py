"""Presets of the penalised parameters: each stands for a scope and factors in a given network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reglab.errors import SpecError, UnknownName, shown
from reglab.penalties.scope import SCOPE_KINDS, Parameter, multipliers, scope_kinds
from reglab.spec import PenaltySpec, Scope


@dataclass(frozen=True)
class Preset:
    """A scope, and the kind of weights that factor 0 exempts within it."""

    name: str
    label: str
    about: str
    scope: Scope
    exempt: str | None = None


PRESETS: Mapping[str, Preset] = {
    preset.name: preset
    for preset in (
        Preset("kernels", "exempt biases and norms", "Every weight tensor, and nothing else: the default.", "weights"),
        Preset("conv", "conv only", "Weights of convolutions; dense layers are exempt.", "weights", "dense"),
        Preset("dense", "dense only", "Weights of dense layers; convolutions are exempt.", "weights", "conv"),
        Preset("all", "everything, as torch's weight_decay does", "Every parameter, biases and norms too.", "all"),
    )
}
"""Name → preset; the default first."""


def offered(tensors: Sequence[Parameter]) -> list[str]:
    """The presets that penalise something in this network and differ from those before them."""
    seen: list[dict[str, float]] = []
    names = []
    for name in PRESETS:
        own = multipliers(scope_kinds(tensors), with_preset(name, tensors, PenaltySpec()))
        if any(own.values()) and own not in seen:
            names.append(name)
            seen.append(own)
    return names


def with_preset(name: str, tensors: Sequence[Parameter], spec: PenaltySpec) -> PenaltySpec:
    """``spec`` with the scope and factors of the preset called ``name``; its λ and penalty mode stay.

    :raises UnknownName: where there is no such preset.
    """
    preset = PRESETS.get(name)
    if preset is None:
        raise UnknownName("preset", name, PRESETS)
    factors = {tensor.name: 0.0 for tensor in tensors if tensor.kind == preset.exempt}
    return _with(spec, preset.scope, factors)


def recognise(tensors: Sequence[Parameter], spec: PenaltySpec) -> str | None:
    """The offered preset whose every tensor has the same factor under ``spec``; None where none does.

    :raises SpecError: where a factor of ``spec`` does not fit the network.
    """
    known = scope_kinds(tensors)
    own = multipliers(known, spec)
    same = (name for name in offered(tensors) if multipliers(known, with_preset(name, tensors, spec)) == own)
    return next(same, None)


def with_factor(name: str, factor: float, tensors: Sequence[Parameter], spec: PenaltySpec) -> PenaltySpec:
    """``spec`` with λ times ``factor`` on the tensor called ``name``, and every other tensor as it was.

    A tensor outside the scope widens it, while factors of 0 keep out what was out; where those were all that the
    wider scope had, it narrows again.

    :raises SpecError: on an unknown name, or a factor that is not a number from 0 to 1000.
    """
    own = multipliers(scope_kinds(tensors), spec)
    if name not in own:
        raise SpecError(f"The CNN has no parameter {shown(name)}.")
    if not 0 <= factor <= 1e3:
        raise SpecError(f"The factor of {shown(name)} must be from 0 to 1000, not {factor:g}.")
    own[name] = float(factor)
    scope = _scope_for(own, tensors, spec.scope)
    within = SCOPE_KINDS[scope]
    changed = {t.name: own[t.name] for t in tensors if t.scope_kind in within and own[t.name] != 1}
    return _with(spec, scope, changed)


def fitting(tensors: Sequence[Parameter], spec: PenaltySpec) -> PenaltySpec:
    """``spec`` without the factors that name no tensor of this network, or one that the scope leaves out."""
    known, within = scope_kinds(tensors), SCOPE_KINDS[spec.scope]
    kept = {name: f for name, f in spec.factors.items() if name in known and (not f or known[name] in within)}
    return _with(spec, spec.scope, kept)


def _scope_for(own: Mapping[str, float], tensors: Sequence[Parameter], now: Scope) -> Scope:
    """The narrowest scope with every factor above 0; the present one where it has nothing more to leave out."""
    penalised = {tensor.scope_kind for tensor in tensors if own[tensor.name]}
    needed = next(scope for scope in SCOPE_KINDS if penalised <= SCOPE_KINDS[scope])
    there = {tensor.scope_kind for tensor in tensors}
    same = SCOPE_KINDS[now] & there == SCOPE_KINDS[needed] & there
    return now if same else needed


def _with(spec: PenaltySpec, scope: Scope, factors: Mapping[str, float]) -> PenaltySpec:
    return spec.model_copy(update={"scope": scope, "factors": dict(factors)})
