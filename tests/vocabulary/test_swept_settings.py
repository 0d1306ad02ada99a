"""Sweeps over settings other than λ: their lanes, axes and order, and what cannot be swept."""

from __future__ import annotations

import json
import re
from itertools import product
from typing import Any

import pytest
import yaml

from reglab.errors import SpecError
from reglab.sweep import Point, SweepSpec


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


def test_integers_are_written_as_integers() -> None:
    sweep = SweepSpec.parse({"over": {"train.epochs": [4.0, 2]}, "l2": [0]})
    assert '"over":{"train.epochs":[2,4]}' in sweep.to_json()
    assert yaml.safe_load(sweep.to_yaml())["over"] == {"train.epochs": [2, 4]}
