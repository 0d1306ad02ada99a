"""The mask table: every tensor of a network, its own λ of each term, and its share of Σw².

The network gives names, shapes and kinds, and may be a skeleton without weights; Σw² of each tensor is given beside it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reglab.lazy import later
from reglab.penalties.scope import SCOPE_KINDS, Parameter, PenalisedParameters, exempt, multipliers, scope_kinds
from reglab.spec import PenaltySpec

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
else:
    np = later("numpy")

_LEFT_OUT: Mapping[str, str] = {"bias": "biases", "norm": "norms"}


@dataclass(frozen=True)
class Row:
    """One tensor under a penalty: its factor f, its own λ·f by term, why, and Σw² where the weights are known.

    ``share_penalised`` is its part of Σw² over all tensors that some λ acts on, or would if it were not 0 (None for the
    others); ``share_all`` over all tensors.
    """

    parameter: Parameter
    factor: float
    strengths: Mapping[str, float]
    why: str
    squares: float | None
    share_penalised: float | None
    share_all: float | None

    @property
    def penalised(self) -> bool:
        """Whether any λ acts on it."""
        return any(strength > 0 for strength in self.strengths.values())


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
    penalised = PenalisedParameters(own, exempt(tensors))
    known = squares or {}
    strengths_of = {
        name: {key: float(strength) for key, strength in penalised.strengths(name, spec.strengths).items()}
        for name in own
    }
    active = any(spec.strengths.values())
    counted = [name for name, f in own.items() if f and (any(strengths_of[name].values()) or not active)]
    whole, within = _sum(known, own), _sum(known, counted)
    rows = []
    for tensor in tensors:
        factor, square, strengths = own[tensor.name], known.get(tensor.name), strengths_of[tensor.name]
        shares = _share(square, within) if tensor.name in counted else None, _share(square, whole)
        rows.append(Row(tensor, factor, strengths, _why(tensor, factor, strengths, spec), square, *shares))
    return tuple(rows)


def _why(tensor: Parameter, factor: float, strengths: Mapping[str, float], spec: PenaltySpec) -> str:
    """Why the tensor is penalised, or why it is not."""
    if tensor.scope_kind not in SCOPE_KINDS[spec.scope]:
        return f"scope {spec.scope} leaves out {_LEFT_OUT[tensor.kind]}"
    if factor == 0:
        return "factor 0 exempts it"
    if not any(spec.strengths.values()):
        return f"in scope {spec.scope}, but every λ is 0"
    if not any(strengths.values()):
        return "the classifier is exempt" if tensor.classifier else "the penalty leaves it out"
    return f"in scope {spec.scope}" + (f", λ × {factor:g}" if factor != 1 else "")


def _sum(squares: Mapping[str, float], names: Iterable[str]) -> float:
    """Σw² over these tensors; NaN where one of them is not known."""
    return sum(squares.get(name, math.nan) for name in names)


def _share(part: float | None, whole: float) -> float | None:
    return None if part is None or not 0 < whole < math.inf or not math.isfinite(part) else part / whole
