"""The sweep: which lanes, in which order, which of them are pairs, and a sentence for whatever is wrong."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from reglab import spec_text
from reglab.errors import SpecError
from reglab.spec import RunSpec
from reglab.sweep import MOST_LANES, Point, SweepSpec
from reglab.sweep_values import MOST_VALUES, spaced

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
