"""No penalty: P(w) = 0."""

from __future__ import annotations

from reglab.penalties.penalty import Penalty, Strength
from reglab.penalties.scaled import Scale, Tensors


def _leave_gradient(grads: Tensors, weights: Tensors, strength: Strength) -> None:
    """∇P = 0: nothing is added."""


def _leave_weights(weights: Tensors, step: Scale, strength: Strength) -> None:
    """P = 0: the weights stay as they are."""


ENTRY = Penalty("none", "none", 0, "0", False, False, _leave_gradient, _leave_weights, _leave_weights)
