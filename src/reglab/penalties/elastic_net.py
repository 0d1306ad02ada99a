"""Elastic net: P(w) = λ₁ Σ|w| + (λ₂/2) Σw² (Zou & Hastie 2005)."""

from __future__ import annotations

import torch

from reglab.penalties import l1, l2, scaled
from reglab.penalties.penalty import Penalty, Strength
from reglab.penalties.scaled import Scale, Tensors


def add_gradient(grads: Tensors, weights: Tensors, strength: Strength) -> None:
    """g ← g + λ₁ sign(w) + λ₂ w."""
    l2.add_gradient(grads, weights, strength)
    l1.add_gradient(grads, weights, strength)


def decay(weights: Tensors, step: Scale, strength: Strength) -> None:
    """w ← w − η (λ₁ sign(w) + λ₂ w), both parts taken at the same w."""
    signs = torch._foreach_sign(list(weights))
    l2.decay(weights, step, strength)
    scaled.add(weights, signs, -step * strength.l1)


def shrink(weights: Tensors, step: Scale, strength: Strength) -> None:
    """w ← sign(w) max(|w| − η λ₁, 0) / (1 + η λ₂)."""
    l1.shrink(weights, step, strength)
    l2.shrink(weights, step, strength)


ENTRY = Penalty(
    name="elastic_net",
    label="elastic net",
    order=3,
    formula=r"\lambda_1 \sum |w| + \frac{\lambda_2}{2} \sum w^2",
    uses_l1=True,
    uses_l2=True,
    add_gradient=add_gradient,
    decay=decay,
    shrink=shrink,
)
