"""RegLab's own convention against its engine: one step of each way to apply it."""

from __future__ import annotations

import numpy as np
import torch
from tests.conventions.canonical import gradient, meaning, same, weights

from reglab.penalties import PenalisedParameters
from reglab.training.objective import APPLY, penalty_groups

LR = 0.1


def step(apply: str, l1: float, l2: float) -> torch.Tensor:
    """One SGD step of the engine on gradient g."""
    w = torch.tensor(weights(), requires_grad=True)
    w.grad = torch.tensor(weights(seed=1))
    groups = penalty_groups({"w": w}, PenalisedParameters({"w": 1.0}), {"l1": l1, "l2": l2})
    APPLY[apply](torch.optim.SGD([w], lr=LR), groups, LR)  # type: ignore[index]
    return w.detach()


def test_coupled() -> None:
    m = meaning("reglab", {"l1": 0.2, "l2": 0.3})
    expected = weights() - LR * (weights(seed=1) + gradient(weights(), m))
    same(step("coupled", 0.2, 0.3), torch.tensor(expected))


def test_decoupled() -> None:
    m = meaning("reglab-decoupled", 0.3)
    expected = weights() * (1 - LR * m.decay) - LR * weights(seed=1)
    same(step("decoupled", 0.0, 0.3), torch.tensor(expected))


def test_proximal_has_the_same_meaning() -> None:
    """u = w − lr·g; the proximal point p satisfies (p − u)/lr + ∇P(p) = 0 where p ≠ 0: the same P."""
    m, u = meaning("reglab", {"l1": 0.2, "l2": 0.3}), weights() - LR * weights(seed=1)
    p = step("proximal", 0.2, 0.3).numpy()
    moving = p != 0
    np.testing.assert_allclose(((p - u) / LR + gradient(p, m))[moving], 0, atol=1e-12)
    assert (np.abs(u[~moving]) <= LR * 0.2).all()
