"""What the sweep page computes itself: the runs at a point, the common epoch, the slider's stops, tables."""

from __future__ import annotations

import io
from collections import Counter
from itertools import pairwise
from typing import Any

import pandas as pd
import pytest
from tests.analysis.sweeps import epochs_of, lanes_of
from tests.ui.sweeps import U_CURVE, view_of

from reglab import columns
from reglab.analysis.families import family_of, without
from reglab.content.sweep_data import common_epoch
from reglab.content.sweep_table_text import readable
from reglab.jobs import check_sweep
from reglab.settings import Settings
from reglab.sweep import Point, SweepSpec
from reglab.ui.sweep.board import run_with, runs_at, views_of
from reglab.ui.sweep.data import csv_of
from reglab.ui.sweep.presets import DEMO, PRESETS, Preset
from reglab.ui.sweep.state import nearest, replay_step, stops

SPEC = SweepSpec(l2=(0.0, 0.01, 0.1), apply=("coupled", "decoupled"), seeds=2)


@pytest.mark.parametrize("preset", [DEMO, *PRESETS], ids=lambda preset: preset.name)
def test_every_preset_can_be_trained_here(preset: Preset, settings: Settings) -> None:
    check_sweep(preset.spec, settings)
    values = [point.value for point in preset.spec.points]
    if preset.spec.is_map:
        _is_map_of_the_rule(preset)
        return
    if preset.beside:
        _are_regularizers_of_the_rule(preset)
        return
    assert (values[0], len(values), preset.spec.repeats) == (0.0, 9, 6)
    steps = [after / before for before, after in pairwise(values[1:])]
    assert max(steps) <= 10**0.5 * 1.06  # at most half a decade, rounded
    assert preset.spec.run.train.patience == 0


def _is_map_of_the_rule(preset: Preset) -> None:
    """Rule 5: equal budgets, and λ and the learning rate in steps of 4."""
    specs = (preset.spec, *preset.beside)
    assert [spec.run.optim.name for spec in specs] == ["sgd", "adam", "adamw"]
    assert [spec.applies for spec in specs] == [("coupled",), ("coupled",), ("decoupled",)]
    for spec in specs:
        assert (spec.run.train.epochs, spec.seeds, spec.size) == (10, 3, 63)
        for axis in spec.axes:
            positive = [value for value in axis.values if value]
            assert [after / before for before, after in pairwise(positive)] == pytest.approx([4] * (len(positive) - 1))


def _are_regularizers_of_the_rule(preset: Preset) -> None:
    """Rule 6: one run without any, four values of each regularizer, and the demonstration's run and seeds."""
    specs = (preset.spec, *preset.beside)
    known = [family_of(spec, point, preset.spec) for spec in specs for point in spec.points]
    counts = Counter(one[0] if one else "none" for one in known)
    keys = ("penalty.l2", "model.dropout", *(f"regularize.{key}" for key in ("label_smoothing", "mixup", "augment")))
    assert counts == {"none": 1, **dict.fromkeys(keys, 4)}
    assert len(set(known)) == len(known)
    assert {(spec.repeats, spec.epoch_rule) for spec in specs} == {(6, "last")}
    assert all(without(spec.run) == DEMO.spec.run for spec in specs)
    assert sum(spec.size for spec in specs) == 126


def test_a_click_finds_the_run_of_every_repeat() -> None:
    found = runs_at(SPEC, ["decoupled", 0.01, 0, 0.01])
    assert [(lane.apply, lane.point.value, lane.repeat) for lane in map(SPEC.lanes().__getitem__, found)] == [
        ("decoupled", 0.01, 0), ("decoupled", 0.01, 1),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "clicked", [[], ["coupled"], ["sideways", 0.01, 0.0, 0.01], ["coupled", 0.02, 0.0, 0.02],
                ["coupled", "0.01", "0", "0.01"], ["coupled", 0.01, 0.0, 0.01, 1.0], ["coupled", 0.0, 0.01],
                ["coupled", 0.01, 0.0, float("nan")]],
)  # fmt: skip
def test_a_click_on_anything_else_finds_nothing(clicked: list[Any]) -> None:
    assert runs_at(SPEC, clicked) == []


def test_a_click_on_a_map_finds_the_runs_of_its_pair() -> None:
    spec = SweepSpec.parse({"l2": [0, 0.1], "over": {"optim.lr": [0.001, 0.01]}, "seeds": 2})
    found = runs_at(spec, ["coupled", 0.1, 0.0, 0.1, 0.01])
    assert [(spec.lanes()[n].point, spec.lanes()[n].repeat) for n in found] == [
        (Point(0.1, 0.0, 0.1, 0.01), 0), (Point(0.1, 0.0, 0.1, 0.01), 1),
    ]  # fmt: skip
    assert runs_at(spec, ["coupled", 0.1, 0.0, 0.1]) == []
    assert run_with(spec, Point(0.1, 0.0, 0.1, 0.01), "coupled").optim.lr == 0.01


def test_csv_has_settings_under_their_keys() -> None:
    rates = view_of([[0.8, 0.9]], l2=[], over_={"optim.lr": [0.1, 0.2]})
    both = view_of([[0.8, 0.9]], l2=[0.1], over_={"optim.lr": [0.1, 0.2]})
    assert list(pd.read_csv(io.BytesIO(csv_of(rates)))["optim.lr"]) == [0.1, 0.2]
    read = pd.read_csv(io.BytesIO(csv_of(both)))
    assert list(zip(read["lambda"], read["optim.lr"], strict=True)) == [(0.1, 0.1), (0.1, 0.2)]


def test_using_a_lambda_keeps_all_other_settings() -> None:
    spec = SweepSpec.parse({"run": {"train": {"epochs": 7}, "model": {"name": "lenet5"}}, "l2": [0.0, 0.1], "folds": 3})
    run = run_with(spec, Point(0.1, 0.0, 0.1), "decoupled")
    assert (run.penalty.l2, run.penalty.apply, run.train.epochs, run.model.name) == (0.1, "decoupled", 7, "lenet5")
    assert run.data.folds is None


@pytest.mark.parametrize(
    ("states", "ends", "common"),
    [
        ({}, [6, 6, 6], 6),  # all finished
        ({}, [6, 3, 6], 6),  # one stopped early: its last figures count
        (dict.fromkeys(range(3), "running"), [6, 4, 5], 4),
        (dict.fromkeys(range(3), "running"), [6, 0, 5], 5),  # one has not begun
        ({1: "diverged", 0: "running", 2: "running"}, [6, 2, 5], 5),
        (dict.fromkeys(range(3), "cancelled"), [6, 4, 5], 4),
        (dict.fromkeys(range(3), "running"), [0, 0, 0], 0),
    ],
)
def test_the_common_epoch_is_one_that_all_training_runs_have(
    states: dict[int, str], ends: list[int], common: int
) -> None:
    lanes = lanes_of(SweepSpec(l2=(0.0, 0.01, 0.1)), states)
    assert common_epoch(lanes, epochs_of(lanes, ends)) == common


def test_the_slider_has_every_epoch_or_an_even_choice_with_the_last() -> None:
    assert stops(6) == [1, 2, 3, 4, 5, 6]
    many = stops(5000)
    assert len(many) <= 201
    assert (many[0], many[-1]) == (1, 5000)
    assert nearest(3, 6) == 3
    assert nearest(4999, 5000) == 5000
    assert nearest(13, 5000) in many


def test_a_replay_takes_a_few_steps_however_many_epochs_there_are() -> None:
    assert [replay_step(newest) for newest in (1, 14, 60, 10_000)] == [1, 1, 5, 715]


def test_views_depend_on_what_there_is_to_see() -> None:
    noisy = SweepSpec.parse({"run": {"data": {"label_noise": 0.2}}, "l2": [0.0]})
    assert views_of(noisy) == ["losses", "weights", "norms", "calibration", "memory", "table"]
    assert "memory" not in views_of(SPEC)
    assert views_of(SweepSpec(l1=(0.0,), l2=(0.0,))) == ["losses", "table"]


def test_the_table_is_readable_and_its_csv_exact() -> None:
    view = view_of(U_CURVE)
    table, shown = view.table, readable(view)
    assert list(shown) == [
        "λ₂", "Validation accuracy", "Against λ = 0, points", "Adjusted p", "Better in", "Choice", "Regime",
        "Training accuracy", "Validation loss", "Training loss", "Seeds",
    ]  # fmt: skip
    assert shown["Validation accuracy"].tolist() == ["81.0 ± 0.6 %", "87.0 ± 1.5 %", "91.0 ± 0.6 %", "10.0 ± 0.0 %"]
    assert shown["Against λ = 0, points"].tolist()[0] == "–"
    assert shown["Choice"].tolist() == ["", "", "best, 1-SE", ""]
    assert shown["Regime"].tolist() == ["overfits", "overfits", "well regularised", "at chance"]
    assert shown["Against λ = 0, points"].tolist()[3].startswith("−71.0")
    read = pd.read_csv(io.BytesIO(csv_of(view)))
    assert read[columns.VAL_ACC].tolist() == table[columns.VAL_ACC].tolist()
    assert read[columns.LAMBDA].tolist() == [0.0, 0.01, 0.1, 1.0]
    assert read[columns.BEST].tolist() == [False, False, True, False]
    assert read[columns.BETTER_IN].tolist() == [0, 3, 3, 0]
    assert read[columns.P_ADJUSTED].notna().tolist() == [False, True, True, False]
    assert read["rule"].tolist() == ["last"] * 4
    assert read["corrected"].isna().all()  # no run kept its predictions


def test_the_corrected_figure_stands_in_the_csv_row_of_the_best_lambda() -> None:
    read = pd.read_csv(io.BytesIO(csv_of(view_of([U_CURVE[0]] * 5, over="fold"))))
    assert read["corrected"].notna().tolist() == [False, False, True, False]


def test_a_table_of_a_rule_that_is_not_declared_has_no_test() -> None:
    shown = readable(view_of(U_CURVE, rule="best"))
    assert not {"Adjusted p", "Better in"} & set(shown)


def test_a_table_of_one_diverged_run_has_dashes() -> None:
    shown = readable(view_of(U_CURVE[:1], states={1: "diverged"}, measure="loss"))
    assert shown["Validation loss"].tolist() == ["0.200", "–", "0.100", "0.900"]
    assert list(shown)[2] == "Against λ = 0"


def test_a_table_has_penalty_modes_and_both_lambdas_of_a_grid() -> None:
    two = readable(view_of([U_CURVE[0] * 2], apply=["coupled", "decoupled"]))
    assert two["Penalty mode"].tolist() == ["coupled"] * 4 + ["decoupled"] * 4
    shown = readable(view_of(U_CURVE[:1], l1=[0.0, 0.1], l2=[0.0, 0.1]))
    assert (shown["λ₁"].tolist(), shown["λ₂"].tolist()) == (["0", "0", "0.1", "0.1"], ["0", "0.1", "0", "0.1"])
