"""Every penalty against its formula in NumPy and against numerical minimisation of the proximal objective."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from reglab.penalties import PENALTIES, Strength, select

Array = NDArray[np.float64]
W: Array = np.array([[-2.0, -0.3, -1e-4, 0.0], [1e-4, 0.02, 0.7, 3.0]])
STRENGTHS = [Strength(0, 0), Strength(0.1, 0), Strength(0, 0.3), Strength(0.1, 0.3)]
lambdas = st.floats(0, 10)


def value(w: Array, s: Strength) -> Array:
    return s.l1 * np.abs(w) + s.l2 / 2 * w**2


def tensor(array: Array) -> torch.Tensor:
    return torch.tensor(array)


def test_the_registry_holds_the_four_penalties_in_order() -> None:
    assert PENALTIES.names() == ["none", "l1", "l2", "elastic_net"]


@pytest.mark.parametrize(("strength", "name"), [*zip(STRENGTHS, PENALTIES.names(), strict=True)])
def test_select_takes_the_penalty_whose_lambdas_are_not_zero(strength: Strength, name: str) -> None:
    assert select(strength).name == name


@pytest.mark.parametrize("strength", STRENGTHS)
def test_gradient_is_that_of_the_formula(strength: Strength) -> None:
    grads = tensor(np.ones_like(W))
    select(strength).add_gradient([grads], [tensor(W)], strength)
    np.testing.assert_allclose(grads.numpy(), 1 + strength.l1 * np.sign(W) + strength.l2 * W, rtol=1e-15)


@pytest.mark.parametrize("strength", STRENGTHS)
def test_gradient_agrees_with_finite_differences_away_from_zero(strength: Strength) -> None:
    w, h = W[np.abs(W) > 0.01], 1e-6
    grads = tensor(np.zeros_like(w))
    select(strength).add_gradient([grads], [tensor(w)], strength)
    expected = (value(w + h, strength) - value(w - h, strength)) / (2 * h)
    np.testing.assert_allclose(grads.numpy(), expected, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("strength", STRENGTHS)
def test_decay_takes_a_gradient_step_from_the_weights_before_it(strength: Strength) -> None:
    weights = tensor(W.copy())
    select(strength).decay([weights], 0.5, strength)
    np.testing.assert_allclose(weights.numpy(), W - 0.5 * (strength.l1 * np.sign(W) + strength.l2 * W), rtol=1e-14)


@pytest.mark.parametrize("strength", STRENGTHS)
def test_shrink_is_the_closed_form_proximal_map(strength: Strength) -> None:
    weights, step = tensor(W.copy()), 0.5
    select(strength).shrink([weights], step, strength)
    expected = np.sign(W) * np.maximum(np.abs(W) - step * strength.l1, 0) / (1 + step * strength.l2)
    np.testing.assert_allclose(weights.numpy(), expected, rtol=1e-14)


@given(st.floats(-5, 5), lambdas, lambdas, st.floats(1e-3, 2))
def test_shrink_minimises_the_proximal_objective(w: float, l1: float, l2: float, step: float) -> None:
    strength, weights = Strength(l1, l2), torch.tensor([w], dtype=torch.float64)
    select(strength).shrink([weights], step, strength)
    nearby = weights.numpy() + np.linspace(-1, 1, 401)

    def objective(v: Array) -> Array:
        return np.asarray((v - w) ** 2 / 2 + step * value(v, strength))

    assert objective(weights.numpy())[0] <= objective(nearby).min() + 1e-12


def test_only_the_proximal_map_reaches_exact_zeros() -> None:
    strength, small = Strength(0.1, 0), np.array([0.04, -0.04])
    shrunk, decayed = tensor(small.copy()), tensor(small.copy())
    select(strength).shrink([shrunk], 0.5, strength)
    select(strength).decay([decayed], 0.5, strength)
    assert shrunk.tolist() == [0, 0]
    assert 0 not in decayed.tolist()
