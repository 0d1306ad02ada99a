"""The sweep: which lanes, in which order, which of them are pairs, and a sentence for whatever is wrong."""

from __future__ import annotations

import json
import math
import re
from itertools import product
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from reglab import spec_text
from reglab.errors import SpecError
from reglab.spec import RunSpec
from reglab.sweep import MOST_LANES, Point, SweepSpec
from reglab.sweep_values import MOST_VALUES, parse_values, spaced, values_text

lambdas = st.floats(0, 1e3, allow_subnormal=False).map(lambda value: value + 0.0)  # no −0
paths = st.lists(lambdas, min_size=1, max_size=6, unique=True).map(tuple)
applies = st.lists(st.sampled_from(["coupled", "decoupled", "proximal"]), max_size=3, unique=True).map(tuple)
swept = st.one_of(
    st.fixed_dictionaries({"l2": paths}),
    st.fixed_dictionaries({"l1": paths}),
    st.fixed_dictionaries({"l1": paths, "l2": paths}),
    st.fixed_dictionaries({"lambdas": paths, "l1_ratio": st.floats(0, 1)}),
)
repeated = st.one_of(
    st.fixed_dictionaries({"seeds": st.integers(1, 5)}),
    st.fixed_dictionaries({"folds": st.integers(2, 5)}),
    st.fixed_dictionaries({"blocks": st.integers(2, 5)}),
)
runs = st.builds(
    lambda l1, l2, seed: RunSpec().with_changes({"penalty.l1": l1, "penalty.l2": l2, "train.seed": seed}),
    lambdas, lambdas, st.integers(0, 1000),
)  # fmt: skip
sweeps = st.builds(
    lambda what, often, apply, run: SweepSpec.parse({**what, **often, "apply": apply, "run": run.model_dump()}),
    swept, repeated, applies, runs,
)  # fmt: skip


@given(sweeps)
def test_json_and_yaml_give_the_sweep_back(sweep: SweepSpec) -> None:
    assert SweepSpec.from_json(sweep.to_json()) == sweep
    assert SweepSpec.parse(spec_text.read(sweep.to_yaml())) == sweep
    assert SweepSpec.parse(yaml.safe_load(sweep.to_yaml())) == sweep  # YAML 1.1 reads the same


@given(sweeps)
def test_there_is_a_lane_for_every_combination_in_a_fixed_order(sweep: SweepSpec) -> None:
    lanes = sweep.lanes()
    assert len(lanes) == sweep.size == len(sweep.points) * len(sweep.applies) * sweep.repeats
    order = [(lane.repeat, lane.apply, lane.point) for lane in lanes]
    assert order == list(product(range(sweep.repeats), sweep.applies, sweep.points))
    values = [point.value for point in sweep.points]
    assert values == sorted(values)


@given(sweeps)
def test_a_lane_is_the_run_of_the_sweep_but_for_penalty_and_seeds(sweep: SweepSpec) -> None:
    for lane in sweep.lanes():
        penalty, run = lane.run.penalty, lane.run
        assert (penalty.l1, penalty.l2, penalty.apply) == (lane.point.l1, lane.point.l2, lane.apply)
        back = {
            "penalty.l1": sweep.run.penalty.l1, "penalty.l2": sweep.run.penalty.l2,
            "penalty.apply": sweep.run.penalty.apply, "train.seed": sweep.run.train.seed,
            "data.seed": sweep.run.data.seed, "data.folds": None, "data.fold": 0,
            "data.blocks": None, "data.block": 0,
        }  # fmt: skip
        assert run.with_changes(back) == sweep.run


@given(sweeps)
def test_lanes_of_a_repeat_share_seeds_and_split_and_those_of_others_share_neither(sweep: SweepSpec) -> None:
    shared = {(lane.repeat, lane.run.data, lane.run.train, lane.run.model, lane.run.optim) for lane in sweep.lanes()}
    assert len(shared) == sweep.repeats
    assert len({data for _, data, *_ in shared}) == sweep.repeats
    assert len({train.seed for _, _, train, *_ in shared}) == sweep.repeats


def test_seeds_move_both_seeds() -> None:
    run = RunSpec().with_changes({"data.seed": 5, "train.seed": 7})
    lanes = SweepSpec(run=run, l2=(0.0, 0.1), seeds=3).lanes()
    seeds = [(lane.run.data.seed, lane.run.train.seed) for lane in lanes]
    assert seeds == [(5, 7), (5, 7), (6, 8), (6, 8), (7, 9), (7, 9)]
    assert {lane.run.data.folds for lane in lanes} == {None}


def test_folds_move_the_fold_and_the_training_seed_but_not_the_cut() -> None:
    run = RunSpec().with_changes({"data.seed": 5, "train.seed": 7})
    sweep = SweepSpec(run=run, l2=(0.1,), folds=3)
    data = [(lane.run.data.folds, lane.run.data.fold, lane.run.data.seed) for lane in sweep.lanes()]
    assert data == [(3, 0, 5), (3, 1, 5), (3, 2, 5)]
    assert [lane.run.train.seed for lane in sweep.lanes()] == [7, 8, 9]
    assert (sweep.repeats, sweep.repeated_over) == (3, "fold")
    assert SweepSpec(l2=(0.1,), seeds=2).repeated_over == "seed"


def test_blocks_move_the_block_and_the_training_seed_but_not_the_cut() -> None:
    run = RunSpec().with_changes({"data.seed": 5, "train.seed": 7})
    sweep = SweepSpec(run=run, l2=(0.1,), blocks=3)
    data = [(lane.run.data.blocks, lane.run.data.block, lane.run.data.seed) for lane in sweep.lanes()]
    assert data == [(3, 0, 5), (3, 1, 5), (3, 2, 5)]
    assert [lane.run.train.seed for lane in sweep.lanes()] == [7, 8, 9]
    assert (sweep.repeats, sweep.repeated_over) == (3, "block")
    assert sweep.run_at(sweep.points[0], "coupled") == sweep.lanes()[0].run
    assert "blocks" not in SweepSpec(l2=(0.1,)).model_dump()  # sweeps from before are written as they were


@pytest.mark.parametrize(
    ("values", "kind", "symbol", "points"),
    [
        ({"l2": (0.1, 0)}, "l2", "λ₂", [Point(0, 0.5, 0), Point(0.1, 0.5, 0.1)]),
        ({"l1": (0.1, 0)}, "l1", "λ₁", [Point(0, 0, 0.25), Point(0.1, 0.1, 0.25)]),
        ({"lambdas": (4, 1), "l1_ratio": 0.25}, "elastic", "λ", [Point(1, 0.25, 0.75), Point(4, 1, 3)]),
        ({"lambdas": (1,), "l1_ratio": 0}, "elastic", "λ", [Point(1, 0, 1)]),
        (
            {"l1": (0, 1), "l2": (2, 0, 1)}, "grid", "λ₁ + λ₂",
            [Point(0, 0, 0), Point(1, 0, 1), Point(1, 1, 0), Point(2, 0, 2), Point(2, 1, 1), Point(3, 1, 2)],
        ),
    ],
)  # fmt: skip
def test_the_points_of_every_kind(values: dict[str, Any], kind: str, symbol: str, points: list[Point]) -> None:
    run = {"penalty": {"l1": 0.5, "l2": 0.25}}  # what is not swept stays
    sweep = SweepSpec.parse({"run": run, **values})
    assert (sweep.kind, sweep.symbol) == (kind, symbol)
    assert list(sweep.points) == points


def test_without_ways_of_applying_the_run_s_own_counts() -> None:
    assert SweepSpec.parse({"run": {"optim": {"name": "adamw"}}, "l2": [0.1]}).applies == ("decoupled",)
    both = SweepSpec.parse({"l2": [0.1], "apply": ["proximal", "coupled"]})
    assert [lane.apply for lane in both.lanes()] == ["proximal", "coupled"]


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({}, "The sweep: at least one λ is needed; give a list such as 0,1e-3,1e-2 or a range 1e-4:1e-1:9."),
        ({"l2": [0.1, -1]}, "The sweep: λ₂ must be from 0 to 1000, not -1."),
        ({"l1": [1e4]}, "The sweep: λ₁ must be from 0 to 1000, not 10000."),
        ({"l2": [float("nan")]}, "l2.0 should be a finite number, not nan."),
        ({"l2": [0.1, 0, 0.1]}, "The sweep: λ₂ has 0.1 more than once; give each value once."),
        ({"l2": [0.0, -0.0]}, "The sweep: λ₂ has 0 more than once; give each value once."),
        ({"l2": ["a"]}, "l2.0 should be a valid number, not 'a'."),
        ({"l2": 0.1}, "l2 should be a valid tuple, not 0.1."),
        (
            {"l2": [i / 1e3 for i in range(3000)]},
            "The sweep: 3,000 values of λ₂ are more than the 200 that a sweep takes; 9 to 30 show the curve.",
        ),
        (
            {"l1": [i / 1e3 for i in range(15)], "l2": [i / 1e3 for i in range(20)]},
            "The sweep: 300 values of λ are more than the 200 that a sweep takes; 9 to 30 show the curve.",
        ),
        (
            {"l2": [i / 1e3 for i in range(101)], "seeds": 10},
            "The sweep: 101 λ × 10 are 1,010 runs of 30 epochs each, more than the 1,000 that a sweep takes; give "
            "fewer λ or fewer repeats.",
        ),
        ({"lambdas": [0.1]}, "The sweep: an elastic-net sweep needs both: the λ values and the L1 ratio."),
        ({"l2": [0.1], "l1_ratio": 0.5}, "The sweep: an elastic-net sweep needs both: the λ values and the L1 ratio."),
        (
            {"lambdas": [0.1], "l1_ratio": 0.5, "l2": [0.1]},
            "The sweep: a sweep has either λ values with an L1 ratio, or values of λ₁ and λ₂, not both.",
        ),
        ({"lambdas": [0.1], "l1_ratio": 1.5}, "l1_ratio should be less than or equal to 1, not 1.5."),
        ({"l2": [0.1], "apply": ["coupled"] * 2}, "The sweep: a penalty mode is given twice."),
        ({"l2": [0.1], "apply": ["up"]}, "apply.0 should be 'coupled', 'decoupled' or 'proximal', not 'up'."),
        ({"l2": [True]}, "l2.0 should be a valid number, not True."),
        ({"l2": ["0,1"]}, "l2.0 should be a valid number, not '0,1'; write 0.1."),
        ({"l2": [0.1], "seeds": True}, "seeds should be a valid integer, not True."),
        ({"lambdas": [0.1], "l1_ratio": "0.5"}, "l1_ratio should be a valid number, not '0.5'; write 0.5."),
        ({"l2": [0.1], "folds": 1}, "The sweep: cross-validation needs at least 2 folds; 0 means none."),
        ({"l2": [0.1], "folds": 51}, "folds should be less than or equal to 50, not 51."),
        ({"l2": [0.1], "seeds": 0}, "seeds should be greater than or equal to 1, not 0."),
        ({"l2": [0.1], "folds": 3, "seeds": 2}, "The sweep: a sweep repeats over seeds or over folds, not both."),
        ({"l2": [0.1], "blocks": 3, "seeds": 2}, "The sweep: a sweep repeats over seeds or over blocks, not both."),
        ({"l2": [0.1], "blocks": 3, "folds": 2}, "The sweep: a sweep repeats over folds or over blocks, not both."),
        ({"l2": [0.1], "blocks": 1}, "The sweep: disjoint blocks are at least 2; 0 means none."),
        ({"l2": [0.1], "run": {"data": {"blocks": 3}}},
         "The sweep: the run of a sweep names no blocks of its own; give the number of blocks to the sweep."),
        (
            {"l2": [0.1], "run": {"data": {"folds": 3}}},
            "The sweep: the run of a sweep names no folds of its own; give the number of folds to the sweep.",
        ),
        (
            {"l2": [0.1], "seeds": 3, "run": {"train": {"seed": 2**32 - 2}}},
            "The sweep: run.train.seed 4294967294 leaves no room for 3 repeats; make it at most 4294967293.",
        ),
        (
            {"l2": [0.1], "seeds": 3, "run": {"data": {"seed": 2**32 - 1}}},
            "The sweep: run.data.seed 4294967295 leaves no room for 3 repeats; make it at most 4294967293.",
        ),
        ({"l2": [0.1], "run": {"penalty": {"l2": -1}}}, "run.penalty.l2 should be greater than or equal to 0, not -1."),
        ({"l2": [0.1], "run": {"penalty": {"l22": 1}}}, "Unknown setting 'run.penalty.l22' (did you mean 'l2'?)."),
        ({"l2": [0.1], "run": {"trian": {}}}, "Unknown setting 'run.trian' (did you mean 'train'?). Known: data,"),
        ({"l2": [0.1], "fold": 3}, "Unknown setting 'fold' (did you mean 'folds'?). Known: run, l1, l2, lambdas"),
        ({"l2": [-1], "seeds": 0, "folds": -1}, "(1 more problem after this one.)"),
    ],
)  # fmt: skip
def test_every_mistake_is_one_sentence(values: dict[str, Any], sentence: str) -> None:
    with pytest.raises(SpecError) as caught:
        SweepSpec.parse(values)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_last_seed_is_still_a_seed() -> None:
    run = {"train": {"seed": 2**32 - 3}, "data": {"seed": 2**32 - 1}}
    last = SweepSpec.parse({"l2": [0.1], "folds": 3, "run": run}).lanes()[-1]
    assert (last.run.train.seed, last.run.data.seed) == (2**32 - 1, 2**32 - 1)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[" * 100_000, "3", "null", '{"l2": [0.1], "seeds": "x"}', '{"l2": [0.1], "l2": [0.2]}', '{"l2": [NaN]}'],
)
def test_a_text_that_is_no_sweep_is_refused(text: str) -> None:
    with pytest.raises(SpecError):
        SweepSpec.from_json(text)


def test_the_largest_sweep_that_is_taken() -> None:
    assert SweepSpec(l2=spaced(1e-4, 1, MOST_VALUES), seeds=MOST_LANES // MOST_VALUES).size == MOST_LANES


TWO_READINGS = "could be one number or two; write {}, or separate the values by semicolons, as in 0,001;0,01."


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("0.1", (0.1,)),
        ("0.1, 0, 1e-3", (0, 1e-3, 0.1)),
        ("0;1e-3\n1e-2,", (0, 1e-3, 1e-2)),
        ("1e-4:1e-1:4", (1e-4, 1e-3, 1e-2, 1e-1)),
        ("0, 1e-4:1e-1:8", (0, 1e-4, 0.000268, 0.00072, 0.00193, 0.00518, 0.0139, 0.0373, 0.1)),
        (" 1e-2 : 1 : 3 , 0 ", (0, 0.01, 0.1, 1)),
        ("1e-320:1:2", (1e-320, 1)),
        ("0,1", (0, 1)),
        ("0.01,.1,1e−3", (1e-3, 0.01, 0.1)),
        ("0,001;0,01;0,1", (1e-3, 0.01, 0.1)),
        ("0,001 0,01\t0,1", (1e-3, 0.01, 0.1)),
        ("0,001\n1,5e-2\n0", (0, 1e-3, 0.015)),
        ("0;0,001:0,1:3", (0, 1e-3, 0.01, 0.1)),
        ("0 1", (0, 1)),
        ("0 , 1", (0, 1)),
    ],
)
def test_lists_and_ranges_are_read(text: str, values: tuple[float, ...]) -> None:
    assert parse_values(text) == values


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "λ₂ is empty; give values such as 0,1e-3,1e-2 or a range such as 1e-4:1e-1:9."),
        (" , ;\n", "λ₂ is empty; give values such as 0,1e-3,1e-2 or a range such as 1e-4:1e-1:9."),
        ("0, x", "λ₂: cannot read 'x'; give a number such as 0, 0.03 or 1e-3."),
        ("a:1:3", "λ₂: cannot read 'a'; give a number such as 0, 0.03 or 1e-3."),
        ("0, 0.1 0.2", "λ₂: cannot read '0.1 0.2'; give a number such as 0, 0.03 or 1e-3."),
        ("0,01", f"λ₂: '0,01' {TWO_READINGS.format('0.01')}"),
        ("1e-3, 0, 05", f"λ₂: '0,05' {TWO_READINGS.format('0.05')}"),
        ("0,001:0,1:5", f"λ₂: '0,001' {TWO_READINGS.format('0.001')}"),
        ("1e-4:0,01:5", f"λ₂: '0,01' {TWO_READINGS.format('0.01')}"),
        ("010", "λ₂: '010' begins with a 0; write decimals with a point, as in 0.01."),
        ("1e-3,010", "λ₂: '010' begins with a 0; write decimals with a point, as in 0.01."),
        ("0;1,000", "λ₂: '1,000' could mean 1 or 1000; write 1 or 1000."),
        ("0;1e-3,1e-2", "λ₂: cannot read '1e-3,1e-2'; give a number such as 0, 0.03 or 1e-3."),
        ("-1", "λ₂ must be from 0 to 1000, not -1."),
        ("1e4", "λ₂ must be from 0 to 1000, not 10000."),
        ("nan", "λ₂: 'nan' is not a finite number; write a number such as 0.03."),
        ("inf", "λ₂: 'inf' is not a finite number; write a number such as 0.03."),
        ("1e-400", "λ₂: '1e-400' is too small to differ from 0; write 0 or a larger number."),
        ("0.1,0.10", "λ₂ has 0.1 more than once; give each value once."),
        ("0.1,0.01:1:3", "λ₂ has 0.1 more than once; give each value once."),
        ("1e-4:1e-1", "λ₂: cannot read '1e-4:1e-1'; a range is FIRST:LAST:COUNT, such as 1e-4:1e-1:9."),
        ("1:2:3:4", "λ₂: cannot read '1:2:3:4'; a range is FIRST:LAST:COUNT, such as 1e-4:1e-1:9."),
        ("1:2:3.5", "λ₂: cannot read '1:2:3.5'; a range is FIRST:LAST:COUNT, such as 1e-4:1e-1:9."),
        ("1:2:" + "9" * 5000, "a range is FIRST:LAST:COUNT, such as 1e-4:1e-1:9."),
        ("0:1:3", "λ₂: the range '0:1:3' must rise from above 0; write 0 apart, as in 0,1e-4:1e-1:8."),
        ("2:1:3", "λ₂: the range '2:1:3' must rise from above 0; write 0 apart, as in 0,1e-4:1e-1:8."),
        ("1:1e308:3", "λ₂ must be from 0 to 1000, not 1e308."),
        ("1:inf:3", "λ₂: 'inf' is not a finite number; write a number such as 0.03."),
        ("1:1.001:3", "λ₂: the range '1:1.001:3' is too narrow for 3 values of three digits each."),
        ("1:2:1", "λ₂: a range has 2 to 200 values, not 1; 9 to 30 show the curve."),
        ("1:2:5000", "λ₂: a range has 2 to 200 values, not 5,000; 9 to 30 show the curve."),
        (
            ",".join(map(str, range(300))),
            "300 values of λ₂ are more than the 200 that a sweep takes; 9 to 30 show the curve.",
        ),
        (
            "1e-4:1:150,2:1000:150",
            "300 values of λ₂ are more than the 200 that a sweep takes; 9 to 30 show the curve.",
        ),
    ],
)  # fmt: skip
def test_every_bad_list_is_one_sentence(text: str, sentence: str) -> None:
    with pytest.raises(SpecError) as caught:
        parse_values(text, "λ₂")
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


@given(st.lists(lambdas, min_size=1, max_size=20, unique=True))
def test_a_list_survives_as_text(values: list[float]) -> None:
    assert parse_values(values_text(values)) == tuple(sorted(values))


@given(st.text("0123456789.:,;eE+-naif \n", max_size=40))
def test_no_text_does_more_than_be_read_or_refused(text: str) -> None:
    try:
        values = parse_values(text)
    except SpecError as error:
        values, sentence = (), str(error)
    else:
        sentence = "Read."
        assert SweepSpec(l2=values).l2 == values
    assert list(values) == sorted(set(values))
    assert sentence.endswith(".")
    assert "\n" not in sentence


@given(st.floats(1e-6, 900), st.floats(1.1, 1e6), st.integers(2, MOST_VALUES))
def test_a_range_has_equal_ratios_to_three_digits(first: float, ratio: float, count: int) -> None:
    last = min(first * ratio, 1e3)
    values = spaced(first, last, count)
    assert len(values) == count
    np.testing.assert_allclose(values, np.geomspace(first, last, count), rtol=0.0051)
    assume(len(set(values)) == count)
    assert parse_values(f"{first!r}:{last!r}:{count}") == tuple(sorted(values))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("0.0,0e5,1", "λ has 0 more than once; give each value once."),
    ],
)
def test_what_people_type_by_mistake(text: str, sentence: str) -> None:
    with pytest.raises(SpecError) as caught:
        parse_values(text)
    assert str(caught.value) == sentence


def test_without_over_the_json_is_that_of_earlier_versions() -> None:
    plain = SweepSpec(l2=(0.0, 0.1))
    assert list(json.loads(plain.to_json())) == ["run", "l1", "l2", "lambdas", "l1_ratio", "apply", "seeds", "folds"]
    assert "over" not in plain.to_yaml()


SETTINGS_OVER = {
    "optim.lr": (1e-3, 1e-2, 1e-1), "model.dropout": (0.0, 0.3), "data.train_size": (50, 100),
    "data.label_noise": (0.0, 0.2), "train.patience": (0, 5), "train.epochs": (2, 4), "train.batch_size": (8, 16),
    "penalty.group": (0.0, 0.1), "regularize.mixup": (0.0, 0.2), "regularize.label_smoothing": (0.05, 0.1),
}  # fmt: skip


@pytest.mark.parametrize("key", SETTINGS_OVER)
def test_a_lane_has_its_value_of_a_swept_setting_and_differs_in_nothing_else(key: str) -> None:
    sweep = SweepSpec.parse({"over": {key: SETTINGS_OVER[key]}, "seeds": 2})
    assert [point.value for point in sweep.points] == list(SETTINGS_OVER[key])
    assert (sweep.kind, sweep.is_map) == ("setting", False)
    for lane in sweep.lanes():
        value = lane.run.flat().get(key, 0.0)
        assert value == lane.point.value
        assert type(value) is type(sweep.over[key][0])  # integers stay integers
        back = {key: sweep.run.flat().get(key, 0.0), "train.seed": 0, "data.seed": 0}
        assert lane.run.with_changes(back) == sweep.run


@pytest.mark.parametrize("l1_or_l2", ["l1", "l2"])
@pytest.mark.parametrize("key", SETTINGS_OVER)
def test_beside_lambda_a_setting_is_the_second_axis(l1_or_l2: str, key: str) -> None:
    sweep = SweepSpec.parse({l1_or_l2: [0, 0.1], "over": {key: SETTINGS_OVER[key]}, "apply": ["coupled", "decoupled"]})
    expected = [(value, second) for second in SETTINGS_OVER[key] for value in (0, 0.1)]
    assert [(point.value, point.second) for point in sweep.points] == expected
    lanes = sweep.lanes()
    assert [(lane.apply, lane.point) for lane in lanes] == list(product(sweep.applies, sweep.points))
    found = [(lane.run.penalty.strengths[l1_or_l2], lane.run.flat().get(key, 0.0)) for lane in lanes]
    assert found == expected * 2
    assert [axis.key for axis in sweep.axes] == [f"penalty.{l1_or_l2}", key]


def test_two_settings_keep_their_order_but_lambda_is_first() -> None:
    over = {"optim.lr": [0.1, 0.01], "model.dropout": [0.5, 0]}
    sweep = SweepSpec.parse({"over": over})
    assert list(sweep.over.items()) == [("optim.lr", (0.01, 0.1)), ("model.dropout", (0.0, 0.5))]
    again = SweepSpec.from_json(sweep.to_json())
    assert (again, list(again.over)) == (sweep, list(sweep.over))
    group = SweepSpec.parse({"over": {"optim.lr": [0.1], "penalty.group": [0, 1]}})
    assert list(group.over) == ["penalty.group", "optim.lr"]
    assert (group.symbol, [axis.symbol for axis in group.axes]) == ("λᴳ", ["λᴳ", "learning rate"])


def test_lambdas_of_l1_and_l2_in_over_are_the_sweep_s_own() -> None:
    assert SweepSpec.parse({"over": {"penalty.l2": [1, 0]}}) == SweepSpec(l2=(0.0, 1.0))
    grid = SweepSpec.parse({"over": {"penalty.l2": [1, 0], "penalty.l1": [2]}})
    assert (grid.kind, grid.over, grid.is_map) == ("grid", {}, True)
    assert grid.place(Point(3, 2, 1)) == ((grid.axes[0], 2), (grid.axes[1], 1))


@pytest.mark.parametrize(
    ("values", "log"),
    [((0.0, 0.3, 0.5), False), ((1e-3, 1e-2), True), ((0, 5, 50), True), ((5, 49), False), ((0,), False)],
)  # fmt: skip
def test_an_axis_is_logarithmic_where_its_positive_values_span_a_decade(values: tuple[float, ...], log: bool) -> None:
    key = "train.patience" if values[-1] > 1 else "model.dropout"
    assert SweepSpec.parse({"over": {key: values}}).axes[0].log == log
    assert SweepSpec(l2=values).axes[0].log


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"optim.lr": [20]}, "optim.lr should be less than or equal to 10, not 20.0."),
        ({"penalty.group": [-1]}, "penalty.group should be greater than or equal to 0, not -1.0."),
        ({"train.epochs": [2.5]}, "The sweep: train.epochs takes whole numbers only, not 2.5."),
        ({"train.epochs": []}, "The sweep: train.epochs has no values; give a list such as 0,0.3,0.5 or a range "
         "1e-4:1e-1:9."),
        ({"optim.lr": [0.1, 0.1]}, "The sweep: optim.lr has 0.1 more than once; give each value once."),
        ({"optim.lr": ["a"]}, "over.optim.lr.0 should be a valid number, not 'a'."),
        ({"optim.lr": [1], "model.dropout": [0], "train.epochs": [2]},
         "The sweep: a sweep has one or two axes, not 3: learning rate, dropout, epochs."),
        ({"data.seed": [1]},
         "data.seed cannot be swept: it changes with the repeats; give a number of seeds, blocks or folds."),
        ({"model.dropout": [0.1 * i for i in range(9)], "train.epochs": list(range(1, 31))},
         "The sweep: 270 points are more than the 200 that a sweep takes; give fewer values."),
    ],
)  # fmt: skip
def test_what_cannot_be_swept_costs_a_sentence(values: dict[str, Any], sentence: str) -> None:
    with pytest.raises(SpecError) as caught:
        SweepSpec.parse({"over": values})
    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    ("key", "why"),
    [
        ("optim.name", "not a number"),
        ("model.batch_norm", "not a number"),
        ("penalty.factors", "not a number"),
        ("optim.lrr", "did you mean 'optim.lr'"),
    ],
)
def test_only_numbers_can_be_swept(key: str, why: str) -> None:
    with pytest.raises(SpecError, match=re.escape(why)) as caught:
        SweepSpec.parse({"over": {key: [0.1]}})
    assert "model.dropout" in str(caught.value)  # what can be swept


def test_lambda_is_not_swept_twice() -> None:
    with pytest.raises(SpecError, match=r"penalty\.l2 is swept twice"):
        SweepSpec.parse({"l2": [0, 1], "over": {"penalty.l2": [0, 1]}})
    with pytest.raises(SpecError, match="one or two axes, not 3"):
        SweepSpec.parse({"l2": [0, 1], "l1": [0, 1], "over": {"optim.lr": [0.1]}})


def test_lists_of_whole_numbers_have_whole_ranges() -> None:
    assert parse_values("100:2000:5", "n", most=math.inf, whole=True) == (100, 211, 447, 946, 2000)
    with pytest.raises(SpecError, match="too narrow for 4 whole numbers"):
        parse_values("1:3:4", "n", most=math.inf, whole=True)
    with pytest.raises(SpecError, match="n must be at least 0, not -1"):
        parse_values("-1", "n", most=math.inf)


def test_integers_are_written_as_integers() -> None:
    sweep = SweepSpec.parse({"over": {"train.epochs": [4.0, 2]}, "l2": [0]})
    assert '"over":{"train.epochs":[2,4]}' in sweep.to_json()
    assert yaml.safe_load(sweep.to_yaml())["over"] == {"train.epochs": [2, 4]}
