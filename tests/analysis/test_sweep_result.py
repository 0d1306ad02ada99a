"""The verdict of a sweep and its plain result, by hand and for any sweep."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from tests.analysis.sweeps import lanes_of, one_epoch, trained

from reglab import columns as c
from reglab.analysis import Chance, SweepVerdict, judged_table, result_of_sweep, sweep_verdict
from reglab.sweep import Point, SweepSpec

LAMBDAS = (0.0, 0.01, 0.1, 1.0)


def _judged(accuracies: list[list[float]], states: dict[int, str] | None = None, **what: Any) -> pd.DataFrame:
    """A judged sweep with these accuracies, a list for each repeat; the training loss grows with λ."""
    sweep = SweepSpec.parse({"l2": LAMBDAS, **what, "seeds": len(accuracies)})
    lanes = lanes_of(sweep, states)
    values = [value for repeat in accuracies for value in repeat]
    losses = [0.1 * (i % len(accuracies[0])) for i in range(len(values))]
    return judged_table(lanes, one_epoch(lanes, val_acc=values, train_loss=losses), chance=Chance(10, 539))


def _verdict(table: pd.DataFrame, **how: Any) -> SweepVerdict:
    verdict = sweep_verdict(table, **how)
    assert verdict is not None
    return verdict


U_CURVE = [[0.80, 0.84, 0.90, 0.10], [0.82, 0.89, 0.91, 0.10], [0.81, 0.88, 0.92, 0.10]]


def test_a_u_curve_by_hand() -> None:
    verdict = _verdict(_judged(U_CURVE))
    assert verdict.best == Point(0.1, 0.0, 0.1)
    assert (verdict.apply, verdict.measure, verdict.n, verdict.pairs) == ("coupled", c.VAL_ACC, 3, 3)
    assert verdict.mean == pytest.approx(0.91)
    assert verdict.error == pytest.approx(0.01 / np.sqrt(3))
    assert verdict.one_se == verdict.best
    assert verdict.difference == pytest.approx(0.1)
    half = 4.302653 * 0.01 / np.sqrt(3)  # t(2, 0.975)
    assert verdict.low == pytest.approx(0.1 - half)
    assert verdict.high == pytest.approx(0.1 + half)
    assert (verdict.better_in, verdict.p_adjusted, verdict.epoch) == (3, 0.25, 1)
    paired = verdict.paired
    assert paired is not None
    assert (paired.low, paired.high, paired.repeats, paired.better_in) == (verdict.low, verdict.high, 3, 3)
    assert paired.conclusion == "suggests better"
    assert (paired.includes_zero, verdict.edge, verdict.diverged) == (False, None, ())
    assert [regime for _, regime in verdict.regimes] == ["overfits", "overfits", "fits", "at chance"]
    assert verdict.of_regime("overfits") == (Point(0.0, 0.0, 0.0), Point(0.01, 0.0, 0.01))
    assert verdict.of_regime("at chance") == (Point(1.0, 0.0, 1.0),)


def test_an_interval_can_include_zero() -> None:
    verdict = _verdict(_judged([[0.8, 0.7, 0.82, 0.5], [0.8, 0.7, 0.79, 0.5], [0.8, 0.7, 0.81, 0.5]]))
    assert verdict.best.value == 0.1
    assert verdict.paired is not None
    assert verdict.paired.includes_zero is True
    assert verdict.better_in == 2


def test_a_single_repeat_has_no_error_no_interval_and_no_1_se_choice() -> None:
    verdict = _verdict(_judged([[0.8, 0.85, 0.9, 0.1]]))
    assert (verdict.n, verdict.error, verdict.one_se, verdict.low, verdict.high) == (1, None, None, None, None)
    assert verdict.difference == pytest.approx(0.1)
    assert (verdict.one_se_paired, verdict.p_adjusted, verdict.better_in) == (None, None, 1)


def test_two_repeats_have_an_error_and_no_interval() -> None:
    verdict = _verdict(_judged(U_CURVE[:2]))
    assert verdict.error == pytest.approx(0.005)
    assert (verdict.low, verdict.high, verdict.better_in) == (None, None, 2)
    assert verdict.paired is not None
    assert verdict.paired.conclusion == "not distinguishable"


def test_without_a_zero_there_is_no_difference() -> None:
    verdict = _verdict(_judged([[0.8, 0.9, 0.7], [0.8, 0.9, 0.7]], l2=(0.01, 0.1, 1.0)))
    assert (verdict.difference, verdict.low, verdict.high, verdict.pairs) == (None, None, None, 0)


@pytest.mark.parametrize(
    ("accuracies", "edge"),
    [
        ([0.9, 0.5, 0.5, 0.5], None),
        ([0.5, 0.9, 0.5, 0.5], "low"),
        ([0.5, 0.5, 0.9, 0.5], None),
        ([0.5, 0.5, 0.5, 0.9], "high"),
    ],
)
def test_the_best_at_the_edge_asks_for_a_wider_range(accuracies: list[float], edge: str | None) -> None:
    assert _verdict(_judged([accuracies])).edge == edge


@pytest.mark.parametrize(
    ("best", "edge"),
    [((0, 0), None), ((0.1, 0), "low"), ((0, 2), None), ((0.2, 2), "high"), ((0.1, 1), "low"), ((0.1, 4), "high")],
)
def test_a_grid_has_edges_of_either_lambda(best: tuple[float, float], edge: str | None) -> None:
    grid: dict[str, Any] = {"l1": (0.0, 0.1, 0.2), "l2": (0.0, 1.0, 2.0, 4.0)}
    points = SweepSpec.parse(grid).points
    verdict = _verdict(_judged([[0.9 if (point.l1, point.l2) == best else 0.5 for point in points]], **grid))
    assert (verdict.best.l1, verdict.best.l2) == best
    assert verdict.edge == edge


def test_a_single_lambda_has_no_edge() -> None:
    assert _verdict(_judged([[0.9]], l2=(0.1,))).edge is None


def test_a_diverged_point_is_named_and_not_chosen() -> None:
    verdict = _verdict(_judged([[0.8, 0.85, 0.9, 0.99], [0.8, 0.86, 0.9, 0.99]], states={3: "diverged"}))
    assert verdict.best.value == 0.1
    assert verdict.diverged == (Point(1.0, 0.0, 1.0),)


def test_all_diverged_gives_no_verdict_and_an_empty_best() -> None:
    table = _judged([[0.8] * 4], states=dict.fromkeys(range(4), "diverged"))
    assert sweep_verdict(table) is None
    result = result_of_sweep(table)
    assert (result["best"], result["one_se"]) == (None, None)
    assert [row["regime"] for row in result["table"]] == ["diverged"] * 4
    assert [(row["n"], row["n_diverged"], row["val_acc"]) for row in result["table"]] == [(0, 1, None)] * 4


def test_of_two_modes_the_better_one_is_described_unless_one_is_asked_for() -> None:
    table = _judged([[0.8, 0.9, 0.7, 0.1, 0.8, 0.85, 0.95, 0.1]], apply=["coupled", "decoupled"])
    assert (_verdict(table).apply, _verdict(table).best.value) == ("decoupled", 0.1)
    coupled = _verdict(table, apply="coupled")
    assert (coupled.best.value, len(coupled.regimes)) == (0.01, 4)
    assert sweep_verdict(table, apply="proximal") is None


def test_the_result_has_the_contract_s_keys_and_plain_numbers() -> None:
    result = result_of_sweep(_judged(U_CURVE))
    assert list(result) == ["best", "one_se", "table"]
    contract = ["l1", "l2", "apply", "n", "n_diverged", "val_acc", "val_acc_se", "regime", "difference", "low", "high"]
    assert {*contract, *(f"{on}_{of}" for on in ("train", "val", "gap") for of in ("loss", "acc"))} <= set(
        result["best"]
    )
    assert result["best"] == result["table"][2] == result["one_se"]
    assert (result["best"]["l1"], result["best"]["l2"], result["best"]["n"]) == (0.0, 0.1, 3)
    assert (result["best"]["best"], result["best"]["one_se"], result["best"]["regime"]) == (True, True, "fits")
    assert result["best"]["val_acc"] == pytest.approx(0.91)
    assert result["best"]["difference"] == pytest.approx(0.1)


@settings(max_examples=40)
@given(trained())
def test_any_sweep_has_a_result_that_json_knows_and_a_verdict_that_agrees(
    sweep: tuple[pd.DataFrame, pd.DataFrame],
) -> None:
    table = judged_table(*sweep)
    result = result_of_sweep(table)
    assert json.loads(json.dumps(result, allow_nan=False)) == result
    assert len(result["table"]) == len(table)
    verdict = sweep_verdict(table)
    assert (verdict is None) == (result["best"] is None)
    if verdict:
        best, beside = result["best"], result["one_se"]
        assert (verdict.best.value, verdict.mean) == (best["lambda"], best["val_acc"])
        assert verdict.error == best["val_acc_se"]
        assert (verdict.one_se is None) == (beside is None)
        assert (verdict.difference, verdict.low, verdict.high) == (best["difference"], best["low"], best["high"])
        assert (verdict.best, "fits") in verdict.regimes


def test_an_empty_sweep_has_an_empty_result() -> None:
    lanes = lanes_of(SweepSpec(l2=(0.0,))).iloc[:0]
    table = judged_table(lanes, pd.DataFrame(columns=list(c.EPOCH_COLUMNS)))
    assert result_of_sweep(table) == {"best": None, "one_se": None, "table": []}
    assert sweep_verdict(table) is None
