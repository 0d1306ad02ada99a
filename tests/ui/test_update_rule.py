"""The step that the page shows is the step that training takes: the LaTeX itself is run, line by line, in NumPy."""

from __future__ import annotations

import itertools
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.factories import spec
from tests.ui.latex import run_line, to_python, uncoloured
from torch import Tensor, nn

from reglab.optimizers import learning_rate
from reglab.optimizers.construct import make_optimizer
from reglab.penalties import penalised_parameters
from reglab.spec import RunSpec
from reglab.training.objective import APPLY, penalty_groups
from reglab.ui.train.objective_text import COLOUR, update_rule, where

STEPS, TOLERANCE = 4, 1e-12
Arrays = dict[str, NDArray[np.float64]]

OPTIMIZERS: list[dict[str, Any]] = [
    {"optim__name": "sgd", "optim__momentum": 0.0},
    {"optim__name": "sgd", "optim__momentum": 0.9, "optim__schedule": "cosine"},
    {"optim__name": "sgd", "optim__momentum": 0.85, "optim__nesterov": True},
    {"optim__name": "sgd", "optim__momentum": 0.0, "optim__nesterov": True},
    {"optim__name": "adam", "optim__schedule": "step", "optim__step_every": 2, "optim__step_factor": 0.3},
    {"optim__name": "adamw"},
]
LAMBDAS = [(0.0, 0.0), (0.02, 0.0), (0.0, 0.3), (3e-4, 0.07)]
FACTORS: list[dict[str, float]] = [{}, {"conv.weight": 2.5, "fc.weight": 0.0}]
SCOPES = ["weights", "weights+biases", "all"]


def network() -> nn.Module:
    """A network with kernels, biases and a norm, in float64."""
    layers = OrderedDict[str, nn.Module](
        conv=nn.Conv2d(1, 2, 3), tanh=nn.Tanh(), norm=nn.BatchNorm2d(2), flat=nn.Flatten(), fc=nn.Linear(8, 3)
    )
    model, generator = nn.Sequential(layers).double(), torch.Generator().manual_seed(0)
    for parameter in model.parameters():
        parameter.data.copy_(torch.randn(parameter.shape, generator=generator, dtype=torch.float64))
    return model


def batch(step: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(step)
    return (
        torch.randn(12, 1, 4, 4, generator=generator, dtype=torch.float64),
        torch.randint(0, 3, (12,), generator=generator),
    )


def backward(model: nn.Module, step: int) -> None:
    model.zero_grad()
    x, y = batch(step)
    nn.functional.cross_entropy(model(x), y).backward()  # type: ignore[no-untyped-call]


def taken(wanted: RunSpec) -> Arrays:
    """The weights after RegLab's own steps; every step is an epoch of its own, so that the schedule shows."""
    model, penalty = network(), wanted.penalty
    named = dict(model.named_parameters())
    groups = penalty_groups(named, penalised_parameters(model, penalty), penalty.strengths)
    optimizer = make_optimizer(wanted.optim, named.values())
    for step in range(1, STEPS + 1):
        rate = learning_rate(wanted.optim, step, wanted.train.epochs)
        for group in optimizer.param_groups:
            group["lr"] = rate
        backward(model, step)
        APPLY[penalty.apply](optimizer, groups, rate)
    return {name: p.detach().numpy() for name, p in named.items()}


def shown(wanted: RunSpec) -> Arrays:
    """The weights after the steps on the card, where ∇L(w) is autograd's at the card's own weights."""
    model = network()
    named = dict(model.named_parameters())
    scope = penalised_parameters(model, wanted.penalty.model_copy(update={"factors": {}}))
    own = {name: any(scope.strengths(name, wanted.penalty.strengths).values()) for name in named}
    kept: dict[str, dict[str, Any]] = {name: {"m": 0.0, "v": 0.0} for name in named}
    for step in range(1, STEPS + 1):
        backward(model, step)
        for name, parameter in named.items():
            assert parameter.grad is not None
            values = kept[name] | {"w": parameter.detach().numpy().copy(), "grad": parameter.grad.numpy()}
            values |= {"t": step, "e": step}
            walk(wanted, values, name, penalised=own[name])
            kept[name] = values
        for name, parameter in named.items():
            parameter.data.copy_(torch.from_numpy(kept[name]["w"]))
    return {name: kept[name]["w"] for name in named}


def walk(wanted: RunSpec, values: dict[str, Any], name: str, *, penalised: bool) -> None:
    """One step of one tensor: all lines in order, those of λ struck out where it is not penalised."""
    for row in update_rule(wanted):
        if penalised or not row.whole_penalty:
            run_line(uncoloured(row.latex, keep=penalised), values, name)


def assert_equal(mine: Arrays, theirs: Mapping[str, NDArray[np.float64]]) -> None:
    for name, array in theirs.items():
        error = np.abs(mine[name] - array) / np.maximum(1, np.abs(array))
        assert error.max() <= TOLERANCE, f"{name}: {error.max()}"


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=str)
@pytest.mark.parametrize("apply", ["coupled", "decoupled", "proximal"])
@pytest.mark.parametrize("own", FACTORS, ids=["same", "factors"])
def test_the_card_s_group_lasso_is_the_one_that_training_takes(
    optimizer: dict[str, Any], apply: str, own: dict[str, float]
) -> None:
    strengths = {"penalty__l2": 0, "penalty__group": 0.3}
    wanted = spec(**optimizer, optim__lr=0.01, penalty__apply=apply, penalty__factors=own, **strengths)
    assert_equal(shown(wanted), taken(wanted))
    assert "the classifier's units are exempt" in where(wanted)


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda o: "-".join(str(v) for v in o.values()))
@pytest.mark.parametrize("apply", ["coupled", "decoupled", "proximal"])
@pytest.mark.parametrize(("l1", "l2"), LAMBDAS, ids=["none", "l1", "l2", "elastic"])
@pytest.mark.parametrize("own", FACTORS, ids=["same", "factors"])
@pytest.mark.parametrize("scope", SCOPES)
def test_the_card_s_step_is_the_one_that_training_takes(
    optimizer: dict[str, Any], apply: str, l1: float, l2: float, own: dict[str, float], scope: str
) -> None:
    wanted = spec(
        **optimizer, optim__lr=0.01, penalty__apply=apply, penalty__l1=l1, penalty__l2=l2, penalty__scope=scope,
        penalty__factors=own,
    )  # fmt: skip
    assert_equal(shown(wanted), taken(wanted))


@given(
    l1=st.floats(1e-9, 1.0), l2=st.floats(1e-9, 10.0), rate=st.floats(1e-6, 0.03), factor=st.floats(0, 20),
    optimizer=st.sampled_from(OPTIMIZERS), apply=st.sampled_from(["coupled", "decoupled", "proximal"]),
)  # fmt: skip
@settings(max_examples=60)
def test_any_lambda_is_written_with_every_digit(
    l1: float, l2: float, rate: float, factor: float, optimizer: dict[str, Any], apply: str
) -> None:
    wanted = spec(
        **optimizer, optim__lr=rate, penalty__apply=apply, penalty__l1=l1, penalty__l2=l2,
        penalty__factors={"fc.weight": factor},
    )  # fmt: skip
    assert_equal(shown(wanted), taken(wanted))


def test_the_comparison_sees_one_wrong_digit() -> None:
    wanted = spec(penalty__l2=0.3, optim__name="sgd")
    wrong = spec(penalty__l2=0.3 + 1e-9, optim__name="sgd")
    with pytest.raises(AssertionError, match=r"conv\.weight"):
        assert_equal(shown(wrong), taken(wanted))
    with pytest.raises(AssertionError):
        assert_equal(shown(spec(penalty__l2=0.3, optim__name="sgd", penalty__scope="all")), taken(wanted))


def test_the_translator_reads_as_people_do() -> None:
    assert eval(to_python(r"a = 2 - 3\,4^2 / 6 \cdot 10^{-1}")[1]) == pytest.approx(1.2)
    assert eval(to_python(r"a = \dfrac{6 - 2}{\sqrt{4}}\,(1 + |0 - 3|)")[1], {"np": np}) == 8
    assert uncoloured(r"g \textcolor{#cc6622}{+ 2^{3}\,w} x", keep=False) == "g  x"
    assert uncoloured(r"g \textcolor{#cc6622}{+ 2^{3}\,w} x", keep=True) == r"g + 2^{3}\,w x"


def latex(**changes: Any) -> str:
    return "\n".join(row.latex for row in update_rule(spec(**changes)))


def words(**changes: Any) -> str:
    return " ".join(row.meaning for row in update_rule(spec(**changes)))


def test_adam_is_written_out() -> None:
    assert latex().splitlines() == [
        r"\eta = 0.001",
        rf"g = \nabla L(w) \textcolor{{{COLOUR}}}{{+ 0.01\,w}}",
        r"m \leftarrow 0.9\,m + 0.1\,g",
        r"v \leftarrow 0.999\,v + 0.001\,g^2",
        r"w \leftarrow w - \eta \cdot \dfrac{m / (1 - 0.9^t)}{\sqrt{v / (1 - 0.999^t)} + 10^{-8}}",
    ]


def test_every_row_has_its_meaning() -> None:
    for optimizer, apply in itertools.product(OPTIMIZERS, ["coupled", "decoupled", "proximal"]):
        rows = update_rule(spec(**optimizer, penalty__apply=apply, penalty__l1=0.1, penalty__factors={"a": 2}))
        assert all(row.meaning.endswith(".") and len(row.meaning) > 8 for row in rows)
        assert any(row.whole_penalty for row in rows)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"optim__schedule": "cosine"}, "0.001 in epoch 1, falling to 0 along a cosine"),
        ({"optim__schedule": "step"}, "0.001 in epoch 1, times 0.1 every 10 epochs"),
        ({"optim__name": "adamw"}, "at η = 0.001 it takes 0.001 % off each weight"),
        ({"optim__name": "sgd"}, "the first step has v = g"),
        ({"penalty__l1": 0.1}, "0 at w = 0"),
        ({"penalty__l1": 0.1, "penalty__apply": "proximal"}, "within ηλ₁ of 0 (1e-4, in epoch 1)"),
        ({}, "the mean cross-entropy of 32 images"),
        ({"penalty__factors": {"a": 2}}, "0 exempts it"),
    ],
)
def test_what_a_row_means(changes: dict[str, Any], said: str) -> None:
    assert said in words(**changes)


def test_many_tensors_with_one_factor_are_counted() -> None:
    four = {f"layer_{i}.weight": 0.0 for i in range(4)}
    assert r"0 & \text{4 tensors, see below}" in latex(penalty__factors=four)
    assert r"\text{layer\_0.weight, b}" in latex(penalty__factors={"layer_0.weight": 2, "b": 2})
    assert "cases" not in latex(penalty__factors=four, penalty__l2=0)


FIRST_WORDS: dict[str, Callable[[str], bool]] = {
    "weights": lambda text: "Biases and norms take the same step without it" in text,
    "weights+biases": lambda text: "Norms' scales and shifts take the same step without it" in text,
    "all": lambda text: text.endswith("every parameter."),
}


@pytest.mark.parametrize("scope", SCOPES)
def test_the_card_says_for_which_tensors_it_holds(scope: str) -> None:
    assert FIRST_WORDS[scope](where(spec(penalty__scope=scope)))
    assert where(spec(penalty__l2=0)).startswith("Every λ is 0")
