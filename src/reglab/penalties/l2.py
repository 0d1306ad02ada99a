"""L2: P(w) = (λ₂/2) Σw² (Hoerl & Kennard 1970, ridge; Krogh & Hertz 1991, weight decay)."""

from __future__ import annotations

from reglab.penalties import scaled
from reglab.penalties.penalty import Penalty, Strength
from reglab.penalties.scaled import Scale, Tensors


def add_gradient(grads: Tensors, weights: Tensors, strength: Strength) -> None:
    """g ← g + λ₂ w: what ``weight_decay=λ₂`` of torch's SGD and Adam does."""
    scaled.add(grads, weights, strength.l2)


def decay(weights: Tensors, step: Scale, strength: Strength) -> None:
    """w ← (1 − η λ₂) w: what ``weight_decay=λ₂`` of torch's AdamW does (Loshchilov & Hutter 2019)."""
    scaled.multiply(weights, 1 - step * strength.l2)


def shrink(weights: Tensors, step: Scale, strength: Strength) -> None:
    """w ← w / (1 + η λ₂)."""
    scaled.divide(weights, 1 + step * strength.l2)


ENTRY = Penalty("l2", "L2", 2, r"\frac{\lambda_2}{2} \sum w^2", False, True, add_gradient, decay, shrink)
