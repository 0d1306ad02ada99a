"""Translations: known values, round trips, steps that a student can check, refusals, and bad input."""

from __future__ import annotations

import math
import re
from itertools import product
from typing import Any

import pytest
from hypothesis import assume, given, settings
from tests.conventions.strategies import ADAM, MOMENTUM, PLAIN, contexts, example, names, values

from reglab.conventions import CONVENTIONS, Context, MissingContext, Translation, needed, translate, translate_all
from reglab.errors import SpecError, UnknownName

KNOWN: list[tuple[Any, str, str, dict[str, float]]] = [
    (0.01, "torch-sgd", "keras-l2", {"l2": 0.005}),
    (0.01, "torch-adam", "keras-l2", {"l2": 0.005}),
    (0.01, "keras-l2", "torch-adam", {"weight_decay": 0.02}),
    (0.01, "sum-squares", "half-sum-squares", {"lambda": 0.02}),
    (0.01, "torch-sgd", "tf-l2-loss", {"factor": 0.01}),
    (0.01, "torch-sgd", "sklearn-ridge", {"alpha": 4.0}),
    (0.01, "torch-sgd", "sklearn-mlp", {"alpha": 0.32}),
    (0.01, "torch-sgd", "sklearn-logistic", {"C": 0.25, "l1_ratio": 0.0}),
    (0.01, "torch-sgd", "playground", {"rate": 0.01}),
    ({"l1": 0.1, "l2": 0.2}, "keras-l1l2", "reglab", {"l1": 0.1, "l2": 0.4}),
    ({"l1": 0.1, "l2": 0.3}, "reglab", "sklearn-elasticnet", {"alpha": 0.4, "l1_ratio": 0.25}),
    ({"alpha": 0.4, "l1_ratio": 0.25}, "sklearn-elasticnet", "glmnet", {"lambda": 0.4, "alpha": 0.25}),
    ({"C": 0.5, "l1_ratio": 0.25}, "sklearn-logistic", "reglab", {"l1": 0.00125, "l2": 0.00375}),
    (0.01, "torch-adamw", "tfa-adamw", {"weight_decay": 0.0005}),
    (0.01, "torch-adamw", "optax-adamw", {"weight_decay": 0.01}),
    (0.01, "adamw-paper", "torch-adamw", {"weight_decay": 0.2}),
    (0.01, "adamw-paper", "tfa-adamw", {"weight_decay": 0.01}),
    (0.01, "torch-adamw", "keras-weight-decay", {"weight_decay": 0.01}),
    (0.01, "torch-sgd", "keras-weight-decay", {"weight_decay": 0.01}),
    (0.01, "keras-weight-decay", "keras-l2", {"l2": 0.005}),
    (0.01, "tfa-sgdw", "torch-sgd", {"weight_decay": 0.2}),
]


@pytest.mark.parametrize(("value", "source", "target", "expected"), KNOWN)
def test_known_values(value: Any, source: str, target: str, expected: dict[str, float]) -> None:
    found = translate(value, source, target, PLAIN)
    assert found.exact
    assert found.values == pytest.approx(expected, rel=1e-14)


@settings(max_examples=200)
@given(names, names, contexts, contexts)
def test_only_the_optimizer_decides_whether_there_is_an_equivalent(
    a: str, b: str, first: Context, second: Context
) -> None:
    """Whether a pair has an equivalent depends on the optimizer, never on n, batch size or lr."""
    assume(first.optimizer == second.optimizer)
    one, two = (translate(example(CONVENTIONS.get(a)), a, b, context) for context in (first, second))
    assert one.exact == two.exact
    assert one.reason == two.reason


@settings(max_examples=500)
@given(data=names.flatmap(lambda a: values(a).map(lambda v: (a, v))), b=names, context=contexts)
def test_there_and_back_is_the_identity(data: tuple[str, dict[str, float]], b: str, context: Context) -> None:
    a, start = data
    there = translate(start, a, b, context)
    assume(there.exact)
    assert there.values is not None
    back = translate(there.values, b, a, context)
    assert back.exact
    assert back.values == pytest.approx(start, rel=1e-10, abs=0)


@settings(max_examples=500)
@given(data=names.flatmap(lambda a: values(a).map(lambda v: (a, v))), b=names, c=names, context=contexts)
def test_a_detour_changes_nothing(data: tuple[str, dict[str, float]], b: str, c: str, context: Context) -> None:
    a, start = data
    direct, first = translate(start, a, c, context), translate(start, a, b, context)
    assume(direct.exact and first.exact)
    assert first.values is not None
    second = translate(first.values, b, c, context)
    assume(second.exact)
    assert second.values == pytest.approx(direct.values, rel=1e-10, abs=1e-300)


@settings(max_examples=300)
@given(data=names.flatmap(lambda a: values(a).map(lambda v: (a, v))), b=names, context=contexts)
def test_the_steps_are_right_arithmetic(data: tuple[str, dict[str, float]], b: str, context: Context) -> None:
    """Every side of every equation that has only numbers comes to the same, and the last ones are the answer."""
    a, start = data
    found = translate(start, a, b, context)
    assume(found.exact and a != b)
    assert found.values is not None
    last = {equation.split(" = ")[0]: _sides(equation) for equation in (step.equation for step in found.steps)}
    for sides in last.values():
        assert sides == pytest.approx([sides[-1]] * len(sides), rel=1e-8, abs=1e-15)
    for name, value in found.values.items():
        assert last[name][-1] == pytest.approx(value, rel=1e-10)


def _sides(equation: str) -> list[float]:
    sides = [side.replace("·", "*").replace("−", "-").replace("∞", "math.inf") for side in equation.split(" = ")]
    numeric = [side for side in sides if re.fullmatch(r"[-+*/(). \de]+|math\.inf", side)]
    assert numeric, equation
    return [float(eval(side)) for side in numeric]


def test_decoupled_and_coupled_agree_only_under_plain_sgd() -> None:
    assert translate(0.01, "torch-sgd", "keras-weight-decay", PLAIN).values == {"weight_decay": 0.01}
    near = translate(0.01, "torch-sgd", "keras-weight-decay", MOMENTUM)
    assert not near.exact
    assert near.approximation == pytest.approx({"weight_decay": 0.1})
    assert "0.9" in near.reason
    assert "approximation" in near.reason
    back = translate(0.1, "keras-weight-decay", "torch-sgd", MOMENTUM)
    assert not back.exact
    assert back.approximation == pytest.approx({"weight_decay": 0.01})


@pytest.mark.parametrize("target", ["torch-adamw", "tfa-adamw", "optax-adamw", "adamw-paper"])
@pytest.mark.parametrize("source", ["torch-adam", "torch-sgd", "keras-l2", "reglab", "sklearn-ridge"])
def test_adamw_is_never_an_objective(source: str, target: str) -> None:
    value = {"l2": 0.01} if source == "reglab" else 0.01
    for a, b, given_value in ((source, target, value), (target, source, 0.01)):
        found = translate(given_value, a, b)  # no context: there is nothing that would help
        assert not found.exact
        assert found.approximation is None
        assert "√v" in found.reason


def test_a_keras_decay_follows_the_optimizer() -> None:
    assert translate(0.01, "keras-weight-decay", "keras-l2", PLAIN).exact
    assert not translate(0.01, "keras-weight-decay", "keras-l2", ADAM).exact
    assert not translate(0.01, "keras-weight-decay", "torch-adam").exact
    with pytest.raises(MissingContext, match="optimizer"):
        translate(0.01, "keras-weight-decay", "keras-l2")
    with pytest.raises(MissingContext, match="momentum"):
        translate(0.01, "keras-weight-decay", "torch-sgd")


@pytest.mark.parametrize("target", ["torch-sgd", "keras-l2", "sklearn-ridge", "torch-adamw", "sum-squares"])
def test_l1_has_no_place_among_l2(target: str) -> None:
    found = translate({"l1": 0.1, "l2": 0.2}, "reglab", target)
    assert not found.exact
    assert "λ₁" in found.reason
    assert translate({"l1": 0.0, "l2": 0.2}, "reglab", target, PLAIN).exact == (target != "torch-adamw")


@pytest.mark.parametrize("target", ["torch-l1", "keras-l1", "sklearn-lasso", "playground-l1"])
def test_l2_has_no_place_among_l1(target: str) -> None:
    found = translate(0.1, "torch-sgd", target)
    assert not found.exact
    assert "L1 only" in found.reason
    assert translate({"l1": 0.1}, "reglab", target).exact


@pytest.mark.parametrize("name", sorted(set(CONVENTIONS.names()) - {"keras-activity"}))
def test_activity_penalties_have_no_equivalent(name: str) -> None:
    assert "outputs" in translate({"l2": 0.1}, "keras-activity", name).reason
    assert "outputs" in translate(example(CONVENTIONS.get(name)), name, "keras-activity").reason


@pytest.mark.parametrize(
    ("source", "target", "missing"),
    [
        ("sklearn-ridge", "keras-l2", "n"),
        ("keras-l2", "sklearn-ridge", "n"),
        ("sklearn-logistic", "reglab", "n"),
        ("torch-adam", "sklearn-mlp", "batch_size"),
        ("torch-adamw", "tfa-adamw", "lr"),
        ("adamw-paper", "torch-adamw", "lr"),
        ("torch-sgd", "keras-weight-decay", "momentum"),
        ("keras-l2", "keras-weight-decay", "optimizer"),
    ],
)
def test_context_is_asked_for_where_it_matters(source: str, target: str, missing: str) -> None:
    with pytest.raises(MissingContext, match=r"^Give .*: .*\.$") as caught:
        translate(0.01, source, target)
    assert caught.value.name == missing
    assert missing in needed([source], target)


def test_context_is_asked_for_nowhere_else() -> None:
    assert needed(["torch-sgd"], "keras-l2") == ()
    assert needed(["torch-adam"], "torch-adamw") == ()
    assert needed(["torch-sgd"], "torch-l1") == ()
    assert translate(0.01, "sklearn-ridge", "torch-adamw").reason  # n would not help
    assert set(needed(["torch-sgd"])) == {"n", "batch_size", "lr", "momentum"}
    assert set(needed(["reglab"])) == {"n", "batch_size", "lr", "momentum", "optimizer"}


def test_the_data_loss_is_named() -> None:
    notes = " ".join(translate(0.01, "torch-sgd", "sklearn-ridge", PLAIN).notes)
    assert "½·mean square error" in notes
    assert "halves" in notes
    assert "doubles" in " ".join(translate(4, "sklearn-ridge", "torch-sgd", PLAIN).notes)
    assert "½·mean" not in " ".join(translate(0.01, "sklearn-ridge", "sklearn-elasticnet", PLAIN).notes)


def test_other_tensors_are_a_note_and_no_refusal() -> None:
    found = translate(0.01, "torch-sgd", "keras-l2")
    assert any("biases and batch norms too" in note and "where it is set" in note for note in found.notes)
    assert not any("tensors" in note for note in translate(0.01, "keras-l1", "keras-l1l2").notes)


def test_code_is_the_targets_own_syntax() -> None:
    assert translate(0.01, "torch-sgd", "keras-l2").code == "keras.regularizers.L2(0.005)"
    assert translate(0.3, "keras-l2", "torch-adam").code.endswith("lr=lr, weight_decay=0.6)")
    assert 'float("inf")' in translate(0, "torch-sgd", "sklearn-logistic").code
    for source, target in product(CONVENTIONS.names(), repeat=2):
        assert "{" not in translate(example(CONVENTIONS.get(source)), source, target, PLAIN).code.replace("{l", "")


def test_unknown_names_get_a_suggestion() -> None:
    with pytest.raises(UnknownName, match="did you mean 'torch-sgd'"):
        translate(0.01, "torch-sdg", "keras-l2")
    with pytest.raises(UnknownName, match="did you mean 'keras-activity'"):
        translate(0.01, "torch-sgd", "keras-activty")
    with pytest.raises(UnknownName, match="Unknown optimizer 'adm'"):
        Context(optimizer="adm")


BAD: list[tuple[Any, str]] = [
    (-1.0, "torch-sgd"),
    (math.nan, "torch-sgd"),
    (math.inf, "torch-sgd"),
    (-math.inf, "keras-l2"),
    (True, "keras-l2"),
    ("0.01", "keras-l2"),
    (None, "keras-l2"),
    ({}, "torch-sgd"),
    ({"l2": 1}, "torch-sgd"),
    ({"alpha": 0.5}, "glmnet"),
    ({"alpha": 1, "l1_ratio": 1.5}, "sklearn-elasticnet"),
    ({"alpha": 1, "l1_ratio": -0.1}, "sklearn-elasticnet"),
    ({"alpha": 1, "l1_ratio": math.nan}, "sklearn-elasticnet"),
    (0.0, "sklearn-logistic"),
    (-1.0, "sklearn-logistic"),
    (math.nan, "sklearn-logistic"),
    ({"C": 1, "l1_ratio": 2}, "sklearn-logistic"),
    (1e308, "keras-l2"),
]


@pytest.mark.parametrize(("value", "source"), BAD)
def test_a_bad_value_is_one_sentence(value: Any, source: str) -> None:
    with pytest.raises(SpecError) as caught:
        translate(value, source, "reglab", PLAIN)
    assert re.fullmatch(r"[^\n]+\.", str(caught.value))
    with pytest.raises(SpecError):
        translate_all(value, source, PLAIN)


BAD_CONTEXT: list[dict[str, Any]] = [
    {"n": 0},
    {"n": -5},
    {"n": 2.5},
    {"n": math.nan},
    {"n": math.inf},
    {"n": True},
    {"batch_size": 0},
    {"batch_size": 0.5},
    {"lr": 0},
    {"lr": -0.1},
    {"lr": math.inf},
    {"lr": math.nan},
    {"momentum": 1.0},
    {"momentum": -0.1},
    {"momentum": math.nan},
    {"optimizer": "lbfgs"},
]


@pytest.mark.parametrize("bad", BAD_CONTEXT, ids=str)
def test_bad_context_is_one_sentence(bad: dict[str, Any]) -> None:
    with pytest.raises(SpecError, match=r"^[^\n]+\.$"):
        Context(**bad)


def test_too_large_for_the_target_is_said() -> None:
    with pytest.raises(SpecError, match="too large"):
        translate(1e300, "torch-sgd", "sklearn-ridge", Context(n=10**9))


def test_results_cannot_be_changed() -> None:
    found: Translation = translate(0.01, "torch-sgd", "keras-l2")
    with pytest.raises(AttributeError):
        found.exact = False  # type: ignore[misc]
