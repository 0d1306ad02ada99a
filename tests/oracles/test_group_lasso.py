"""Group lasso on strongly convex least squares against an accelerated proximal-gradient solver in NumPy alone."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from reglab.optimizers.construct import make_optimizer
from reglab.penalties import PenalisedParameters
from reglab.spec import OptimSpec
from reglab.training.objective import APPLY, penalty_groups
from reglab.training.stats import layer_stats

Array = NDArray[np.float64]
UNITS, INPUTS, ROWS = 6, 5, 200


def problem() -> tuple[Array, Array]:
    """X (rows, inputs) and Y (rows, units), to which only the even units contribute much."""
    random = np.random.default_rng(3)
    x = random.normal(size=(ROWS, INPUTS))
    w = random.normal(size=(UNITS, INPUTS)) * np.array([1, 0.02, 1, 0.02, 1, 0.02])[:, None]
    return x, x @ w.T + 0.1 * random.normal(size=(ROWS, UNITS))


def solve(x: Array, y: Array, l1: float, group: float, l2: float) -> Array:
    """argmin ½/n ‖XWᵀ − Y‖² + λ₁ Σ|w| + λᴳ √inputs Σ‖w_u‖ + (λ₂/2) Σw², by FISTA with restarts."""
    n = len(x)
    hessian, cross = x.T @ x / n, y.T @ x / n
    rate = 1 / (np.linalg.eigvalsh(hessian)[-1] + l2)
    w = ahead = np.zeros((y.shape[1], x.shape[1]))
    momentum = 1.0
    for _ in range(4000):
        moved = ahead - rate * (ahead @ hessian - cross + l2 * ahead)
        moved = np.sign(moved) * np.maximum(np.abs(moved) - rate * l1, 0)
        norms = np.linalg.norm(moved, axis=1, keepdims=True)
        moved = moved * np.maximum(1 - rate * group * np.sqrt(x.shape[1]) / np.maximum(norms, 1e-300), 0)
        if ((ahead - moved) * (moved - w)).sum() > 0:
            momentum = 1.0
        following = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
        ahead, w, momentum = moved + (momentum - 1) / following * (moved - w), moved, following
    return w


def residual(w: Array, x: Array, y: Array, l1: float, group: float, l2: float) -> float:
    """Largest violation of the KKT conditions 0 ∈ ∇(data + L2) + λ₁ ∂Σ|w| + λᴳ √inputs ∂Σ‖w_u‖."""
    slope = (w @ x.T - y.T) @ x / len(x) + l2 * w
    reach, worst = group * np.sqrt(x.shape[1]), 0.0
    for unit, own in zip(w, slope, strict=True):
        norm = np.linalg.norm(unit)
        if norm == 0:
            least = float(np.linalg.norm(np.maximum(np.abs(own) - l1, 0)))
            worst = max(worst, least - reach)
            continue
        left = own + reach * unit / norm
        there = unit != 0
        worst = max(worst, np.abs(left[there] + l1 * np.sign(unit[there])).max())
        worst = max(worst, np.abs(left[~there]).max(initial=0) - l1)
    return worst


def ours(x: Array, y: Array, strengths: dict[str, float]) -> Array:
    """The weights after 3,000 proximal steps of RegLab on the same objective."""
    images, targets = torch.from_numpy(x), torch.from_numpy(y)
    weight = torch.zeros(UNITS, INPUTS, dtype=torch.float64, requires_grad=True)
    optimizer = make_optimizer(OptimSpec(name="sgd", lr=0.5, momentum=0.0), [weight])
    groups = penalty_groups({"weight": weight}, PenalisedParameters({"weight": 1.0}), strengths)
    for _ in range(3000):
        optimizer.zero_grad()
        ((images @ weight.T - targets).square().sum() / (2 * ROWS)).backward()  # type: ignore[no-untyped-call]
        APPLY["proximal"](optimizer, groups, 0.5)
    return weight.detach().numpy()


@pytest.mark.parametrize(("l1", "group", "l2"), [(0.0, 0.05, 0.0), (0.0, 0.05, 0.1), (0.03, 0.03, 0.1)])
def test_both_reach_the_optimum_and_the_same_zero_units(l1: float, group: float, l2: float) -> None:
    x, y = problem()
    expected, found = solve(x, y, l1, group, l2), ours(x, y, {"l1": l1, "group": group, "l2": l2})
    assert residual(expected, x, y, l1, group, l2) <= 1e-12
    assert residual(found, x, y, l1, group, l2) <= 1e-12
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-10)
    zero = (found == 0).all(1)
    np.testing.assert_array_equal(zero, (expected == 0).all(1))
    assert zero.tolist() == [False, True] * 3
    slope = torch.from_numpy((found @ x.T - y.T) @ x / ROWS)
    stats = layer_stats("w", torch.from_numpy(found), {"l1": l1, "group": group, "l2": l2}, slope)
    assert stats.penalty_grad == pytest.approx(stats.data_grad, rel=1e-9)
    assert (stats.units, stats.zero_units) == (UNITS, 3)
