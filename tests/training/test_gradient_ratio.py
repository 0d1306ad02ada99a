"""The two pulls at a kernel: against autograd, against the sum of an epoch's steps, and at rest, where they cancel."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from reglab import RunSpec, train
from reglab.datasets import prepare
from reglab.events import Checkpoint, Ended, EpochDone, LayerStats, Started, StepDone
from reglab.settings import load_settings
from reglab.training.arrays import place
from reglab.training.lane import Lane
from reglab.training.stats import layer_stats

SMALL: dict[str, Any] = {
    "data": {"name": "digits", "train_size": 100, "val_fraction": 0.05},
    "model": {"name": "dense_784"},
    "optim": {"name": "sgd", "lr": 0.1, "momentum": 0.0},
    "train": {"epochs": 2, "batch_size": 20, "precision": "float64"},
}
KERNELS = ("fc1.weight", "fc2.weight")


def spec(**changes: Any) -> RunSpec:
    """A small plain-SGD run in float64, with dotted keys written with ``__``."""
    return RunSpec.parse(SMALL).with_changes({key.replace("__", "."): value for key, value in changes.items()})


def lane(wanted: RunSpec) -> Lane:
    """The lane of ``wanted``, untrained."""
    split = prepare(wanted.data, load_settings().data)
    arrays = place(split, wanted.train.seed, wanted.train.precision, torch.device("cpu"))
    return Lane(0, wanted, arrays, split.shape, len(split.classes))


def epochs_of(wanted: RunSpec, resume: Checkpoint | None = None) -> list[tuple[LayerStats, ...]]:
    """The kernels at the end of every epoch."""
    return [e.layers for e in train(wanted, threads=1, resume=[resume]) if isinstance(e, EpochDone)]


def rested(wanted: RunSpec) -> tuple[LayerStats, ...]:
    """The kernels at the end of the last epoch, trained without evaluating any."""
    moved = lane(wanted)
    layers: tuple[LayerStats, ...] = ()
    for _ in range(moved.epochs):
        for _ in range(moved.steps):
            moved.step()
        layers = moved.close_epoch()[1]
    return layers


def share(layer: LayerStats) -> float:
    return layer.penalty_grad / layer.data_grad


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@given(l1=st.floats(0, 10), l2=st.floats(0, 10), factor=st.floats(0, 3), dtype=st.sampled_from(["float32", "float64"]))
def test_the_penalty_s_pull_is_autograd_s(l1: float, l2: float, factor: float, dtype: str) -> None:
    w = (normal(16, 8, 3, 3) * 0.05).to(getattr(torch, dtype))
    exact = w.double().requires_grad_()
    (factor * (l1 * exact.abs().sum() + l2 / 2 * exact.square().sum())).backward()  # type: ignore[no-untyped-call]
    assert exact.grad is not None
    found = layer_stats("w", w, {"l1": l1 * factor, "l2": l2 * factor}, torch.zeros_like(w)).penalty_grad
    assert found == pytest.approx(exact.grad.norm().item(), rel=1e-12 if dtype == "float64" else 1e-6)


def test_exact_zeros_are_held_against_the_data_with_at_most_lambda_1() -> None:
    w = torch.tensor([0.0, 0.0, -0.0, 2.0, -3.0], dtype=torch.float64)
    g = torch.tensor([0.1, -0.9, 0.0, 5.0, 5.0], dtype=torch.float64)
    slopes = [0.1, 0.5, 0.0, 0.5 + 0.2 * 2, 0.5 + 0.2 * 3]  # λ₁ = 0.5, λ₂ = 0.2
    assert layer_stats("w", w, {"l1": 0.5, "l2": 0.2}, g).penalty_grad == pytest.approx(float(np.linalg.norm(slopes)))
    assert layer_stats("w", w, {"l1": 0.5, "l2": 0.2}).penalty_grad == pytest.approx(float(np.linalg.norm(slopes[3:])))


def test_without_lambda_nothing_pulls_and_before_an_epoch_the_data_s_pull_is_unknown() -> None:
    stats = layer_stats("w", normal(10))
    assert stats.penalty_grad == 0
    assert math.isnan(stats.data_grad)


def test_gradients_too_small_to_be_squared_in_float32_are_measured() -> None:
    tiny = torch.full((100,), 1e-30, dtype=torch.float32)
    assert layer_stats("w", torch.ones(100), mean_gradient=tiny).data_grad == pytest.approx(1e-29)


def test_the_data_s_pull_is_the_gradient_of_the_mean_data_loss_where_weights_hardly_move() -> None:
    """Batches of 30, 30 and 40 images, and a penalty whose gradient must not be in it."""
    wanted = spec(optim__lr=1e-13, penalty__l2=1.0, train__batch_size=30, train__epochs=1, data__train_size=100)
    still = lane(wanted)
    train = still.arrays.train
    F.cross_entropy(still.model(train.images), train.labels).backward()  # type: ignore[no-untyped-call]
    [layers] = epochs_of(wanted)
    for layer in layers:
        gradient = still.parameters[layer.layer].grad
        assert gradient is not None
        assert layer.data_grad == pytest.approx(gradient.norm().item(), rel=1e-9)


@pytest.mark.parametrize("penalty", [{"penalty__l2": 0.1}, {"penalty__l1": 1e-3, "penalty__l2": 0.1}])
def test_an_epoch_of_sgd_moves_the_weights_by_the_two_pulls(penalty: dict[str, float]) -> None:
    """w_start − w_end = η Σ (g + ∇P): the sums leave nothing out and count nothing twice."""
    moved = lane(spec(**penalty))
    strength = moved.spec.penalty.strengths
    start = {name: w.detach().clone() for name, w in moved.layer_weights.items()}
    pulled = {name: torch.zeros_like(w) for name, w in start.items()}
    for _ in range(moved.steps):
        for name, w in moved.layer_weights.items():
            pulled[name] += strength["l1"] * w.detach().sign() + strength["l2"] * w.detach()
        moved.step()
    for name, w in moved.layer_weights.items():
        both = moved.gradients.sums[name] / 20 + pulled[name]
        torch.testing.assert_close(start[name] - w.detach(), 0.1 * both, rtol=0, atol=1e-14)


WHOLE = {"train__batch_size": 100, "train__epochs": 800, "penalty__l2": 0.1}
"""One batch an epoch: nothing is random, and the weights come to rest."""


def test_at_rest_the_pulls_cancel_although_every_single_batch_pulls_on() -> None:
    noisy = lane(spec(train__epochs=400, optim__schedule="cosine", train__batch_size=10, penalty__l2=0.1))
    shares = []
    for _ in range(400):
        for _ in range(noisy.steps):
            noisy.step()
        shares.append([share(layer) for layer in noisy.close_epoch()[1]])
    assert shares[-1] == pytest.approx([1, 1], abs=0.01)
    assert all(abs(first - 1) > 0.1 for first in shares[0])
    for w in noisy.layer_weights.values():  # whose gradient now is that of J on the last batch
        assert w.grad is not None
        assert w.grad.norm() > 0.3 * 0.1 * w.norm()


def test_at_rest_they_cancel_with_momentum_and_with_zeros_of_l1_too() -> None:
    momentum = spec(**WHOLE, optim__momentum=0.9)
    sparse = spec(**{**WHOLE, "penalty__l2": 0.01}, optim__lr=0.5, penalty__l1=0.01, penalty__apply="proximal")
    assert [share(layer) for layer in rested(momentum)] == pytest.approx([1, 1], abs=0.01)
    layers = rested(sparse)
    assert layers[0].zero_share > 0.9
    assert [share(layer) for layer in layers] == pytest.approx([1, 1], abs=0.01)


def test_a_decoupled_step_with_momentum_rests_elsewhere() -> None:
    """The data's pull is multiplied by 1/(1 − μ), so rest needs a penalty that pulls so many times as hard."""
    wanted = spec(**WHOLE, optim__momentum=0.5, penalty__apply="decoupled")
    assert [share(layer) for layer in rested(wanted)] == pytest.approx([2, 2], abs=0.05)


def test_a_factor_changes_its_kernel_alone() -> None:
    plain, exempt = (
        epochs_of(spec(penalty__l2=0.1, **more))[0] for more in ({}, {"penalty__factors": {KERNELS[0]: 0.0}})
    )
    assert plain[0].penalty_grad == pytest.approx(0.1 * plain[0].l2_norm)
    assert exempt[0].penalty_grad == 0
    assert exempt[1].penalty_grad == pytest.approx(0.1 * exempt[1].l2_norm)
    assert exempt[0].data_grad > 0


def test_initial_kernels_have_no_data_s_pull() -> None:
    started = next(train(spec(), threads=1))
    assert isinstance(started, Started)
    assert [math.isnan(layer.data_grad) for layer in started.layers] == [True, True]


def test_a_run_resumed_from_an_older_version_s_checkpoint_leaves_one_epoch_unknown() -> None:
    wanted = spec(train__epochs=3)
    events = train(wanted, threads=1)
    half = next(e for e in events if isinstance(e, StepDone) and (e.epoch, e.step) == (2, 2)).snapshots[0]()
    events.close()
    old = {name: array for name, array in half.arrays.items() if not name.startswith("gradients/")}
    assert len(old) == len(half.arrays) - len(KERNELS)
    second, third = epochs_of(wanted, Checkpoint(old, half.facts))
    assert all(math.isnan(layer.data_grad) for layer in second)
    assert [layer.data_grad for layer in third] == [layer.data_grad for layer in epochs_of(wanted)[2]]


def test_between_epochs_a_checkpoint_is_no_larger() -> None:
    ends = [e for e in train(spec(), threads=1) if isinstance(e, EpochDone | Ended)]
    assert isinstance(ends[0], EpochDone)
    assert not any(name.startswith("gradients/") for name in ends[0].snapshot().arrays)
