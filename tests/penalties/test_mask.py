"""The mask table against the factors that training uses, and the penalty's value that its rows add up to."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reglab.errors import SpecError
from reglab.models import MODELS, build, skeleton
from reglab.penalties import factors, kinds
from reglab.penalties.mask import mask, squares
from reglab.penalties.scope import Parameter, parameters, scope_kinds
from reglab.spec import ModelSpec, PenaltySpec, Scope

SHAPE, CLASSES = (3, 32, 32), 10
TENSORS = (
    Parameter("conv.weight", (4, 1, 3, 3), "conv"),
    Parameter("conv.bias", (4,), "bias"),
    Parameter("norm.weight", (4,), "norm"),
    Parameter("fc.weight", (10, 16), "dense"),
)
SQUARES = {"conv.weight": 1.0, "conv.bias": 2.0, "norm.weight": 4.0, "fc.weight": 3.0}


@pytest.mark.parametrize("name", MODELS.names())
@pytest.mark.parametrize("scope", ["weights", "weights+biases", "all"])
def test_every_cnn_s_rows_have_the_factors_that_training_uses(name: str, scope: Scope) -> None:
    model = skeleton(ModelSpec(name=name), SHAPE, CLASSES)
    spec = PenaltySpec(l1=0.5, l2=0.25, scope=scope)
    rows = mask(parameters(model), spec)
    assert {row.parameter.name: row.factor for row in rows} == factors(model, spec)
    assert scope_kinds(parameters(model)) == kinds(model)
    assert sum(row.parameter.count for row in rows) == sum(p.numel() for p in model.parameters())
    assert [row.parameter.shape for row in rows] == [tuple(p.shape) for p in model.parameters()]


def test_kinds_are_those_of_the_layers() -> None:
    found = {p.name: p.kind for p in parameters(skeleton(ModelSpec(name="resnet18"), SHAPE, CLASSES))}
    assert (found["conv1.weight"], found["fc.weight"], found["fc.bias"]) == ("conv", "dense", "bias")
    assert (found["bn1.weight"], found["bn1.bias"]) == ("norm", "norm")


def test_shares_of_the_initial_weights_add_up_to_the_penalty() -> None:
    model = build(ModelSpec(), (1, 8, 8), CLASSES, 0)
    found = squares({name: p.detach().numpy() for name, p in model.named_parameters()})
    rows = mask(parameters(model), PenaltySpec(l2=0.1, factors={"conv1.weight": 2.0, "fc2.weight": 0.0}), found)
    penalty = sum(row.strengths["l2"] / 2 * (row.squares or 0) for row in rows)
    named = {name: p.detach().double() for name, p in model.named_parameters()}
    by_hand = 0.05 * sum(
        f * float((named[n] ** 2).sum()) for n, f in (("conv1.weight", 2), ("conv2.weight", 1), ("fc1.weight", 1))
    )
    assert penalty == pytest.approx(by_hand, rel=1e-12)
    assert sum(row.share_all or 0 for row in rows) == pytest.approx(1, rel=1e-12)
    assert sum(row.share_penalised or 0 for row in rows) == pytest.approx(1, rel=1e-12)
    assert {row.parameter.name for row in rows if row.share_penalised is None} == {
        "conv1.bias", "conv2.bias", "fc1.bias", "fc2.weight", "fc2.bias",
    }  # fmt: skip


@given(st.floats(0, 1e3), st.floats(0, 1e3), st.floats(0, 1e3))
def test_every_tensor_has_its_own_lambda(l1: float, l2: float, factor: float) -> None:
    first, *_, last = mask(TENSORS, PenaltySpec(l1=l1, l2=l2, factors={"fc.weight": factor}))
    assert (first.strengths["l1"], first.strengths["l2"]) == (l1, l2)
    assert (last.strengths["l1"], last.strengths["l2"]) == (l1 * factor, l2 * factor)
    assert last.penalised == (l1 * factor > 0 or l2 * factor > 0)


@pytest.mark.parametrize(
    ("spec", "reasons"),
    [
        (
            PenaltySpec(),
            ["in scope weights", "scope weights leaves out biases", "scope weights leaves out norms",
             "in scope weights"],
        ),
        (
            PenaltySpec(scope="all", factors={"conv.weight": 0.0, "conv.bias": 2.5}),
            ["factor 0 exempts it", "in scope all, λ × 2.5", "in scope all", "in scope all"],
        ),
        (PenaltySpec(l2=0), ["but every λ is 0", *["leaves out"] * 2, "but every λ is 0"]),
    ],
)  # fmt: skip
def test_the_reason_is_said(spec: PenaltySpec, reasons: list[str]) -> None:
    for row, reason in zip(mask(TENSORS, spec), reasons, strict=True):
        assert reason in row.why
        assert not row.penalised or row.factor


def test_shares_are_of_the_penalised_and_of_all() -> None:
    first, bias, _, dense = mask(TENSORS, PenaltySpec(), SQUARES)
    assert (first.share_penalised, first.share_all) == (0.25, 0.1)
    assert (dense.share_penalised, bias.share_penalised, bias.share_all) == (0.75, None, 0.2)


def test_a_tensor_that_every_term_exempts_has_no_share_of_the_penalised() -> None:
    tensors = (*TENSORS[:-1], replace(TENSORS[-1], classifier=True))
    conv, *_, classifier = mask(tensors, PenaltySpec(l2=0, group=0.1), SQUARES)
    assert (conv.share_penalised, classifier.share_penalised) == (1.0, None)
    conv, *_, classifier = mask(tensors, PenaltySpec(l2=0.1, group=0.1), SQUARES)
    assert (conv.share_penalised, classifier.share_penalised) == (0.25, 0.75)


@pytest.mark.parametrize("broken", [math.nan, math.inf, 0.0])
def test_weights_that_are_broken_or_all_zero_have_no_shares(broken: float) -> None:
    rows = mask(TENSORS, PenaltySpec(), dict.fromkeys(SQUARES, broken))
    assert [row.share_all for row in rows] == [None] * 4
    assert all(row.share_all is None and row.squares is None for row in mask(TENSORS, PenaltySpec()))


def test_shares_need_every_tensor_they_are_shares_of() -> None:
    kernels = {name: value for name, value in SQUARES.items() if name in ("conv.weight", "fc.weight")}
    first, *_ = mask(TENSORS, PenaltySpec(), kernels)
    assert (first.share_penalised, first.share_all, first.squares) == (0.25, None, 1.0)
    assert mask(TENSORS, PenaltySpec(scope="all"), kernels)[0].share_penalised is None


def test_squares_are_summed_in_64_bits() -> None:
    many = np.full(10**6, 1e-4, np.float32)
    assert squares({"w": many})["w"] == pytest.approx(1e6 * float(np.float32(1e-4)) ** 2, rel=1e-12)


def test_a_factor_for_no_parameter_computes_nothing() -> None:
    with pytest.raises(SpecError, match=r"no parameter 'fc.wieght' \(did you mean 'fc.weight'\?\)"):
        mask(TENSORS, PenaltySpec(factors={"fc.wieght": 2.0}), SQUARES)
    with pytest.raises(SpecError, match="outside the scope 'weights'"):
        mask(TENSORS, PenaltySpec(factors={"conv.bias": 2.0}), SQUARES)
