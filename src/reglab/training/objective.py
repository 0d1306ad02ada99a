"""How a penalty P enters a step, for gradients g of the data loss, learning rate η and penalised tensors w:

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

from reglab.penalties import PenalisedParameters, Penalty, penalty_of
from reglab.penalties.scaled import Scale
from reglab.spec import Apply
from reglab.training.optimizer_step import take_step


@dataclass(frozen=True)
class PenaltyGroup:
    """Parameters under one penalty; ``weights`` are their tensors (K, …), K = 1 for a run alone."""

    parameters: tuple[Tensor, ...]
    weights: tuple[Tensor, ...]
    penalty: Penalty

    def gradients(self) -> list[Tensor]:
        """The gradients (K, …), 0 for a parameter that has none yet."""
        found = []
        for parameter in self.parameters:
            if parameter.grad is None:
                parameter.grad = torch.zeros_like(parameter)
            found.append(parameter.grad if self.weights is self.parameters else parameter.grad[None])
        return found


Step = Callable[[torch.optim.Optimizer, Sequence[PenaltyGroup], Scale], None]
Change = Callable[[Sequence[PenaltyGroup], Scale], None]
PenaltyMode: TypeAlias = tuple[Apply, Sequence[PenaltyGroup]]
"""A penalty mode, and the parameters whose penalty enters the step in that mode."""


def penalty_groups(
    parameters: Mapping[str, Tensor],
    penalised: PenalisedParameters,
    strengths: Mapping[str, Scale],
    *,
    fused: bool = False,
) -> list[PenaltyGroup]:
    """The parameters with any λ·factor > 0, one group for each distinct penalty, the smallest factor first.

    ``fused``: each tensor has the axis of its lanes already, and each λ may be one a lane (K,).
    """
    named: dict[tuple[float, tuple[str, ...]], list[str]] = {}
    for name, factor in penalised.factors.items():
        if factor:
            named.setdefault((factor, tuple(penalised.strengths(name, strengths))), []).append(name)
    groups = []
    for _, names in sorted(named.items(), key=lambda item: item[0][0]):
        own = penalty_of(penalised.strengths(names[0], strengths))
        if own.terms:
            tensors = tuple(parameters[name] for name in names)
            weights = tensors if fused else tuple(tensor.detach()[None] for tensor in tensors)
            groups.append(PenaltyGroup(tensors, weights, own))
    return groups


@torch.no_grad()
def add_gradients(groups: Sequence[PenaltyGroup], lr: Scale) -> None:
    """g ← g + ∇P(w), between the backward pass and the optimizer's step."""
    for group in groups:
        group.penalty.add_gradient(group.gradients(), group.weights)


@torch.no_grad()
def decay(groups: Sequence[PenaltyGroup], lr: Scale) -> None:
    """w ← w − η ∇P(w), before the optimizer's step."""
    for group in groups:
        group.penalty.decay(group.weights, lr)


@torch.no_grad()
def shrink(groups: Sequence[PenaltyGroup], lr: Scale) -> None:
    """w ← prox_{ηP}(w), after the optimizer's step."""
    for group in groups:
        group.penalty.shrink(group.weights, lr)


BEFORE: Mapping[Apply, Change] = {"coupled": add_gradients, "decoupled": decay}
AFTER: Mapping[Apply, Change] = {"proximal": shrink}


def step(optimizer: torch.optim.Optimizer, modes: Sequence[PenaltyMode], lr: Scale) -> None:
    """The optimizer's step with the penalties of ``modes``."""
    for apply, groups in modes:
        if apply in BEFORE:
            BEFORE[apply](groups, lr)
    take_step(optimizer)
    for apply, groups in modes:
        if apply in AFTER:
            AFTER[apply](groups, lr)


def _alone(apply: Apply, optimizer: torch.optim.Optimizer, groups: Sequence[PenaltyGroup], lr: Scale) -> None:
    step(optimizer, [(apply, groups)], lr)


APPLY: Mapping[Apply, Step] = {apply: partial(_alone, apply) for apply in (*BEFORE, *AFTER)}
"""A step in one penalty mode: ``APPLY["coupled"](optimizer, groups, lr)``."""
