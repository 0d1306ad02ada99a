"""How a penalty enters a step, for gradients g of the data loss, learning rate η and penalised tensors w:

coupled     g ← g + ∇P(w), then the optimizer's step: the gradient of J, as a term in the loss or torch's weight_decay
decoupled   w ← w − η ∇P(w), then the optimizer's step on g (Loshchilov & Hutter 2019): AdamW
proximal    the optimizer's step on g, then w ← prox_{ηP}(w): ISTA for plain SGD (Beck & Teboulle 2009)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from reglab.penalties import Penalty, Strength, select
from reglab.spec import Apply


@dataclass(frozen=True)
class Group:
    """Tensors that share one λ, and the penalty that λ makes of them."""

    weights: tuple[Tensor, ...]
    strength: Strength
    penalty: Penalty


Step = Callable[[torch.optim.Optimizer, Sequence[Group], float], None]


def group_by_strength(tensors: Mapping[str, Tensor], factors: Mapping[str, float], strength: Strength) -> list[Group]:
    """The tensors with λ·factor > 0, one group for each distinct factor."""
    groups = []
    for factor in sorted({f for f in factors.values() if f}):
        own, weights = strength * factor, tuple(tensors[name] for name, f in factors.items() if f == factor)
        if own.l1 or own.l2:
            groups.append(Group(weights, own, select(own)))
    return groups


@torch.no_grad()
def coupled(optimizer: torch.optim.Optimizer, groups: Sequence[Group], lr: float) -> None:
    """g ← g + ∇P(w); step."""
    for group in groups:
        group.penalty.add_gradient([_gradient(w) for w in group.weights], group.weights, group.strength)
    optimizer.step()


@torch.no_grad()
def decoupled(optimizer: torch.optim.Optimizer, groups: Sequence[Group], lr: float) -> None:
    """w ← w − η ∇P(w); step."""
    for group in groups:
        group.penalty.decay(group.weights, lr, group.strength)
    optimizer.step()


@torch.no_grad()
def proximal(optimizer: torch.optim.Optimizer, groups: Sequence[Group], lr: float) -> None:
    """Step; w ← prox_{ηP}(w)."""
    optimizer.step()
    for group in groups:
        group.penalty.shrink(group.weights, lr, group.strength)


APPLY: Mapping[Apply, Step] = {"coupled": coupled, "decoupled": decoupled, "proximal": proximal}


def _gradient(weight: Tensor) -> Tensor:
    if weight.grad is None:
        weight.grad = torch.zeros_like(weight)
    return weight.grad
