"""RegLab's J against Keras 3: the same CNN, weights and batches, with Keras's regularizers doing the penalty.

Keras's ``L1(l)`` is λ₁ = l; its ``L2(l)`` is l·Σw² without the ½, so λ₂ = 2l. The network has no pooling, which Keras's
torch backend computes in float32 whatever the weights are.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from tests.keras_torch import keras
from torch import Tensor, nn

from reglab.optimizers.construct import make_optimizer
from reglab.penalties import penalised_parameters
from reglab.spec import OptimSpec, PenaltySpec, Scope
from reglab.training.objective import APPLY, PenaltyGroup, penalty_groups

STEPS, BATCH, LR = 20, 16, 0.05
SHAPE, CLASSES = (1, 8, 8), 10
TOLERANCE = 1e-6

REGULARIZERS: dict[str, tuple[Callable[[], Any], Mapping[str, float]]] = {
    "L1": (lambda: keras.regularizers.L1(3e-3), {"l1": 3e-3, "l2": 0}),
    "L2": (lambda: keras.regularizers.L2(1e-2), {"l1": 0, "l2": 2e-2}),
    "L1L2": (lambda: keras.regularizers.L1L2(2e-3, 1e-2), {"l1": 2e-3, "l2": 2e-2}),
}
SCOPES: dict[Scope, tuple[bool, bool]] = {"weights": (True, False), "weights+biases": (True, True)}


@pytest.fixture(autouse=True)
def _float64() -> Iterator[None]:
    """Keras in float64 throughout; by default even the learning rate and the images would be float32."""
    before = keras.config.floatx()
    keras.config.set_floatx("float64")
    yield
    keras.config.set_floatx(before)


def ours(strength: Mapping[str, float], scope: Scope) -> tuple[nn.Module, list[PenaltyGroup]]:
    generator = torch.Generator().manual_seed(4)
    model = nn.Sequential(
        OrderedDict[str, nn.Module](
            conv1=nn.Conv2d(1, 8, 3),
            relu1=nn.ReLU(),
            conv2=nn.Conv2d(8, 16, 3),
            relu2=nn.ReLU(),
            flatten=nn.Flatten(),
            fc=nn.Linear(256, CLASSES),
        )
    ).double()
    for parameter in model.parameters():
        parameter.data.copy_(0.2 * torch.randn(parameter.shape, generator=generator, dtype=torch.float64))
    spec = PenaltySpec(l1=strength["l1"], l2=strength["l2"], scope=scope)
    return model, penalty_groups(dict(model.named_parameters()), penalised_parameters(model, spec), strength)


def theirs(model: nn.Module, regularizer: Any, kernel: bool, bias: bool) -> Any:
    """The same network in Keras, with the weights of ``model``; its images are N×H×W×C."""
    own = {
        "kernel_regularizer": regularizer if kernel else None,
        "bias_regularizer": regularizer if bias else None,
    }
    layers = keras.layers
    made = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(8, 3, activation="relu", name="conv1", **own),
            layers.Conv2D(16, 3, activation="relu", name="conv2", **own),
            layers.Permute((3, 1, 2)),  # PyTorch flattens channels first
            layers.Flatten(),
            layers.Dense(CLASSES, name="fc", **own),
        ]
    )
    for name in ("conv1", "conv2", "fc"):
        layer = model.get_submodule(name)
        kernel_, bias_ = (parameter.detach().numpy() for parameter in layer.parameters())
        made.get_layer(name).set_weights([to_keras(kernel_), bias_])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    made.compile(optimizer=keras.optimizers.SGD(LR), loss=loss)
    return made


def to_keras(kernel: NDArray[Any]) -> NDArray[Any]:
    """Out×in×height×width → height×width×in×out; out×in → in×out."""
    return kernel.transpose(2, 3, 1, 0) if kernel.ndim == 4 else kernel.T


def batches() -> list[tuple[Tensor, Tensor]]:
    generator = torch.Generator().manual_seed(2)
    return [
        (
            torch.randn(BATCH, *SHAPE, generator=generator, dtype=torch.float64),
            torch.randint(0, CLASSES, (BATCH,), generator=generator),
        )
        for _ in range(STEPS)
    ]


def objective(model: nn.Module, groups: list[PenaltyGroup], x: Tensor, y: Tensor) -> tuple[Tensor, float]:
    """(data loss, J) of one batch."""
    data = F.cross_entropy(model(x), y)
    terms = [
        strength * term.measure(parameter[None])
        for group in groups
        for term, strength in group.penalty.terms
        for parameter in group.parameters
    ]
    return data, data.item() + float(sum(term.item() for term in terms))


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("name", REGULARIZERS)
def test_loss_gradient_and_twenty_sgd_steps_are_those_of_keras(name: str, scope: Scope) -> None:
    make, strength = REGULARIZERS[name]
    model, groups = ours(strength, scope)
    keras_model = theirs(model, make(), *SCOPES[scope])
    optimizer = make_optimizer(OptimSpec(name="sgd", lr=LR, momentum=0.0), model.parameters())
    for x, y in batches():
        optimizer.zero_grad()
        data, total = objective(model, groups, x, y)
        data.backward()  # type: ignore[no-untyped-call]
        keras_total, keras_gradients = loss_and_gradients(keras_model, x, y)
        assert total == pytest.approx(keras_total, abs=TOLERANCE, rel=TOLERANCE)
        assert keras_total - data.item() > 1e-2  # the penalty is really there
        APPLY["coupled"](optimizer, groups, LR)  # leaves ∇J in .grad
        _agree([np.asarray(p.grad) for p in model.parameters()], keras_gradients)
        keras_model.train_on_batch(np.asarray(x.permute(0, 2, 3, 1)), np.asarray(y))
        _agree([p.detach().numpy() for p in model.parameters()], arrays(keras_model.weights))


def loss_and_gradients(model: Any, x: Tensor, y: Tensor) -> tuple[float, list[NDArray[Any]]]:
    """Keras's total loss (data plus regularizers) of one batch, and its gradient by the backend's autograd."""
    model.zero_grad()
    scores = model(x.permute(0, 2, 3, 1), training=True)
    total = model.compute_loss(x, y, scores)
    total.backward()
    found = [np.asarray(variable.value.grad) for variable in model.trainable_variables]
    model.zero_grad()
    return total.item(), found


def arrays(variables: Any) -> list[NDArray[Any]]:
    return [variable.value.detach().numpy() for variable in variables]


def _agree(mine: list[NDArray[Any]], keras_arrays: list[NDArray[Any]]) -> None:
    for a, b in zip(mine, keras_arrays, strict=True):
        np.testing.assert_allclose(to_keras(a) if a.ndim > 1 else a, b, rtol=TOLERANCE, atol=TOLERANCE)


def test_the_comparison_can_fail() -> None:
    """Keras's l taken for λ₂ itself, without the factor 2, is far from agreeing."""
    make, strength = REGULARIZERS["L2"]
    model, groups = ours({key: own * 0.5 for key, own in strength.items()}, "weights")
    keras_model = theirs(model, make(), True, False)
    x, y = batches()[0]
    assert abs(objective(model, groups, x, y)[1] - loss_and_gradients(keras_model, x, y)[0]) > 1e-2


def test_keras_val_loss_includes_the_penalty_and_ours_does_not() -> None:
    """Why val_loss of Keras cannot be compared between λs: evaluate() adds the regularizers to the data loss."""
    make, strength = REGULARIZERS["L2"]
    model, groups = ours(strength, "weights")
    keras_model = theirs(model, make(), True, False)
    x, y = batches()[0]
    data, total = objective(model, groups, x, y)
    reported = keras_model.evaluate(np.asarray(x.permute(0, 2, 3, 1)), np.asarray(y), verbose=0)
    assert reported == pytest.approx(total, abs=TOLERANCE)
    assert reported > data.item() + 1e-2
