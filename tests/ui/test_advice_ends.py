"""Advice that asks for something names the value that silences it, and following it comes to an end."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.factories import spec
from tests.ui.specs import specs

from reglab.datasets import DATASETS, check_data
from reglab.errors import SpecError
from reglab.number_format import exact
from reglab.spec import DataSpec, RunSpec
from reglab.ui.train.advice import CHECKS, advice
from reglab.ui.train.advice_penalty import COLLAPSED, Check, Facts, above, below

ONLY_INFORMS = {"_decoupled_is_another_lambda", "_batch_norm"}
"""Checks that explain what a setting means and ask for nothing."""

FACTS = st.builds(
    Facts,
    n_train=st.sampled_from([2, 10, 400, 60_000]),
    n_val=st.just(539),
    batch_norm=st.booleans(),
    acting=st.sampled_from([0, 4]),
    pool=st.just(1797),
)


def followed(wanted: RunSpec, facts: Facts, remedy: dict[str, Any]) -> tuple[RunSpec, Facts]:
    """The spec with the remedy, and the facts that it changes."""
    changed = wanted.with_changes(remedy)
    return changed, replace(facts, acting=4) if "penalty.factors" in remedy else facts


@settings(max_examples=400)
@given(specs(), FACTS, st.sampled_from(sorted(COLLAPSED)))
@example(spec(penalty__l2=5), Facts(400, 539, acting=4), "simple_cnn")
@example(spec(optim__name="sgd", optim__lr=1e-9, train__epochs=1), Facts(2, 539, acting=4), "vgg_small")
@example(spec(optim__name="sgd", optim__lr=10, penalty__l2=1e3), Facts(60_000, 539, acting=4), "lenet5")
def test_the_named_value_silences_each_advice(wanted: RunSpec, facts: Facts, cnn: str) -> None:
    wanted = wanted.with_changes({"model.name": cnn})
    for check in CHECKS:
        said = check(wanted, facts)
        if said is None:
            continue
        assert bool(said.remedy) != (check.__name__ in ONLY_INFORMS)
        if said.remedy:
            assert check(*followed(wanted, facts, dict(said.remedy))) is None, said


@settings(max_examples=200)
@given(specs(), FACTS, st.sampled_from(sorted(COLLAPSED)))
@example(spec(penalty__l2=5), Facts(400, 539, acting=4), "simple_cnn")
@example(spec(penalty__l2=5, optim__name="sgd", optim__lr=1e-6), Facts(400, 539, acting=4), "lenet5")
def test_following_advice_comes_to_an_end(wanted: RunSpec, facts: Facts, cnn: str) -> None:
    wanted = wanted.with_changes({"model.name": cnn})
    for _ in range(2 * len(CHECKS)):
        remedy = next((said.remedy for said in advice(wanted, facts) if said.remedy), None)
        if remedy is None:
            return
        wanted, facts = followed(wanted, facts, dict(remedy))
    pytest.fail(f"advice goes on for {wanted}")


@settings(max_examples=200)
@given(specs(), FACTS)
def test_the_text_names_every_number_of_the_remedy(wanted: RunSpec, facts: Facts) -> None:
    for said in advice(wanted, facts):
        for value in said.remedy.values():
            if isinstance(value, str):
                assert value in said.text.lower()
            elif isinstance(value, int | float) and not isinstance(value, bool):
                assert exact(value) in said.text


@given(st.builds(
    DataSpec, name=st.just("digits"), train_size=st.one_of(st.none(), st.integers(10, 1500)),
    val_fraction=st.floats(0.01, 0.3), val_size=st.one_of(st.none(), st.integers(10, 400)),
    folds=st.one_of(st.none(), st.integers(2, 50)),
))  # fmt: skip
def test_few_validation_images_become_enough(data: DataSpec) -> None:
    (few,) = [check for check in CHECKS if check.__name__ == "_few_validation_images"]
    wanted = RunSpec(data=data)
    facts = facts_of(wanted)
    said = None if facts is None else few(wanted, facts)
    if said is None:
        return
    assert said.remedy
    better = wanted.with_changes(dict(said.remedy))
    found = facts_of(better)
    assert found is not None
    assert few(better, found) is None


def facts_of(wanted: RunSpec) -> Facts | None:
    """The sizes of a spec whose data fit."""
    try:
        sizes = check_data(wanted.data)
    except SpecError:
        return None
    return Facts(sizes.train, sizes.val, pool=DATASETS.get(wanted.data.name).size)


def text_of(check: str, facts: Facts, **changes: Any) -> str:
    by_name: dict[str, Check] = {each.__name__: each for each in CHECKS}
    said = by_name[check](spec(**changes), facts)
    assert said is not None
    return said.text


def test_the_values_as_text() -> None:
    usual = Facts(400, 539, acting=4, pool=1797)
    assert "λ₂ = 0.1 is safer." in text_of("_collapse", usual, penalty__l2=5)
    assert "λ₂ = 0.1 is safer." in text_of("_collapse", usual, penalty__l2=5 / 3)
    weak = text_of("_decay_too_slow", usual, optim__name="sgd", penalty__l2=1e-5)
    assert "λ₂ = 0.003 would matter." in weak
    assert "A batch size of 200 gives more." in text_of("_one_step_an_epoch", usual, train__batch_size=400)
    few = text_of("_few_validation_images", Facts(400, 18, pool=1797), data__val_fraction=0.01)
    assert "A validation share of 0.06 gives 100 or more." in few


def test_one_digit() -> None:
    assert [below(0.3 / 3), below(0.0333), below(7), below(1e-9)] == [0.1, 0.03, 7, 1e-9]
    assert [above(0.1), above(0.0333), above(0.95), above(1234)] == [0.1, 0.04, 1.0, 2000]
