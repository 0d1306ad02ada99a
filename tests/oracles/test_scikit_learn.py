"""RegLab's engine on linear models against scikit-learn's own solvers: the same optimum, and L1's same zeros.

scikit-learn's objectives, and the λ of J that each stands for (never on the intercept):

Ridge(α)                 ‖y − Xw‖² + α‖w‖²                          data loss ½·mean square: λ₂ = α/n
ElasticNet(α, ρ)         ‖y − Xw‖²/(2n) + αρ‖w‖₁ + α(1 − ρ)/2·‖w‖²   λ₁ = αρ, λ₂ = α(1 − ρ)
LogisticRegression(C, ρ) mean CE + (1/(Cn))[(1 − ρ)/2·‖w‖² + ρ‖w‖₁]   λ₁ = ρ/(Cn), λ₂ = (1 − ρ)/(Cn)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from sklearn.datasets import load_diabetes, load_digits
from sklearn.linear_model import ElasticNet, Lasso, LogisticRegression, Ridge
from torch import Tensor, nn

from reglab.datasets.cache import load_images
from reglab.optimizers.construct import make_optimizer
from reglab.penalties import PenalisedParameters
from reglab.spec import Apply, OptimSpec
from reglab.training.objective import APPLY, penalty_groups

TOLERANCE = 1e-4

Loss = Callable[[Tensor], Tensor]


def regression() -> tuple[Tensor, Tensor]:
    """442 patients, ten standardised measurements, the progression of their diabetes in units of its deviation."""
    x, y = load_diabetes(return_X_y=True)
    x, y = (x - x.mean(0)) / x.std(0), (y - y.mean()) / y.std() + 0.7  # an intercept that is worth fitting
    return torch.from_numpy(x), torch.from_numpy(y)


def classification() -> tuple[Tensor, Tensor]:
    """400 digits of 4×4 pixels. Three classes: with an even number, a pixel's weights have no single median
    over the classes, and L1 no single optimum.
    """
    digits = load_digits(n_class=3)
    small = digits.images[:400].reshape(-1, 4, 2, 4, 2).mean(axis=(2, 4)).reshape(400, 16)
    return torch.from_numpy((small - small.mean(0)) / small.std(0)), torch.from_numpy(digits.target[:400])


def minimise(
    model: nn.Linear,
    loss: Loss,
    strength: Mapping[str, float],
    apply: Apply,
    *,
    lr: float,
    momentum: float = 0.0,
    steps: int,
    fresh: bool = True,
) -> NDArray[np.float64]:
    """The weights after full-batch steps of our engine from 0, penalised but for the intercept: ``steps`` of them, or
    as many as it takes until one moves no weight by more than 1e-9. ``fresh=False`` goes on from where the model is.
    """
    if fresh:
        nn.init.zeros_(model.weight)
        nn.init.zeros_(model.bias)
    spec = OptimSpec(name="sgd", lr=lr, momentum=momentum)
    optimizer = make_optimizer(spec, model.parameters())
    groups = penalty_groups({"weight": model.weight}, PenalisedParameters({"weight": 1.0}), strength)
    for _ in range(steps):
        before = model.weight.detach().clone()
        optimizer.zero_grad()
        loss(model.weight).backward()  # type: ignore[no-untyped-call]
        APPLY[apply](optimizer, groups, lr)
        if (model.weight.detach() - before).abs().max() <= 1e-9:
            break
    found: NDArray[np.float64] = model.weight.detach().numpy().copy()
    return found


def half_mean_square(x: Tensor, y: Tensor) -> tuple[nn.Linear, Loss]:
    model = nn.Linear(x.shape[1], 1).double()
    return model, lambda _: 0.5 * (model(x).squeeze(1) - y).square().mean()


def mean_cross_entropy(x: Tensor, y: Tensor) -> tuple[nn.Linear, Loss]:
    model = nn.Linear(x.shape[1], 3).double()
    return model, lambda _: F.cross_entropy(model(x), y)


@pytest.mark.parametrize("apply", ["coupled", "proximal"])
@pytest.mark.parametrize("alpha", [0.5, 20.0, 400.0])
def test_ridge(alpha: float, apply: Apply) -> None:
    x, y = regression()
    found = minimise(*half_mean_square(x, y), {"l2": alpha / len(x)}, apply, lr=0.2, momentum=0.0, steps=5_000)
    expected = Ridge(alpha=alpha, tol=1e-12).fit(x.numpy(), y.numpy())
    assert np.abs(found[0] - expected.coef_).max() <= TOLERANCE


@pytest.mark.parametrize(("alpha", "ratio"), [(0.02, 0.5), (0.1, 0.9), (0.3, 0.2)])
def test_elastic_net_by_proximal_steps_has_scikit_learns_zeros(alpha: float, ratio: float) -> None:
    x, y = regression()
    strength = {"l1": alpha * ratio, "l2": alpha * (1 - ratio)}
    found = minimise(*half_mean_square(x, y), strength, "proximal", lr=0.2, steps=5_000)
    expected = ElasticNet(alpha=alpha, l1_ratio=ratio, tol=1e-12, max_iter=100_000).fit(x.numpy(), y.numpy())
    assert np.abs(found[0] - expected.coef_).max() <= TOLERANCE
    assert (found[0] == 0).tolist() == (expected.coef_ == 0).tolist()


@pytest.mark.parametrize("alpha", [0.01, 0.05, 0.2])
def test_lasso_by_proximal_steps_has_scikit_learns_zeros(alpha: float) -> None:
    x, y = regression()
    found = minimise(*half_mean_square(x, y), {"l1": alpha, "l2": 0}, "proximal", lr=0.2, steps=5_000)
    expected = Lasso(alpha=alpha, tol=1e-12, max_iter=100_000).fit(x.numpy(), y.numpy())
    assert np.abs(found[0] - expected.coef_).max() <= TOLERANCE
    assert (found[0] == 0).tolist() == (expected.coef_ == 0).tolist()
    assert 0 < (found == 0).sum() < found.size


def test_elastic_net_by_subgradient_steps_comes_near_but_has_no_zero() -> None:
    """A subgradient step of size η keeps jumping across 0 by up to ηλ₁: near the optimum for a small η, never at 0."""
    x, y = regression()
    fitted = half_mean_square(x, y)
    for lr in (0.02, 0.004, 0.001):
        found = minimise(*fitted, {"l1": 0.05, "l2": 0.01}, "coupled", lr=lr, steps=2_000, fresh=lr == 0.02)
    expected = ElasticNet(alpha=0.06, l1_ratio=5 / 6, tol=1e-12, max_iter=100_000).fit(x.numpy(), y.numpy())
    assert np.abs(found[0] - expected.coef_).max() <= TOLERANCE
    assert (expected.coef_ == 0).any()
    assert not (found == 0).any()


@pytest.mark.parametrize("apply", ["coupled", "proximal"])
@pytest.mark.parametrize("inverse", [0.005, 0.05])
def test_logistic_regression_with_l2(inverse: float, apply: Apply) -> None:
    x, y = classification()
    strength = {"l2": 1 / (inverse * len(x))}
    momentum = 0.9 if apply == "coupled" else 0.0
    found = minimise(
        *mean_cross_entropy(x, y), strength, apply, lr=0.4, momentum=momentum, steps=2_000 if momentum else 8_000
    )
    expected = LogisticRegression(C=inverse, tol=1e-10, max_iter=10_000).fit(x.numpy(), y.numpy())
    assert np.abs(found - expected.coef_).max() <= TOLERANCE


@pytest.mark.parametrize(("inverse", "ratio"), [(0.05, 1.0), (0.02, 0.7)])
def test_logistic_regression_with_l1_has_scikit_learns_zeros(inverse: float, ratio: float) -> None:
    x, y = classification()
    strength = {"l1": ratio / (inverse * len(x)), "l2": (1 - ratio) / (inverse * len(x))}
    found = minimise(*mean_cross_entropy(x, y), strength, "proximal", lr=0.4, steps=8_000)
    expected = LogisticRegression(C=inverse, l1_ratio=ratio, solver="saga", tol=1e-10, max_iter=50_000)
    expected.fit(x.numpy(), y.numpy())
    assert np.abs(found - expected.coef_).max() <= TOLERANCE
    assert (found == 0).tolist() == (expected.coef_ == 0).tolist()
    assert 0 < (found == 0).sum() < found.size


def test_momentum_takes_no_part_in_a_proximal_step_so_that_lambda_counts_less() -> None:
    """The data's pull becomes 1/(1 − μ) times as strong and the map's does not: the optimum is that of (1 − μ)λ."""
    x, y = regression()
    found = minimise(*half_mean_square(x, y), {"l1": 0.2, "l2": 0.1}, "proximal", lr=0.02, momentum=0.75, steps=5_000)
    expected = ElasticNet(alpha=0.3 / 4, l1_ratio=2 / 3, tol=1e-12, max_iter=100_000).fit(x.numpy(), y.numpy())
    assert np.abs(found[0] - expected.coef_).max() <= TOLERANCE
    assert (found[0] == 0).tolist() == (expected.coef_ == 0).tolist()


def test_the_comparison_can_fail() -> None:
    """α taken for λ₂ without dividing by n is far from Ridge's optimum."""
    x, y = regression()
    found = minimise(*half_mean_square(x, y), {"l1": 0, "l2": 20.0}, "proximal", lr=0.2, steps=2_000)
    expected = Ridge(alpha=20.0).fit(x.numpy(), y.numpy())
    assert np.abs(found[0] - expected.coef_).max() > 0.1


def test_digits_are_scikit_learns_bit_for_bit() -> None:
    theirs = load_digits()
    ours = load_images("digits", Path())
    assert np.array_equal(ours.x.numpy()[:, 0] * 16, theirs.images)
    assert np.array_equal(ours.y.numpy(), theirs.target)
