"""scikit-learn's conventions against scikit-learn: at its optimum, the canonical objective has no slope left."""

from __future__ import annotations

import copy

import numpy as np
import pytest
from sklearn.linear_model import ElasticNet, Lasso, LogisticRegression, Ridge
from sklearn.neural_network import MLPClassifier
from tests.conventions.canonical import Array, gradient, meaning

from reglab.conventions import Context, Meaning

N, P = 60, 6
RNG = np.random.default_rng(0)
X: Array = RNG.normal(size=(N, P)) * np.linspace(0.5, 2, P)
Y: Array = X @ np.array([1.0, -2.0, 0.0, 0.3, 0.0, 0.7]) + 0.5 + 0.3 * RNG.normal(size=N)
LABELS = (Y > 0.5).astype(int)
CONTEXT = Context(n=N, batch_size=20)


def square_slope(w: Array, intercept: float) -> Array:
    """Gradient of ½·mean square error."""
    slope: Array = X.T @ (X @ w + intercept - Y) / N
    return slope


def entropy_slope(w: Array, intercept: float) -> Array:
    """Gradient of the mean cross-entropy."""
    slope: Array = X.T @ (1 / (1 + np.exp(-(X @ w + intercept))) - LABELS) / N
    return slope


def assert_optimal(w: Array, slope: Array, m: Meaning, tolerance: float) -> None:
    """Where w ≠ 0 the slopes cancel; where w = 0 the data pull no harder than λ₁."""
    moving = w != 0
    assert moving.any()
    np.testing.assert_allclose((slope + gradient(w, m))[moving], 0, atol=tolerance)
    assert (np.abs(slope[~moving]) <= m.l1 + tolerance).all()


@pytest.mark.parametrize("alpha", [0.1, 3.0, 100.0])
def test_ridge(alpha: float) -> None:
    fitted = Ridge(alpha=alpha).fit(X, Y)
    assert_optimal(
        fitted.coef_, square_slope(fitted.coef_, fitted.intercept_), meaning("sklearn-ridge", alpha, CONTEXT), 1e-11
    )


@pytest.mark.parametrize("alpha", [0.05, 0.4])
def test_lasso(alpha: float) -> None:
    fitted = Lasso(alpha=alpha, tol=1e-14, max_iter=100_000).fit(X, Y)
    assert (fitted.coef_ == 0).any()
    assert_optimal(fitted.coef_, square_slope(fitted.coef_, fitted.intercept_), meaning("sklearn-lasso", alpha), 1e-7)


@pytest.mark.parametrize("l1_ratio", [0.2, 0.5, 0.9])
def test_elastic_net(l1_ratio: float) -> None:
    fitted = ElasticNet(alpha=0.4, l1_ratio=l1_ratio, tol=1e-14, max_iter=100_000).fit(X, Y)
    m = meaning("sklearn-elasticnet", {"alpha": 0.4, "l1_ratio": l1_ratio})
    assert_optimal(fitted.coef_, square_slope(fitted.coef_, fitted.intercept_), m, 1e-7)


@pytest.mark.parametrize("l1_ratio", [0.0, 0.4, 1.0])
def test_logistic_regression(l1_ratio: float) -> None:
    solver = "lbfgs" if l1_ratio == 0 else "saga"
    fitted = LogisticRegression(C=0.2, l1_ratio=l1_ratio, solver=solver, tol=1e-12, max_iter=100_000, random_state=0)
    fitted.fit(X, LABELS)
    w = fitted.coef_[0]
    m = meaning("sklearn-logistic", {"C": 0.2, "l1_ratio": l1_ratio}, CONTEXT)
    assert_optimal(w, entropy_slope(w, fitted.intercept_[0]), m, 1e-6)


def test_logistic_regression_without_penalty_is_c_infinite() -> None:
    fitted = LogisticRegression(C=np.inf, tol=1e-10, max_iter=10_000).fit(X, (RNG.random(N) < 0.5).astype(int))
    assert np.isfinite(fitted.coef_).all()
    assert meaning("sklearn-logistic", {"C": np.inf}, CONTEXT).parts == frozenset()


def test_mlp_classifier() -> None:
    """One SGD step of one whole batch, with and without alpha: the difference is −lr·λ₂·w on weights, 0 on biases."""
    lr, alpha = 0.1, 0.5
    plain = MLPClassifier(
        (4,), alpha=0.0, batch_size=20, solver="sgd", learning_rate_init=lr, momentum=0.0, random_state=0
    )
    plain.partial_fit(X[:20], LABELS[:20], classes=[0, 1])
    penalised = copy.deepcopy(plain).set_params(alpha=alpha)
    before = [w.copy() for w in plain.coefs_]
    plain.partial_fit(X[:20], LABELS[:20])
    penalised.partial_fit(X[:20], LABELS[:20])
    m = meaning("sklearn-mlp", alpha, CONTEXT)
    for start, without, with_alpha in zip(before, plain.coefs_, penalised.coefs_, strict=True):
        np.testing.assert_allclose(with_alpha - without, -lr * gradient(start, m), atol=1e-14)
    for without, with_alpha in zip(plain.intercepts_, penalised.intercepts_, strict=True):
        np.testing.assert_array_equal(with_alpha, without)
