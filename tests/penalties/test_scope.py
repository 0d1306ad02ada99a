"""Which tensors a scope penalises, and how factors change that."""

from __future__ import annotations

import pytest
from torch import nn

from reglab.errors import SpecError
from reglab.penalties import factors, kinds
from reglab.spec import PenaltySpec, Scope


def model() -> nn.Module:
    return nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(2, 3))


def test_kinds_tell_kernels_from_their_biases_and_from_norms() -> None:
    assert kinds(model()) == {
        "0.weight": "weight", "0.bias": "bias", "1.weight": "norm", "1.bias": "norm", "3.weight": "weight",
        "3.bias": "bias",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("scope", "penalised"),
    [
        ("weights", {"0.weight", "3.weight"}),
        ("weights+biases", {"0.weight", "0.bias", "3.weight", "3.bias"}),
        ("all", {"0.weight", "0.bias", "1.weight", "1.bias", "3.weight", "3.bias"}),
    ],
)
def test_scope_chooses_the_tensors(scope: Scope, penalised: set[str]) -> None:
    found = factors(model(), PenaltySpec(scope=scope))
    assert {name for name, factor in found.items() if factor} == penalised
    assert set(found.values()) <= {0.0, 1.0}


def test_factors_multiply_and_zero_exempts() -> None:
    found = factors(model(), PenaltySpec(factors={"0.weight": 0.0, "3.weight": 2.5}))
    assert found["0.weight"] == 0
    assert found["3.weight"] == 2.5


def test_a_factor_for_no_parameter_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(SpecError, match=r"no parameter '0.wieght' \(did you mean '0.weight'\?\)"):
        factors(model(), PenaltySpec(factors={"0.wieght": 1.0}))


def test_a_factor_outside_the_scope_is_refused_unless_it_exempts() -> None:
    with pytest.raises(SpecError, match="outside the scope 'weights'"):
        factors(model(), PenaltySpec(factors={"0.bias": 1.0}))
    assert factors(model(), PenaltySpec(factors={"0.bias": 0.0}))["0.bias"] == 0
