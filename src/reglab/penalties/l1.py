"""L1: P(w) = λ₁ Σ|w| (Tibshirani 1996, the lasso)."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from reglab.penalties.penalty import Penalty, Strength, Tensors


def add_gradient(grads: Tensors, weights: Tensors, strength: Strength) -> None:
    """g ← g + λ₁ sign(w), with sign(0) = 0: a subgradient, which does not reach exact zeros."""
    torch._foreach_add_(list(grads), torch._foreach_sign(list(weights)), alpha=strength.l1)


def decay(weights: Tensors, step: float, strength: Strength) -> None:
    """w ← w − η λ₁ sign(w)."""
    torch._foreach_add_(list(weights), torch._foreach_sign(list(weights)), alpha=-step * strength.l1)


def shrink(weights: Tensors, step: float, strength: Strength) -> None:
    """w ← sign(w) max(|w| − η λ₁, 0): soft thresholding, which reaches exact zeros."""
    for weight in weights:
        weight.copy_(F.softshrink(weight, step * strength.l1))


ENTRY = Penalty("l1", "L1", 1, r"\lambda_1 \sum |w|", True, False, add_gradient, decay, shrink)
