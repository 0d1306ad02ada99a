"""Which tensors J = data loss + Σₜ fₜ (λ₁ Σ|wₜ| + (λ₂/2) Σwₜ²) penalises, each with its own λ and its share of Σw².

Pure: the network gives names, shapes and kinds, which may be those of its skeleton; Σw² of each tensor comes beside.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from reglab.penalties.scope import kinds, multipliers, penalised_kinds
from reglab.spec import PenaltySpec

_LEFT_OUT: Mapping[str, str] = {"bias": "biases", "norm": "norms"}


@dataclass(frozen=True)
class Parameter:
    """One parameter tensor. ``kind``: conv (a kernel over pixels), dense (a matrix), bias, or norm (scale or shift)."""

    name: str
    shape: tuple[int, ...]
    kind: str

    @property
    def count(self) -> int:
        """How many weights it has."""
        return math.prod(self.shape)

    @property
    def scope_kind(self) -> str:
        """The kind as scopes know it: weight, bias or norm."""
        return "weight" if self.kind in ("conv", "dense") else self.kind


@dataclass(frozen=True)
class Row:
    """One tensor under a penalty: its factor f, its own λ₁·f and λ₂·f, why, and Σw² where the weights are known.

    ``share_penalised`` is its part of Σw² over all tensors with f > 0 (None for the others), ``share_all`` over all.
    """

    parameter: Parameter
    factor: float
    l1: float
    l2: float
    why: str
    squares: float | None
    share_penalised: float | None
    share_all: float | None

    @property
    def penalised(self) -> bool:
        """Whether any λ acts on it."""
        return self.l1 > 0 or self.l2 > 0


def parameters(model: nn.Module) -> tuple[Parameter, ...]:
    """Every parameter tensor of ``model``, in its own order; a skeleton on torch's meta device will do."""
    found = kinds(model)
    return tuple(Parameter(name, tuple(p.shape), _kind(found[name], p.ndim)) for name, p in model.named_parameters())


def scope_kinds(tensors: Sequence[Parameter]) -> dict[str, str]:
    """Parameter name → weight, bias or norm, as :func:`reglab.penalties.kinds` of the network says."""
    return {tensor.name: tensor.scope_kind for tensor in tensors}


def squares(weights: Mapping[str, NDArray[Any]]) -> dict[str, float]:
    """Σw² of each array by name, summed in 64 bits."""
    return {name: float(np.square(array, dtype=np.float64).sum()) for name, array in weights.items()}


def mask(
    tensors: Sequence[Parameter], spec: PenaltySpec, squares: Mapping[str, float] | None = None
) -> tuple[Row, ...]:
    """A row for each tensor under ``spec``; ``squares`` is Σw² by name, as far as it is known.

    A share is None where it would need a Σw² that is unknown or not finite.

    :raises SpecError: where a factor names no tensor, or one that the scope leaves out.
    """
    own = multipliers(scope_kinds(tensors), spec)
    known = squares or {}
    whole = _sum(known, own)
    within = _sum(known, [name for name, factor in own.items() if factor])
    return tuple(_row(tensor, own[tensor.name], spec, known.get(tensor.name), within, whole) for tensor in tensors)


def _row(
    tensor: Parameter, factor: float, spec: PenaltySpec, squares: float | None, within: float, whole: float
) -> Row:
    return Row(
        parameter=tensor,
        factor=factor,
        l1=spec.l1 * factor,
        l2=spec.l2 * factor,
        why=_why(tensor, factor, spec),
        squares=squares,
        share_penalised=_share(squares, within) if factor else None,
        share_all=_share(squares, whole),
    )


def _why(tensor: Parameter, factor: float, spec: PenaltySpec) -> str:
    """In words: what put the tensor inside, or left it out."""
    if tensor.scope_kind not in penalised_kinds(spec.scope):
        return f"scope {spec.scope} leaves out {_LEFT_OUT[tensor.kind]}"
    if factor == 0:
        return "factor 0 exempts it"
    if not (spec.l1 or spec.l2):
        return f"in scope {spec.scope}, but both λ are 0"
    return f"in scope {spec.scope}" + (f", λ × {factor:g}" if factor != 1 else "")


def _kind(kind: str, axes: int) -> str:
    return kind if kind != "weight" else "dense" if axes == 2 else "conv"


def _sum(squares: Mapping[str, float], names: Iterable[str]) -> float:
    """Σw² over these tensors; NaN where one of them is not known."""
    return sum(squares.get(name, math.nan) for name in names)


def _share(part: float | None, whole: float) -> float | None:
    return None if part is None or not 0 < whole < math.inf or not math.isfinite(part) else part / whole
