"""Sweeps over λ and another setting: points, references, choices and layers keep the second value."""

from __future__ import annotations

import math
from itertools import product
from typing import Any

import pytest
from tests.analysis.sweeps import lanes_of, layers_of, one_epoch, paired_differences

from reglab import columns as c
from reglab.analysis import chosen, judged_table, layer_curves, sweep_histograms, sweep_table
from reglab.analysis import sweep_verdict as verdict_of
from reglab.analysis.sweep_table import points_of
from reglab.sweep import Point, SweepSpec

RATES, LAMBDAS = (1e-3, 1e-2), (0.0, 0.1, 0.3)


def _map(**more: Any) -> SweepSpec:
    return SweepSpec.parse({"l2": LAMBDAS, "over": {"optim.lr": RATES}, "seeds": 2, **more})


def test_points_ascend_by_mode_lambda_and_second_value() -> None:
    points = points_of(lanes_of(_map(apply=["proximal", "coupled"])))
    assert points.names == (*c.POINT, c.SECOND)
    expected = [
        (mode, value, 0.0, value, rate) for mode, value, rate in product(("coupled", "proximal"), LAMBDAS, RATES)
    ]
    assert list(points.keys) == expected
    assert list(points.frame().itertuples(index=False, name=None)) == expected
    references = [points.keys[place] for place in points.reference]
    assert references == [(mode, 0.0, 0.0, 0.0, rate) for mode, _, _, _, rate in expected]


def test_without_lambda_0_there_is_no_reference() -> None:
    assert set(points_of(lanes_of(_map(l2=[0.1, 0.3]))).reference) == {-1}


def test_a_single_setting_refers_to_its_own_0() -> None:
    dropout = SweepSpec.parse({"over": {"model.dropout": [0.0, 0.5]}})
    rates = SweepSpec.parse({"over": {"optim.lr": RATES}})
    assert points_of(lanes_of(dropout)).reference.tolist() == [0, 0]
    assert points_of(lanes_of(rates)).reference.tolist() == [-1, -1]


def _accuracies(sweep: SweepSpec, **figures: float) -> list[float]:
    """80 % everywhere, but for the accuracy at "λ_lr"."""
    return [figures.get(f"{lane.point.value}_{lane.point.second}", 0.8) for lane in sweep.lanes()]


def test_differences_are_to_lambda_0_at_the_same_second_value() -> None:
    sweep = _map()
    lanes = lanes_of(sweep)
    values = _accuracies(sweep, **{"0.0_0.001": 0.7, "0.0_0.01": 0.5, "0.1_0.001": 0.75, "0.1_0.01": 0.9})
    found = paired_differences(lanes, one_epoch(lanes, val_acc=values))
    at = {(row[c.LAMBDA], row[c.SECOND]): row[c.DIFFERENCE] for _, row in found.iterrows()}
    assert at == pytest.approx(
        {(0, 1e-3): 0, (0, 1e-2): 0, (0.1, 1e-3): 0.05, (0.1, 1e-2): 0.4, (0.3, 1e-3): 0.1, (0.3, 1e-2): 0.3}
    )


def test_the_1_se_choice_keeps_the_second_value_of_the_best() -> None:
    sweep = _map()
    lanes = lanes_of(sweep)
    values = _accuracies(sweep, **{"0.1_0.001": 0.9, "0.3_0.001": 0.9, "0.3_0.01": 0.9})
    values[sweep.lanes().index(next(lane for lane in sweep.lanes() if lane.point == Point(0.1, 0, 0.1, 1e-3)))] = 0.94
    table = chosen(sweep_table(lanes, one_epoch(lanes, val_acc=values)))
    best, one_se = (table[table[name]].iloc[0] for name in (c.BEST, c.ONE_SE))
    assert (best[c.LAMBDA], best[c.SECOND]) == (0.1, 1e-3)
    assert (one_se[c.LAMBDA], one_se[c.SECOND]) == (0.3, 1e-3)  # 0.3 at the other rate is as near


def test_the_verdict_names_the_whole_point_and_the_edge() -> None:
    sweep = _map()
    lanes = lanes_of(sweep)
    table = judged_table(lanes, one_epoch(lanes, val_acc=_accuracies(sweep, **{"0.1_0.01": 0.95})))
    verdict = verdict_of(table)
    assert verdict is not None
    assert (verdict.best, verdict.edge) == (Point(0.1, 0.0, 0.1, 1e-2), "high")  # of the learning rates
    assert {point.second for point, _ in verdict.regimes} == set(RATES)


def test_layers_are_those_of_each_point() -> None:
    lanes = lanes_of(_map())
    layers = layers_of(lanes, [1] * len(lanes))
    curves, histograms = layer_curves(lanes, layers), sweep_histograms(lanes, layers)
    assert len(curves) == 6 * 3  # two layers and all together
    assert len(histograms) == 6
    assert set(curves[c.SECOND]) == set(histograms[c.SECOND]) == set(RATES)
    own = layers[layers[c.RUN].isin(["r0", "r6"]) & (layers[c.EPOCH] == 1) & (layers[c.LAYER] == "fc.weight")]
    row = curves[(curves[c.LAYER] == "fc.weight") & (curves[c.LAMBDA] == 0) & (curves[c.SECOND] == 1e-3)].iloc[0]
    assert math.isclose(row[c.L2_NORM], own[c.L2_NORM].mean())
