"""Gradients of data loss and penalty at a weight tensor; the penalty-to-data gradient ratio is ‖∇P‖ / ‖ḡ‖.

ḡ is the gradient of the data loss averaged over all images of an epoch's batches while the weights move: Σₜ bₜ gₜ / n
for batches of bₜ images. An epoch of plain SGD with equal batches ends at

    w_end = w_start − η Σₜ (gₜ + ∇Pₜ),

so where the weights rest, the ratio is exactly 1, however noisy single batches are (their gradients alone
never vanish). With P coupled, momentum and Adam (once √v stands still) rest there too. Decoupled and proximal steps do
so under plain SGD alone: momentum μ multiplies the data's gradient by 1/(1 − μ), Adam divides it by √v, and neither
touches P's. Weights in front of a batch norm go on turning, and weights under subgradient steps of L1 go on crossing 0.

Units: nats per unit weight.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from reglab.penalties import penalty_of
from reglab.penalties.scaled import Scale, flat, positive

_HUGE = 1e100


@dataclass(frozen=True)
class GradientSums:
    """Σ (images of a batch · gradient of their mean data loss) over the batches so far, by weight tensor."""

    weights: Mapping[str, Tensor]
    sums: Mapping[str, Tensor]

    @torch.no_grad()
    def add(self, images: int) -> None:
        """Add the present gradients, those of a batch of ``images``; call it before a penalty is added."""
        found = [(self.sums[name], w.grad) for name, w in self.weights.items() if w.grad is not None]
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


def gradient_sums(weights: Mapping[str, Tensor]) -> GradientSums:
    """Sums of zero for ``weights``, in the memory layout of each."""
    return GradientSums(weights, {name: torch.zeros_like(w) for name, w in weights.items()})


@torch.no_grad()
def data_gradient_norms(rows: Tensor, mean_gradients: Tensor | None) -> Tensor:
    """‖ḡ‖₂ of each row (K, n) of ``mean_gradients``, in float64; NaN where no batch has been seen."""
    if mean_gradients is None:
        return torch.full((len(rows),), math.nan, dtype=torch.float64, device=rows.device)
    return _norms(mean_gradients)


@torch.no_grad()
def penalty_gradient_norms(
    weights: Tensor,
    own: Mapping[str, Scale],
    l1_norms: Tensor,
    l2_norms: Tensor,
    mean_gradients: Tensor | None,
) -> Tensor:
    """‖∇P(w)‖₂ of a tensor (K, …) with its ``own`` λ by term, for each lane in float64; norms (K,) are its own.

    Where a weight is exactly 0, P may have many slopes; counted is the one that answers the data: −ḡ projected onto the
    subdifferential (Tibshirani 1996: under L1 a weight stays 0 while |ḡ| ≤ λ₁), or 0 where no ḡ is given.
    """
    active = {key: strength for key, strength in own.items() if positive(strength)}
    if not active.keys() <= {"l1", "l2"}:
        return _norms(_answering_gradient(weights.double(), active, mean_gradients).flatten(1))
    return _elastic_net(
        flat(weights), own, l1_norms, l2_norms, None if mean_gradients is None else flat(mean_gradients)
    )


def _answering_gradient(weights: Tensor, own: Mapping[str, Scale], mean_gradients: Tensor | None) -> Tensor:
    """∇P(w) of any sum of terms. At zeros, by Moreau's decomposition: v − prox_P(v) for v = −ḡ is the projection of −ḡ
    onto ∂P(0); weights that are not 0 count as huge there, so that their groups are not thresholded.
    """
    gradient = torch.zeros_like(weights)
    penalty_of(own).add_gradient([gradient], [weights])
    zero = weights == 0
    if mean_gradients is None or not zero.any():
        return gradient
    start = torch.where(zero, -mean_gradients.double(), _HUGE)
    shrunk = start.clone()
    penalty_of({key: strength for key, strength in own.items() if key != "l2"}).shrink([shrunk], 1.0)
    return torch.where(zero, start - shrunk, gradient)


def _elastic_net(
    rows: Tensor, own: Mapping[str, Scale], l1_norms: Tensor, l2_norms: Tensor, mean_gradients: Tensor | None
) -> Tensor:
    """The same for L1 and L2 in closed form, √(λ₁²·nnz + 2λ₁λ₂‖w‖₁ + λ₂²‖w‖₂²), whose terms do not cancel."""
    l1, l2 = (_each(own.get(key, 0.0), l1_norms) for key in ("l1", "l2"))
    if not positive(own.get("l1", 0.0)):
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
