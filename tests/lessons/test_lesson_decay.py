"""One weight through the engine: the closed forms it must agree with, and what the sentences are read from."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from reglab.lessons.checks import BadInput
from reglab.lessons.decay import (
    METHODS,
    Walk,
    band,
    first_at_most,
    half_life,
    push,
    walk,
    zero_from_step,
)

ALONE = Walk(start=1.0, lr=0.1, strength=0.3, steps=100)
rates, strengths = st.floats(0.01, 0.5), st.floats(0.01, 1.5)


@pytest.mark.parametrize("key", ["L2 coupled", "L2 decoupled"])
@given(lr=rates, strength=strengths)
def test_l2_keeps_the_same_share_at_every_step(key: str, lr: float, strength: float) -> None:
    values = walk(Walk(2.0, lr, strength, 50), key)
    assert values == pytest.approx([2.0 * (1 - lr * strength) ** step for step in range(51)], rel=1e-12)
    assert values[-1] != 0


@given(lr=rates, strength=strengths)
def test_proximal_l1_takes_the_same_amount_until_zero(lr: float, strength: float) -> None:
    values = walk(Walk(-1.0, lr, strength, 50), "L1 proximal")
    assert values == pytest.approx([-max(1 - step * lr * strength, 0) for step in range(51)], abs=1e-12)


@given(lr=rates, strength=st.floats(0.5, 1.5))
def test_subgradient_l1_stays_within_one_push_of_zero(lr: float, strength: float) -> None:
    values = walk(Walk(1.0, lr, strength, 500), "L1 subgradient")
    around = band(values)
    if around is not None:
        assert -lr * strength * (1 + 1e-9) <= around[0] <= around[1] <= lr * strength * (1 + 1e-9)


def test_proximal_arrives_and_subgradient_hovers() -> None:
    assert zero_from_step(walk(ALONE, "L1 proximal")) == math.ceil(1.0 / 0.03)
    hovering = walk(ALONE, "L1 subgradient")
    assert zero_from_step(hovering) is None
    assert 0 not in hovering
    assert band(hovering) == pytest.approx((-0.02, 0.01), abs=1e-9)


@given(lr=rates, strength=strengths)
def test_the_half_life_is_where_the_walk_is_at_half(lr: float, strength: float) -> None:
    life = half_life(lr, strength)
    assert life is not None
    step = first_at_most(walk(Walk(1.0, lr, strength, 500), "L2 decoupled"), 0.5)
    assert (step is None) == (life > 500)
    if step is not None:
        assert abs(step - life) <= 1 + 1e-9
    assert half_life(1e-4, 1e-3) == pytest.approx(math.log(2) / 1e-7, rel=1e-6)


@pytest.mark.parametrize("product", [0.0, 1.0, 1.5])
def test_no_half_life_where_nothing_decays_or_all_at_once(product: float) -> None:
    assert half_life(1.0, product) is None


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "adam"])
@pytest.mark.parametrize("key", ["L2 coupled", "L1 subgradient"])
def test_coupled_walks_are_torch_on_the_whole_objective(key: str, optimizer: str) -> None:
    setting = Walk(1.5, 0.05, 0.4, 60, optimizer, optimum=0.7)
    w = torch.tensor([1.5], dtype=torch.float64, requires_grad=True)
    kinds = {
        "sgd": torch.optim.SGD([w], lr=0.05),
        "momentum": torch.optim.SGD([w], lr=0.05, momentum=0.9),
        "adam": torch.optim.Adam([w], lr=0.05),
    }
    expected = [1.5]
    for _ in range(60):
        penalty = 0.2 * w**2 if key == "L2 coupled" else 0.4 * w.abs()
        (w.grad,) = torch.autograd.grad((0.5 * (w - 0.7) ** 2 + penalty).sum(), w)
        kinds[optimizer].step()
        expected.append(w.item())
    assert walk(setting, key) == pytest.approx(expected, rel=1e-12)


def test_decoupled_adam_is_adamw() -> None:
    w = torch.tensor([1.5], dtype=torch.float64)
    adamw, expected = torch.optim.AdamW([w], lr=0.05, weight_decay=0.4), [1.5]
    for _ in range(60):
        w.grad = w - 0.7
        adamw.step()
        expected.append(w.item())
    assert walk(Walk(1.5, 0.05, 0.4, 60, "adam", 0.7), "L2 decoupled") == pytest.approx(expected, rel=1e-12)


def test_with_data_the_walks_end_where_the_objective_is_lowest() -> None:
    setting = Walk(1.0, 0.1, 0.5, 500, optimum=0.8)
    assert walk(setting, "L2 coupled")[-1] == pytest.approx(0.8 / 1.5)
    assert walk(setting, "L1 proximal")[-1] == pytest.approx(0.3)
    assert walk(Walk(1.0, 0.1, 0.9, 500, optimum=0.8), "L1 proximal")[-1] == 0


def test_the_push_of_l2_is_a_line_and_of_l1_a_step() -> None:
    w = np.array([-1.0, -0.5, 0.0, 0.01, 0.5, 1.0])
    for key in ("L2 coupled", "L2 decoupled"):
        assert push(ALONE, key, w) == pytest.approx(0.03 * w, abs=1e-15)
    assert push(ALONE, "L1 subgradient", w) == pytest.approx(0.03 * np.sign(w), abs=1e-15)
    assert push(ALONE, "L1 proximal", w) == pytest.approx([-0.03, -0.03, 0, 0.01, 0.03, 0.03], abs=1e-15)


def test_adam_turns_coupled_decay_into_a_constant_push() -> None:
    w = np.array([-1.0, 0.25, 1.0])
    adam = Walk(1.0, 0.1, 0.3, 100, "adam")
    assert push(adam, "L2 coupled", w) == pytest.approx(0.1 * np.sign(w), rel=1e-6)
    assert push(adam, "L2 decoupled", w) == pytest.approx(0.03 * w)


@pytest.mark.parametrize("key", METHODS)
def test_zero_strength_moves_nothing_without_data(key: str) -> None:
    assert set(walk(Walk(1.0, 0.1, 0.0, 20), key)) == {1.0}


def test_a_walk_that_grows_without_bound_is_said_in_words() -> None:
    with pytest.raises(BadInput, match="η = 5 and λ = 3, L2 coupled overshoots further at every step"):
        walk(Walk(1.0, 5.0, 3.0, 500), "L2 coupled")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"start": 101}, "The start must be from −100 to 100, not 101"),
        ({"lr": 0}, "η must be above 0 and at most 10, not 0"),
        ({"strength": -1}, "λ must be from 0 to 100, not −1"),
        ({"steps": 501}, "Steps must be from 1 to 500, not 501"),
        ({"optimum": float("inf")}, "The data optimum must be from −100 to 100"),
    ],
)
def test_values_out_of_range_are_refused(change: dict[str, float], sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        Walk(**change)  # type: ignore[arg-type]


def test_words_are_read_from_walks() -> None:
    assert zero_from_step([1.0, 0.0, 0.5, 0.0, 0.0]) == 3
    assert zero_from_step([0.0, 0.0]) == 0
    assert zero_from_step([1.0, 0.5]) is None
    assert band([1.0, 0.5]) is None
    assert band([9.0] * 6 + [0.2, -0.3]) == (-0.3, 0.2)
    assert band([1.0, -0.1, -0.2, -0.3, -0.4]) is None  # through 0, and on
    assert first_at_most([1.0, -0.4], 0.5) == 1
    assert first_at_most([1.0, 0.6], 0.5) is None
