"""L1: P(w) = λ₁ Σ|w| (Tibshirani 1996, the lasso)."""

from __future__ import annotations

import torch

from reglab.penalties import scaled
from reglab.penalties.penalty import Penalty, Strength
from reglab.penalties.scaled import Scale, Tensors


def add_gradient(grads: Tensors, weights: Tensors, strength: Strength) -> None:
    """g ← g + λ₁ sign(w), with sign(0) = 0: a subgradient, which does not reach exact zeros."""
    scaled.add(grads, torch._foreach_sign(list(weights)), strength.l1)


def decay(weights: Tensors, step: Scale, strength: Strength) -> None:
    """w ← w − η λ₁ sign(w)."""
    scaled.add(weights, torch._foreach_sign(list(weights)), -step * strength.l1)


def shrink(weights: Tensors, step: Scale, strength: Strength) -> None:
    """w ← sign(w) max(|w| − η λ₁, 0): soft thresholding, which reaches exact zeros."""
    scaled.soften(weights, step * strength.l1)


ENTRY = Penalty("l1", "L1", 1, r"\lambda_1 \sum |w|", True, False, add_gradient, decay, shrink)
