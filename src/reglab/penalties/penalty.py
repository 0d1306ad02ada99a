"""A penalty P(w) = λ₁ Σ|w| + (λ₂/2) Σw², one of whose λ may be absent: what every entry of this registry knows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from reglab.penalties.scaled import Scale, Tensors


@dataclass(frozen=True)
class Strength:
    """The pair (λ₁, λ₂) of J = data loss + λ₁ Σ|w| + (λ₂/2) Σw²; both at least 0.

    For tensors (K, …) that stack K lanes, each λ may be a tensor (K,): one λ a lane.
    """

    l1: Scale
    l2: Scale

    def __mul__(self, factor: float) -> Strength:
        """Both λ times ``factor``, as for one layer's own λ."""
        return Strength(self.l1 * factor, self.l2 * factor)


@dataclass(frozen=True)
class Penalty:
    """One penalty's formula and its three uses. Every function takes tensors of any shape and changes them in place.

    ``formula`` is P(w) in LaTeX. ``add_gradient(grads, weights, λ)`` adds ∇P, with the subgradient 0 at w = 0.
    ``decay(weights, η, λ)`` is w ← w − η ∇P(w). ``shrink(weights, η, λ)`` is the proximal map
    w ← argmin_v ½‖v − w‖² + η P(v) (Parikh & Boyd, Proximal Algorithms, 2014, sections 6.5.2 and 6.5.3).
    """

    name: str
    label: str
    order: int
    formula: str
    uses_l1: bool
    uses_l2: bool
    add_gradient: Callable[[Tensors, Tensors, Strength], None]
    decay: Callable[[Tensors, Scale, Strength], None]
    shrink: Callable[[Tensors, Scale, Strength], None]
