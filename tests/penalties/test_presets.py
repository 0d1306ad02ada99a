"""Presets and single factors: what they make of every CNN, and what they leave as it was."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reglab.errors import SpecError, UnknownName
from reglab.models import MODELS, skeleton
from reglab.penalties.presets import PRESETS, fitting, offered, recognise, with_factor, with_preset
from reglab.penalties.scope import Parameter, multipliers, parameters, scope_kinds
from reglab.spec import ModelSpec, PenaltySpec, RunSpec, Scope

SCOPES: list[Scope] = ["weights", "weights+biases", "all"]


def tensors(name: str) -> tuple[Parameter, ...]:
    return parameters(skeleton(ModelSpec(name=name), (3, 32, 32), 10))


RESNET, SIMPLE = tensors("resnet18"), tensors("simple_cnn")
names = st.sampled_from([tensor.name for tensor in RESNET])
factors = st.one_of(st.sampled_from([0.0, 1.0]), st.floats(0, 1e3))


def own(spec: PenaltySpec, of: tuple[Parameter, ...] = RESNET) -> dict[str, float]:
    return multipliers(scope_kinds(of), spec)


@pytest.mark.parametrize("name", MODELS.names())
def test_every_offered_preset_is_recognised_again(name: str) -> None:
    found = tensors(name)
    assert offered(found)[0] == "kernels"
    for preset in offered(found):
        spec = with_preset(preset, found, PenaltySpec(l1=0.3, apply="proximal", factors={"x": 2}))
        assert recognise(found, spec) == preset
        assert (spec.l1, spec.apply) == (0.3, "proximal")
        assert PenaltySpec.model_validate(spec.model_dump()) == spec


def test_presets_penalise_what_their_names_say() -> None:
    kinds = {tensor.name: tensor.kind for tensor in RESNET}
    for preset, wanted in {
        "kernels": {"conv", "dense"}, "conv": {"conv"}, "dense": {"dense"}, "all": {"conv", "dense", "bias", "norm"},
    }.items():  # fmt: skip
        multiplied = own(with_preset(preset, RESNET, PenaltySpec()))
        assert {name for name, f in multiplied.items() if f} == {name for name, kind in kinds.items() if kind in wanted}


def test_the_default_is_the_first_preset() -> None:
    assert recognise(SIMPLE, RunSpec().penalty) == "kernels" == next(iter(PRESETS))


def test_a_cnn_without_convolutions_is_not_offered_presets_about_them() -> None:
    assert offered(tensors("dense_784")) == ["kernels", "all"]


def test_anything_else_is_no_preset() -> None:
    assert recognise(SIMPLE, PenaltySpec(factors={"fc1.weight": 2.0})) is None
    assert recognise(RESNET, PenaltySpec(scope="weights+biases")) is None
    assert recognise(SIMPLE, PenaltySpec(scope="weights+biases")) == "all"  # it has no norms
    assert recognise(SIMPLE, PenaltySpec(factors={"fc1.weight": 1.0})) == "kernels"
    with pytest.raises(SpecError, match="no parameter"):
        recognise(SIMPLE, PenaltySpec(factors={"nope": 1.0}))
    with pytest.raises(UnknownName, match="did you mean 'conv'"):
        with_preset("convs", SIMPLE, PenaltySpec())


@given(st.sampled_from(SCOPES), st.dictionaries(names, factors, max_size=4), names, factors)
def test_one_factor_changes_one_tensor(scope: Scope, before: dict[str, float], name: str, factor: float) -> None:
    start = fitting(RESNET, PenaltySpec(scope=scope, factors=before))
    changed = with_factor(name, factor, RESNET, start)
    assert own(changed) == {**own(start), name: factor}
    assert (changed.l1, changed.l2, changed.apply) == (start.l1, start.l2, start.apply)


def test_a_tensor_outside_the_scope_widens_it_and_leaving_it_again_narrows_it() -> None:
    wider = with_factor("fc2.bias", 0.5, SIMPLE, PenaltySpec())
    assert wider.scope == "weights+biases"
    assert wider.factors == {"conv1.bias": 0, "conv2.bias": 0, "fc1.bias": 0, "fc2.bias": 0.5}
    assert with_factor("fc2.bias", 0.0, SIMPLE, wider) == PenaltySpec()


def test_a_scope_that_has_nothing_more_to_leave_out_stays() -> None:
    everything = PenaltySpec(scope="all")
    assert with_factor("fc2.bias", 2.0, SIMPLE, everything).scope == "all"  # this CNN has no norms
    assert with_factor("fc2.bias", 2.0, SIMPLE, everything).factors == {"fc2.bias": 2.0}


@pytest.mark.parametrize("factor", [-1.0, math.nan, math.inf, 1e4])
def test_a_factor_that_is_no_multiplier_is_refused(factor: float) -> None:
    with pytest.raises(SpecError, match="must be from 0 to 1000, not"):
        with_factor("fc2.weight", factor, SIMPLE, PenaltySpec())
    with pytest.raises(SpecError, match="penalty"):
        RunSpec.parse({"penalty": {"factors": {"fc2.weight": factor}}})


def test_a_factor_for_no_parameter_is_refused() -> None:
    with pytest.raises(SpecError, match="no parameter 'nope'"):
        with_factor("nope", 1.0, SIMPLE, PenaltySpec())


def test_what_does_not_fit_another_cnn_is_dropped() -> None:
    spec = PenaltySpec(factors={"conv1.weight": 2.0, "gone.weight": 0.0, "fc2.bias": 3.0, "fc1.bias": 0.0})
    assert fitting(SIMPLE, spec).factors == {"conv1.weight": 2.0, "fc1.bias": 0.0}
