"""How a penalty enters a step, for gradients g of the data loss, learning rate η and penalised tensors w:

coupled     g ← g + ∇P(w), then the optimizer's step: the gradient of J, as a term in the loss or torch's weight_decay
decoupled   w ← w − η ∇P(w), then the optimizer's step on g (Loshchilov & Hutter 2019): AdamW
proximal    the optimizer's step on g, then w ← prox_{ηP}(w): ISTA for plain SGD (Beck & Teboulle 2009)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

import torch
from torch import Tensor

from reglab.penalties import Penalty, Strength, positive, select
from reglab.penalties.scaled import Scale
from reglab.spec import Apply


@dataclass(frozen=True)
class Group:
    """Tensors that share one λ, and the penalty that λ makes of them."""

    weights: tuple[Tensor, ...]
    strength: Strength
    penalty: Penalty


Step = Callable[[torch.optim.Optimizer, Sequence[Group], Scale], None]
Change = Callable[[Sequence[Group], Scale], None]
PenaltyMode: TypeAlias = tuple[Apply, Sequence[Group]]
"""How a penalty is applied, and to which groups."""


def group_by_strength(tensors: Mapping[str, Tensor], factors: Mapping[str, float], strength: Strength) -> list[Group]:
    """The tensors with λ·factor > 0, one group for each distinct factor."""
    groups = []
    for factor in sorted({f for f in factors.values() if f}):
        own, weights = strength * factor, tuple(tensors[name] for name, f in factors.items() if f == factor)
        if positive(own.l1) or positive(own.l2):
            groups.append(Group(weights, own, select(own)))
    return groups


@torch.no_grad()
def add_gradients(groups: Sequence[Group], lr: Scale) -> None:
    """g ← g + ∇P(w), between the backward pass and the optimizer's step."""
    for group in groups:
        group.penalty.add_gradient([_gradient(w) for w in group.weights], group.weights, group.strength)


@torch.no_grad()
def decay(groups: Sequence[Group], lr: Scale) -> None:
    """w ← w − η ∇P(w), before the optimizer's step."""
    for group in groups:
        group.penalty.decay(group.weights, lr, group.strength)


@torch.no_grad()
def shrink(groups: Sequence[Group], lr: Scale) -> None:
    """w ← prox_{ηP}(w), after the optimizer's step."""
    for group in groups:
        group.penalty.shrink(group.weights, lr, group.strength)


BEFORE: Mapping[Apply, Change] = {"coupled": add_gradients, "decoupled": decay}
AFTER: Mapping[Apply, Change] = {"proximal": shrink}


def step(optimizer: torch.optim.Optimizer, ways: Sequence[PenaltyMode], lr: Scale) -> None:
    """The optimizer's step with the penalties of ``ways``, each applied as its name says."""
    for apply, groups in ways:
        if apply in BEFORE:
            BEFORE[apply](groups, lr)
    optimizer.step()
    for apply, groups in ways:
        if apply in AFTER:
            AFTER[apply](groups, lr)


def _alone(apply: Apply, optimizer: torch.optim.Optimizer, groups: Sequence[Group], lr: Scale) -> None:
    step(optimizer, [(apply, groups)], lr)


APPLY: Mapping[Apply, Step] = {apply: partial(_alone, apply) for apply in (*BEFORE, *AFTER)}
"""A step with one way of applying the penalty: ``APPLY["coupled"](optimizer, groups, lr)``."""


def _gradient(weight: Tensor) -> Tensor:
    if weight.grad is None:
        weight.grad = torch.zeros_like(weight)
    return weight.grad
