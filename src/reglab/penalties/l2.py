"""L2: P(w) = (λ₂/2) Σw² (Hoerl & Kennard 1970, ridge; Krogh & Hertz 1991, weight decay)."""

from __future__ import annotations

import torch

from reglab.penalties.penalty import Penalty, Strength, Tensors


def add_gradient(grads: Tensors, weights: Tensors, strength: Strength) -> None:
    """g ← g + λ₂ w: what ``weight_decay=λ₂`` of torch's SGD and Adam does."""
    torch._foreach_add_(list(grads), list(weights), alpha=strength.l2)


def decay(weights: Tensors, step: float, strength: Strength) -> None:
    """w ← (1 − η λ₂) w: what ``weight_decay=λ₂`` of torch's AdamW does (Loshchilov & Hutter 2019)."""
    torch._foreach_mul_(list(weights), 1 - step * strength.l2)


def shrink(weights: Tensors, step: float, strength: Strength) -> None:
    """w ← w / (1 + η λ₂)."""
    torch._foreach_div_(list(weights), 1 + step * strength.l2)


ENTRY = Penalty("l2", "L2", 2, r"\frac{\lambda_2}{2} \sum w^2", False, True, add_gradient, decay, shrink)
