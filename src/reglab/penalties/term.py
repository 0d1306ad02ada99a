"""Penalty terms P(w) = λ·m(w), and the penalty of a run: the sum of its terms with λ > 0."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from reglab.penalties import scaled
from reglab.penalties.scaled import Scale, Tensors

if TYPE_CHECKING:
    from torch import Tensor

    from reglab.penalties.scope import Parameter


@dataclass(frozen=True)
class Formulas:
    """A term in LaTeX and in a sentence each. λ and η·λ come as LaTeX, with the tensor's factor where it has one.

    ``objective(λ, sum, factor)``: the term of J, ``sum`` being the sum sign over the penalised parameters.
    ``gradient(λ)``: ∇P(w). ``proximal(ηλ)``: the proximal map. ``decay(ηλ)``: the decoupled step where this is the only
    term; None: w ← w − η·gradient. ``note``: what these leave open.
    """

    objective: Callable[[str, str, str], str]
    gradient: Callable[[str], str]
    proximal: Callable[[str], str]
    decay: Callable[[str], str] | None = None
    note: str = ""
    gradient_note: str = ""
    proximal_note: str = ""


@dataclass(frozen=True)
class Code:
    """A term as plain text and as code of exported scripts; ``{λ}`` is λ, times the tensor's factor where it has one.

    ``value``, ``gradient``: λ·m(w) and its gradient as text, ``{f}`` being "f·" where tensors have factors.
    Code changes the tensor ``w`` with the learning rate ``lr``; a PyTorch tensor has its filters or units on the first
    axis, a Keras one on the last.
    ``torch_value``: m. ``torch_gradient``: ∇m. ``torch_decay``: w ← w − lr·λ·∇m in place. ``torch_proximal``: the
    proximal map in place. ``keras_regularizer``: a regularizer of λ·m. ``keras_gradient``: ∇m of a NumPy array.
    ``keras_proximal``: the value of the proximal map.
    ``helpers``: name → definition of functions and classes; a script has those that its code uses.
    ``keras_note``: how Keras's λ differs.
    ``is_weight_decay``: λ is the ``weight_decay`` of PyTorch's (coupled and decoupled) and Keras's (decoupled)
    optimizers.
    """

    value: str
    gradient: str
    torch_value: str
    torch_gradient: str
    torch_proximal: str
    keras_regularizer: str
    keras_gradient: str
    keras_proximal: str
    torch_decay: str = "w.add_({gradient}, alpha=-lr * {λ})"
    helpers: Mapping[str, str] = field(default_factory=dict)
    keras_note: str = ""
    is_weight_decay: bool = False


@dataclass(frozen=True)
class Term:
    """P(w) = λ·m(w) for the penalised tensors; ``name`` is the key of λ in specs, from 0 to 1000.

    Every function takes tensors (K, …) of K lanes, K = 1 for a run alone; axis 1 counts a convolution's filters or a
    dense layer's units. ``measure(w)`` is m (K,) of one tensor. ``direction(weights)`` is ∇m, a subgradient where m has
    a kink; ``weights`` itself where ∇m(w) = w. ``shrink(weights, ηλ)`` is the proximal map in place,
    w ← argmin_v ½‖v − w‖² + ηP(v). ``order`` is the place in lists, and that of the proximal map in a sum: soft
    thresholds (10), then groups (20), then divisions (30) compose exactly (Yu, NeurIPS 2013).
    ``penalises`` says which tensors within the scope the term applies to, ``zeroes_filters`` whether the proximal map
    makes whole filters and dense units exactly 0. ``code``: None where scripts cannot have it.
    """

    name: str
    label: str
    order: int
    symbol: str
    latex: str
    help: str
    formulas: Formulas
    measure: Callable[[Tensor], Tensor]
    direction: Callable[[Tensors], Tensors]
    shrink: Callable[[Tensors, Scale], None]
    penalises: Callable[[Parameter], bool] = lambda parameter: True
    zeroes_filters: bool = False
    code: Code | None = None


@dataclass(frozen=True)
class Penalty:
    """P(w) = Σ λ·m(w) over ``terms``, in the order of their proximal maps. Tensors are changed in place."""

    terms: tuple[tuple[Term, Scale], ...]

    @property
    def strengths(self) -> dict[str, Scale]:
        """Key of each term → its λ."""
        return {term.name: strength for term, strength in self.terms}

    def add_gradient(self, gradients: Tensors, weights: Tensors) -> None:
        """g ← g + ∇P(w)."""
        for term, strength in reversed(self.terms):
            scaled.add(gradients, term.direction(weights), strength)

    def decay(self, weights: Tensors, step: Scale) -> None:
        """w ← w − η ∇P(w), all terms at the same w."""
        directions = [(term.direction(weights), strength) for term, strength in self.terms]
        for direction, strength in directions:
            if direction is weights:
                scaled.multiply(weights, 1 - step * strength)
        for direction, strength in directions:
            if direction is not weights:
                scaled.add(weights, direction, -step * strength)

    def shrink(self, weights: Tensors, step: Scale) -> None:
        """w ← argmin_v ½‖v − w‖² + ηP(v): the terms' proximal maps, one after another."""
        for term, strength in self.terms:
            term.shrink(weights, step * strength)


def penalty_of(strengths: Mapping[str, Scale]) -> Penalty:
    """The sum of the terms whose λ is above 0, in any lane where there is one λ a lane."""
    from reglab.penalties import PENALTIES

    active = {key: strength for key, strength in strengths.items() if scaled.positive(strength)}
    for key in active:
        PENALTIES.get(key)
    return Penalty(tuple((term, active[key]) for key, term in PENALTIES.entries.items() if key in active))
