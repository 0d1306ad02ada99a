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

from reglab.penalties import Strength, positive
from reglab.penalties.scaled import Scale


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
def data_gradient_norms(rows: Tensor, mean_gradients: Tensor | None) -> Tensor:
    """‖ḡ‖₂ of each row (K, n) of ``mean_gradients``, in float64; NaN where no batch has been seen."""
    if mean_gradients is None:
        return torch.full((len(rows),), math.nan, dtype=torch.float64, device=rows.device)
    return _norms(mean_gradients)


@torch.no_grad()
def penalty_gradient_norms(
    rows: Tensor, own: Strength, l1_norms: Tensor, l2_norms: Tensor, mean_gradients: Tensor | None
) -> Tensor:
    """‖∇P(w)‖₂ = √(λ₁²·nnz + 2λ₁λ₂‖w‖₁ + λ₂²‖w‖₂²) for each row of weights (K, n) and its ``own`` λ, in float64: no
    term is negative, so none cancels. ``l1_norms`` and ``l2_norms`` (K,) are those of the rows.

    At exact zeros P has not one slope but all of [−λ₁, λ₁]; counted is the one that answers the data, −ḡ cut to that
    interval (Tibshirani 1996: a weight stays 0 while |ḡ| ≤ λ₁), or 0 where no ḡ is given.
    """
    l1, l2 = (_each(scale, l1_norms) for scale in (own.l1, own.l2))
    if not positive(own.l1):
        return l2 * l2_norms
    zero = rows == 0
    found = rows.shape[1] - zero.sum(1)
    square = l1 * l1 * found + 2 * l1 * l2 * l1_norms + (l2 * l2_norms) ** 2
    if mean_gradients is not None:
        cut = l1.to(rows.dtype)[:, None]
        square += _norms(torch.where(zero, mean_gradients.clamp(-cut, cut), 0.0)) ** 2
    return square.sqrt()


def _each(scale: Scale, like: Tensor) -> Tensor:
    """One λ a lane, in float64."""
    return scale.to(like) if isinstance(scale, Tensor) else torch.full_like(like, scale)


def _norms(rows: Tensor) -> Tensor:
    """‖row‖₂ in float64: squares of small float32 gradients would vanish."""
    norms: Tensor = torch.linalg.vector_norm(rows, dim=1, dtype=torch.float64)
    return norms
