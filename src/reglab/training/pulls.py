"""J = data loss + P(w): the data pull at a kernel with ḡ, the penalty pulls back with ∇P = f·(λ₁ sign w + λ₂ w).

ḡ is the gradient of the data loss averaged over all images of an epoch's batches while the weights move: Σₜ bₜ gₜ / n
for batches of bₜ images. The average makes the two comparable, for an epoch of plain SGD with equal batches ends at

    w_end = w_start − η Σₜ (gₜ + ∇Pₜ),

so where the weights have come to rest, the averaged pulls cancel: ‖∇P‖ / ‖ḡ‖ is exactly 1, however noisy single batches
are (their gradients alone never vanish). With P coupled, momentum and Adam (once √v stands still) rest there too.
Decoupled and proximal steps do so under plain SGD alone: momentum μ multiplies the data's pull by 1/(1 − μ), Adam
divides it by √v, and neither touches P's. In front of a batch norm, weights go on turning, and under a subgradient step
of L1 they go on hopping over 0.

Units: nats per unit weight.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from reglab.penalties import Strength


@dataclass(frozen=True)
class GradientSums:
    """Σ (images of a batch · gradient of their mean data loss) over the batches so far, kernel by kernel."""

    kernels: Mapping[str, Tensor]
    sums: Mapping[str, Tensor]

    @torch.no_grad()
    def add(self, images: int) -> None:
        """Add the kernels' present gradients, those of a batch of ``images``; call it before a penalty is added."""
        found = [(self.sums[name], w.grad) for name, w in self.kernels.items() if w.grad is not None]
        if found:
            sums, gradients = zip(*found, strict=True)
            torch._foreach_add_(list(sums), list(gradients), alpha=images)

    def fill(self, value: float) -> None:
        """Begin anew from ``value`` everywhere: 0, or NaN where the sum so far is not known."""
        for total in self.sums.values():
            total.fill_(value)

    def restore(self, tensors: Mapping[str, Tensor], step: int) -> None:
        """Continue from the sums in ``tensors`` after ``step`` batches; checkpoints of older versions hold none."""
        self.fill(0.0 if step == 0 else math.nan)
        for name in self.sums.keys() & tensors.keys():
            self.sums[name].copy_(tensors[name])


def gradient_sums(kernels: Mapping[str, Tensor]) -> GradientSums:
    """Sums of zero for ``kernels``, in the memory layout of each."""
    return GradientSums(kernels, {name: torch.zeros_like(w) for name, w in kernels.items()})


@torch.no_grad()
def data_pull(mean_gradient: Tensor | None) -> float:
    """‖ḡ‖₂, accumulated in float64; NaN where no batch has been seen."""
    return math.nan if mean_gradient is None else _norm(mean_gradient)


@torch.no_grad()
def penalty_pull(weight: Tensor, own: Strength, l1_norm: float, l2_norm: float, mean_gradient: Tensor | None) -> float:
    """‖∇P(w)‖₂ = √(λ₁²·nnz + 2λ₁λ₂‖w‖₁ + λ₂²‖w‖₂²) for a kernel's ``own`` λ: no term is negative, so none cancels.

    At exact zeros P has not one slope but all of [−λ₁, λ₁]; counted is the one that answers the data, −ḡ cut to that
    interval (Tibshirani 1996: a weight stays 0 while |ḡ| ≤ λ₁), or 0 where no ḡ is given.
    """
    if not own.l1:
        return own.l2 * l2_norm
    zero = weight == 0
    found = weight.numel() - int(zero.sum())
    square = own.l1 * own.l1 * found + 2 * own.l1 * own.l2 * l1_norm + own.l2 * l2_norm * own.l2 * l2_norm
    if mean_gradient is not None and found < weight.numel():
        square += _norm(mean_gradient[zero].clamp(-own.l1, own.l1)) ** 2
    return math.sqrt(square)


def _norm(tensor: Tensor) -> float:
    """‖tensor‖₂ in float64: squares of small float32 gradients would vanish."""
    return float(torch.linalg.vector_norm(tensor, dtype=torch.float64))
