"""Conventions of systems that are not installed here, against their formulas as read, written in NumPy."""

from __future__ import annotations

import numpy as np
import pytest
from tests.conventions.canonical import Array, gradient, meaning, names_of, penalty, weights

from reglab.conventions import CONVENTIONS, Context

LAMBDA, LR = 0.3, 0.05
W, G = weights(), weights(seed=1)
CONTEXT = Context(n=60, lr=LR)


def decayed(w: Array, name: str, direction: Array) -> Array:
    """The canonical decoupled step: w − lr·decay·w − lr·direction."""
    after: Array = w - LR * meaning(name, LAMBDA, CONTEXT).decay * w - LR * direction
    return after


def adam_direction() -> Array:
    """m̂/(√v̂ + ε) of a first step."""
    direction: Array = G / (np.sqrt(G**2) + 1e-8)
    return direction


def test_optax_adamw() -> None:
    updates = adam_direction() + LAMBDA * W  # scale_by_adam, then add_decayed_weights
    np.testing.assert_allclose(W + -LR * updates, decayed(W, "optax-adamw", adam_direction()), rtol=1e-14)


@pytest.mark.parametrize("name", ["tfa-adamw", "tfa-sgdw"])
def test_tensorflow_addons(name: str) -> None:
    direction = adam_direction() if name == "tfa-adamw" else G
    w = W - LAMBDA * W  # _decay_weights_op, without lr
    np.testing.assert_allclose(w - LR * direction, decayed(W, name, direction), rtol=1e-14)


def test_adamw_paper() -> None:
    """Algorithm 2, line 12, at schedules η = 1 and η = ½: PyTorch's lr is then η·α."""
    m, direction = meaning("adamw-paper", LAMBDA, CONTEXT), adam_direction()
    for eta in (1.0, 0.5):
        theirs = W - eta * (LR * direction + LAMBDA * W)
        lr = eta * LR
        np.testing.assert_allclose(theirs, W - lr * m.decay * W - lr * direction, rtol=1e-13)


def test_tf_l2_loss() -> None:
    assert LAMBDA * np.sum(W**2 / 2) == pytest.approx(penalty(W, meaning("tf-l2-loss", LAMBDA)), rel=1e-14)


def test_playground_l2() -> None:
    """updateWeights: the data step, then − lr·rate·der(w) with der taken before it: w² / 2 has der w."""
    theirs = (W - LR * G) - (LR * LAMBDA) * W
    np.testing.assert_allclose(theirs, W - LR * (G + gradient(W, meaning("playground", LAMBDA))), rtol=1e-13)


def test_playground_l1() -> None:
    stepped = W - LR * G
    new = stepped - (LR * LAMBDA) * np.sign(W)
    dead = stepped * new < 0
    assert dead.any()  # those are removed, as its note says
    ours = W - LR * (G + gradient(W, meaning("playground-l1", LAMBDA)))
    np.testing.assert_allclose(new[~dead], ours[~dead], rtol=1e-13)


def standardised(n: int = 60, p: int = 4) -> tuple[Array, Array]:
    rng = np.random.default_rng(3)
    x = rng.normal(size=(n, p)) * np.arange(1, p + 1)
    x = (x - x.mean(0)) / x.std(0)
    y = x @ np.array([1.0, -2.0, 0.5, 0.0]) + rng.normal(size=n)
    return x, y - y.mean()


@pytest.mark.parametrize("alpha", [0.0, 0.3, 1.0])
def test_glmnet(alpha: float) -> None:
    x, y = standardised()
    values = {"lambda": LAMBDA, "alpha": alpha}
    for seed in range(3):
        beta = weights(4, seed)
        data = ((y - x @ beta) ** 2).sum() / (2 * len(y))
        theirs = data + LAMBDA * ((1 - alpha) * (beta**2).sum() / 2 + alpha * np.abs(beta).sum())
        assert theirs == pytest.approx(data + penalty(beta, meaning("glmnet", values)), rel=1e-14)


@pytest.mark.parametrize("scale", [1.0, 7.0])
def test_glmnet_scales_y(scale: float) -> None:
    """It solves for y/sd with λ/sd and scales back, so for α = 0 its λ₂ is λ/sd(y), as its note says."""
    x, y = standardised()
    y = y / y.std() * scale
    n, p = x.shape
    beta = scale * np.linalg.solve(x.T @ x / n + LAMBDA / scale * np.eye(p), x.T @ (y / scale) / n)
    m = meaning("glmnet", {"lambda": LAMBDA / scale, "alpha": 0.0})
    np.testing.assert_allclose(x.T @ (x @ beta - y) / n + gradient(beta, m), 0, atol=1e-12)


def test_every_convention_is_held_against_something() -> None:
    """The names that the tests in this folder establish are all there are."""
    installed = {
        "reglab",
        "reglab-decoupled",
        "torch-sgd",
        "torch-adam",
        "torch-adamw",
        "torch-l1",
        "keras-l2",
        "keras-l1",
        "keras-l1l2",
        "keras-activity",
        "keras-weight-decay",
        "sklearn-ridge",
        "sklearn-lasso",
        "sklearn-elasticnet",
        "sklearn-logistic",
        "sklearn-mlp",
        "sum-squares",
        "half-sum-squares",
    }
    read = {
        "optax-adamw",
        "tfa-adamw",
        "tfa-sgdw",
        "adamw-paper",
        "tf-l2-loss",
        "playground",
        "playground-l1",
        "glmnet",
    }
    assert installed | read == set(CONVENTIONS.names())
    parts = ("l1", "l2", "decay", "outputs")
    assert {name for part in parts for name in names_of(part)} == set(CONVENTIONS.names())
