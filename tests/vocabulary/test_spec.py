"""The spec: one definition for page, URL, YAML, command line and Python, and a sentence for whatever is wrong."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from reglab import RunSpec
from reglab.errors import SpecError
from reglab.spec import AUGMENTATIONS, DataSpec, ModelSpec, OptimSpec, PenaltySpec, RegularizeSpec, TrainSpec
from reglab.sweep import SweepSpec

lambdas = st.floats(0, 1e3)
names = st.text(st.characters(codec="utf-8", categories=("L", "N")), min_size=1, max_size=20)
specs = st.builds(
    RunSpec,
    data=st.builds(
        DataSpec,
        name=names,
        train_size=st.none() | st.integers(2, 10**6),
        label_noise=st.floats(0, 0.95),
        val_fraction=st.floats(0.01, 0.95),
        val_size=st.none() | st.integers(2, 10**6),
        seed=st.integers(0, 2**32 - 1),
        folds=st.none() | st.integers(2, 50),
    ),
    model=st.builds(ModelSpec, name=names, dropout=st.floats(0, 0.95), batch_norm=st.booleans()),
    penalty=st.builds(
        PenaltySpec,
        l1=lambdas,
        l2=lambdas,
        apply=st.sampled_from(["coupled", "decoupled", "proximal"]),
        scope=st.sampled_from(["weights", "weights+biases", "all"]),
        factors=st.dictionaries(st.from_regex(r"[a-z]{1,5}[0-9]?\.(weight|bias)", fullmatch=True), lambdas, max_size=3),
    ),
    optim=st.builds(
        OptimSpec,
        name=st.sampled_from(["sgd", "adam", "adamw"]),
        lr=st.floats(1e-12, 10),
        momentum=st.floats(0, 0.999),
        nesterov=st.booleans(),
        schedule=st.sampled_from(["constant", "cosine", "step"]),
    ),
    regularize=st.builds(
        RegularizeSpec,
        label_smoothing=st.floats(0, 0.95),
        mixup=st.floats(0, 100),
        max_norm=st.none() | st.floats(1e-9, 1e3),
        augment=st.lists(st.sampled_from(AUGMENTATIONS)).map("+".join),
    ),
    train=st.builds(TrainSpec, epochs=st.integers(1, 10_000), batch_size=st.integers(1, 65_536)),
)


@given(specs)
def test_yaml_json_and_dicts_give_the_spec_back(spec: RunSpec) -> None:
    assert RunSpec.from_yaml(spec.to_yaml()) == spec
    assert RunSpec.from_yaml(spec.model_dump_json()) == spec
    assert RunSpec.parse(spec.model_dump()) == spec


@given(specs)
def test_urls_give_the_spec_back(spec: RunSpec) -> None:
    query = spec.to_query()
    assert all(isinstance(value, str) for value in query.values())
    assert RunSpec.from_query(query) == spec


def test_the_default_spec_has_an_empty_url() -> None:
    assert RunSpec().to_query() == {}
    assert RunSpec.from_query({"run": "abc", "tab": "x"}) == RunSpec()


def test_the_contract_in_yaml() -> None:
    spec = RunSpec.from_yaml("""
        data:    {name: digits, train_size: 400, label_noise: 0.2, val_fraction: 0.3, seed: 0}
        model:   {name: simple_cnn, dropout: 0.0}
        penalty: {l1: 0.0, l2: 1.0e-2, apply: coupled, scope: weights, factors: {}}
        optim:   {name: adam, lr: 1.0e-3, momentum: 0.9, schedule: constant}
        train:   {epochs: 30, batch_size: 32, seed: 0}
    """)
    assert spec == RunSpec().with_changes({"data.label_noise": 0.2})
    assert RunSpec.from_yaml("penalty: {l2: 1e-2}") == RunSpec()  # YAML 1.1 reads 1e-2 as text
    assert RunSpec.from_yaml('{"penalty": {"l2": 1e-2}, "train": {"epochs": 3e1}}') == RunSpec()
    assert RunSpec.from_yaml("") == RunSpec()


def test_a_spec_is_frozen_and_hashable_in_its_data() -> None:
    with pytest.raises(ValidationError):
        RunSpec().data.name = "mnist"  # type: ignore[misc]
    assert hash(DataSpec()) == hash(DataSpec())


def test_adamw_means_decoupled_unless_the_spec_says_otherwise() -> None:
    assert RunSpec.parse({"optim": {"name": "adamw"}}).penalty.apply == "decoupled"
    assert RunSpec().with_assignments(["optim.name=adamw"]).penalty.apply == "decoupled"
    told = RunSpec.parse({"optim": {"name": "adamw"}, "penalty": {"apply": "coupled"}})
    assert told.penalty.apply == "coupled"
    assert RunSpec.parse(told.model_dump()) == told


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"penalty": {"l2": -1}}, "penalty.l2 should be greater than or equal to 0, not -1."),
        ({"penalty": {"l2": True}}, "penalty.l2 should be a valid number, not True."),
        ({"penalty": {"l2": "0.01"}}, "penalty.l2 should be a valid number, not '0.01'; write 0.01."),
        ({"penalty": {"l2": "0,01"}}, "penalty.l2 should be a valid number, not '0,01'; write 0.01."),
        ({"penalty": {"l2": "1,000"}}, "penalty.l2 should be a valid number, not '1,000'; write 1 or 1000."),
        ({"penalty": {"factors": {"a.b": True}}}, "penalty.factors.a.b should be a valid number, not True."),
        ({"train": {"epochs": False}}, "train.epochs should be a valid integer, not False."),
        ({"train": {"epochs": "010"}}, "train.epochs should be a valid integer, not '010'; write 10."),
        ({"data": {"train_size": "1:30"}}, "data.train_size should be a valid integer, not '1:30'."),
        ({"model": {"batch_norm": 1}}, "model.batch_norm should be true or false, not 1."),
        ({"model": {"batch_norm": "yes"}}, "model.batch_norm should be true or false, not 'yes'."),
        ({"penalty": {"l2": 10**400}}, "penalty.l2 should be"),
        ({"penalty": {"l1": float("nan")}}, "penalty.l1 should be a finite number, not nan."),
        ({"penalty": {"l1": float("inf")}}, "penalty.l1 should be a finite number, not inf."),
        ({"penalty": {"l2": 1e6}}, "penalty.l2 should be less than or equal to 1000, not 1000000.0."),
        ({"optim": {"lr": 0}}, "optim.lr should be greater than 0, not 0."),
        ({"optim": {"lr": 1e5}}, "optim.lr should be less than or equal to 10, not 100000.0."),
        ({"optim": {"name": "sdg"}}, "optim.name should be 'sgd', 'adam', 'adamw' or 'rmsprop', not 'sdg'."),
        ({"data": {"train_size": 2.5}}, "data.train_size should be a valid integer"),
        ({"data": {"folds": 1}}, "data.folds should be greater than or equal to 2, not 1."),
        ({"data": {"folds": 5, "fold": 5}}, "data: the fold must be below the 5 folds, not 5."),
        ({"data": {"fold": 1}}, "data: fold 1 needs the number of folds."),
        ({"data": None}, "data should be a valid dictionary"),
        ({"train": {"epochs": 0}}, "train.epochs should be greater than or equal to 1, not 0."),
        ({"penalty": {"factors": {"a.weight": -1}}}, "the factor of 'a.weight' must be from 0 to 1000, not -1."),
        (
            {"penalty": {"l22": 1}},
            "Unknown setting 'penalty.l22' (did you mean 'l2'?). Known: l1, l2, group, apply, scope",
        ),
        ({"modle": {}}, "Unknown setting 'modle' (did you mean 'model'?)."),
        ({"penalty": {"l2": -1}, "train": {"epochs": 0}}, "(1 more problem after this one.)"),
    ],
)
def test_every_mistake_is_one_sentence(values: dict[str, Any], sentence: str) -> None:
    with pytest.raises(SpecError) as caught:
        RunSpec.parse(values)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("assignment", "sentence"),
    [
        ("penalty.l2", "write part.key=value"),
        ("l2=1", "write it as part.key"),
        ("penalty.=1", "write it as part.key"),
        ("penalty.l2=", "penalty.l2 should be a valid number, not None."),
        ("penalty.l2=abc", "penalty.l2 should be a valid number"),
        ("penalty.factors=3", "penalty.factors should be a valid dictionary"),
        ("penalty.factors={a: 1, a: 2}", "penalty.factors has 'a' twice (line 1); keep one of them."),
        ("penalty.factors={a: [", "penalty.factors is not valid YAML (line 1)."),
        ("model.batch_norm=yes", "model.batch_norm should be true or false, not 'yes'."),
        ("train.epochs=[1", "train.epochs should be a valid integer"),
    ],
)
def test_every_bad_assignment_is_one_sentence(assignment: str, sentence: str) -> None:
    with pytest.raises(SpecError) as caught:
        RunSpec().with_assignments([assignment])
    assert sentence in str(caught.value)


@given(st.text(max_size=200))
def test_no_text_does_more_than_parse_or_be_refused(text: str) -> None:
    try:
        spec = RunSpec.from_yaml(text)
    except SpecError as error:
        sentence = str(error)
    else:
        sentence = spec.data.name
    assert "\n" not in sentence


def test_a_deeply_nested_or_endless_text_is_refused() -> None:
    for text in ("[" * 50_000, "a" * 100_001, "a: &a [*a]"):
        with pytest.raises(SpecError):
            RunSpec.from_yaml(text)


def test_every_setting_has_a_title_and_help() -> None:
    for part in (DataSpec, ModelSpec, PenaltySpec, OptimSpec, RegularizeSpec, TrainSpec):
        for name, field in part.model_fields.items():
            assert field.title, name
            assert field.description, name
            assert field.description.endswith("."), name


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("penalty: {l2: true}", "penalty.l2 should be a valid number, not True."),
        ("penalty: {l2: yes}", "penalty.l2 should be a valid number, not 'yes'."),
        ("penalty:\n  l2: 0,01", "penalty.l2 should be a valid number, not '0,01'; write 0.01."),
        ("penalty: {l2: 0,01}", "In braces a comma separates settings; write decimals with a point, as in 0.01."),
        ("optim: {lr: 1,5e-3}", "In braces a comma separates settings; write decimals with a point, as in 0.01."),
        ("penalty: {l2: 1e-400}", "penalty.l2 should be a valid number, not '1e-400'."),
        ("train: {epochs: 010}", "train.epochs should be a valid integer, not '010'; write 10."),
        ("train: {epochs: 1:30}", "train.epochs should be a valid integer, not '1:30'."),
        ("penalty: {factors: {conv1.weight: true}}", "conv1.weight should be a valid number, not True."),
        ("penalty: {l2: 1}\npenalty: {l2: 2}", "The spec has 'penalty' twice (line 2); keep one of them."),
        ('{"penalty": {"l2": 1, "l2": 2}}', "The spec has 'l2' twice; keep one of them."),
        ('{"penalty": {"l2": NaN}}', "The spec has the value NaN"),
        ('{"penalty": {"l2": true}}', "penalty.l2 should be a valid number, not True."),
    ],
)
def test_yaml_and_json_mean_what_they_say(text: str, sentence: str) -> None:
    with pytest.raises(SpecError) as caught:
        RunSpec.from_yaml(text)
    assert sentence in str(caught.value)


def test_assignments_mean_what_yaml_means() -> None:
    spec = RunSpec().with_assignments(
        [
            "penalty.l2=1e-3",
            "data.val_size=none",
            "model.batch_norm=true",
            "penalty.factors={fc.weight: .5}",
            "data.name=1e5",
        ]
    )
    assert (spec.penalty.l2, spec.data.val_size, spec.model.batch_norm) == (1e-3, None, True)
    assert (spec.penalty.factors, spec.data.name) == ({"fc.weight": 0.5}, "1e5")
    with pytest.raises(SpecError, match=r"^train\.epochs is set twice; keep one of the two values\.$"):
        RunSpec().with_assignments(["train.epochs=1", " train.epochs =2"])


def test_specs_that_earlier_versions_stored_are_read() -> None:
    stored = (
        '{"data":{"name":"digits","train_size":400,"label_noise":0.2,"val_fraction":0.3,"val_size":null,"seed":0,"folds":null,'
        '"fold":0},"model":{"name":"simple_cnn","dropout":0.0,"batch_norm":false},"penalty":{"l1":0.0,"l2":0.03,"apply":"coupled",'
        '"scope":"weights","factors":{"conv1.weight":0.0}},"optim":{"name":"sgd","lr":0.00001,"momentum":0.9,"nesterov":true,'
        '"schedule":"step","step_every":10,"step_factor":0.1},"train":{"epochs":30,"batch_size":32,"seed":4294967293,'
        '"patience":0,"precision":"float32"}}'
    )
    spec = RunSpec.parse(json.loads(stored))
    assert (spec.optim.lr, spec.penalty.factors, spec.optim.nesterov) == (1e-5, {"conv1.weight": 0.0}, True)
    assert spec.model_dump_json() == stored
    rest = '"l1":[],"l2":[0.0,0.1],"lambdas":[],"l1_ratio":null,"apply":["coupled"],"seeds":3,"folds":0'
    assert SweepSpec.from_json(f'{{"run":{stored},{rest}}}').run == spec
