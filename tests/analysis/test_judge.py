"""A judged sweep: which rule is declared and tested, early stopping as the rival, criteria, budget, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.analysis.sweeps import epochs_of, lanes_of, one_epoch, trained
from tests.analysis.test_bias import Predicted, predictions

from reglab import columns as c
from reglab.analysis import Chance, SweepJudgement, judge_sweep, judged_table, paired_difference, sweep_verdict
from reglab.analysis.judgement_facts import facts_of_judgement
from reglab.sweep import SweepSpec

OVERLAP = 0.43
LAMBDAS = (0.0, 0.003, 0.01, 0.03)
RUN: dict[str, Any] = {"train": {"epochs": 20}}

Curve = Sequence[float]


def sweep(repeats: int = 6, **values: Any) -> SweepSpec:
    return SweepSpec.parse({"l2": LAMBDAS, "run": RUN, "seeds": repeats, **values})


def curves_of(
    lanes: pd.DataFrame,
    accuracies: Sequence[Curve],
    spread: float = 0.005,
    others: Mapping[str, Sequence[Curve]] = MappingProxyType({}),
) -> pd.DataFrame:
    """Epochs of every lane, a curve of the validation accuracy for each λ ascending; repeats differ by ``spread``.

    ``others`` have curves of other metrics; the validation loss is 1 − accuracy unless it is among them.
    """
    rng, rows = np.random.default_rng(0), []
    values = sorted(set(lanes[c.LAMBDA]))
    shift = {repeat: rng.normal(0, spread) for repeat in dict.fromkeys(lanes[c.REPEAT])}
    for _, lane in lanes.iterrows():
        place = values.index(lane[c.LAMBDA])
        own = rng.normal(0, spread / 5)
        for number, mean in enumerate(accuracies[place]):
            accuracy = mean + shift[lane[c.REPEAT]] + own
            row = {**dict.fromkeys(c.METRICS, 1.0), c.VAL_ACC: accuracy, c.VAL_LOSS: 1 - accuracy}
            row |= {name: curves[place][number] for name, curves in others.items()}
            rows.append({c.RUN: lane[c.RUN], c.EPOCH: number + 1, **row})
    return pd.DataFrame(rows, columns=list(c.EPOCH_COLUMNS))


def judged(spec: SweepSpec, epochs: pd.DataFrame, **how: Any) -> SweepJudgement:
    return judge_sweep(spec, lanes_of(spec), epochs, overlap=OVERLAP, **how)


def rise_and_fall(peak: float, end: float, at: int = 6, last: int = 11) -> list[float]:
    """An accuracy that is highest at epoch ``at``, and ``end`` at its ``last``."""
    up, down = np.linspace(0.3, peak, at), np.linspace(peak, end, last - at + 1)[1:]
    return [*up.tolist(), *down.tolist()]


EARLY_STOPPED = [rise_and_fall(0.699, 0.591), *(rise_and_fall(peak, 0.656) for peak in (0.695, 0.690, 0.670))]
"""100 digits, 30 % label noise, patience 5: the ranking at each run's best epoch is the reverse of that at its end."""


def test_with_early_stopping_runs_are_judged_where_they_were_best_and_lambda_zero_leads() -> None:
    """The first verdict on this sweep was "best λ₂ = 0.01 (65.6 %), λ = 0 overfits (59.1 %)"."""
    spec = sweep(3, run={"train": {"epochs": 20, "patience": 5}})
    found = judged(spec, curves_of(lanes_of(spec), EARLY_STOPPED))
    assert found.declared == "best"
    assert found.best is not None
    assert found.by_rule["last"].best is not None
    assert found.by_rule["last"].best.best.value > 0
    assert found.by_rule["last"].best.difference == pytest.approx(0.065, abs=0.01)
    assert not found.rules_agree
    assert found.best.best.value == 0.0
    assert found.best.mean == pytest.approx(0.699, abs=0.01)
    assert found.best.epoch == 6
    assert dict(found.best.regimes)[found.best.best] == "fits"
    assert found.rival is not None
    assert found.rival.difference is None  # the choice is early stopping alone
    assert found.rival.figure.mean == pytest.approx(found.best.mean)


def test_a_choice_at_the_last_epoch_has_early_stopping_alone_as_its_rival() -> None:
    """The demonstration: +9 points over λ = 0 at the last epoch, and early stopping alone is better than both."""
    spec = sweep(8)
    curves = [rise_and_fall(0.911, 0.803, 8, 20), *(rise_and_fall(0.90, end, 8, 20) for end in (0.85, 0.88, 0.895))]
    found = judged(spec, curves_of(lanes_of(spec), curves))
    assert found.declared == "last"
    assert found.best is not None
    assert found.best.best.value == 0.03
    paired = found.best.paired
    assert paired is not None
    assert (paired.conclusion, paired.better_in) == ("better", 8)
    assert paired.p_adjusted == pytest.approx(2 / 2**8)
    assert found.rival is not None
    assert found.rival.epochs == (8,) * 8
    assert found.rival.difference is not None
    assert found.rival.difference.value == pytest.approx(0.895 - 0.911, abs=0.003)
    assert (found.rival.difference.conclusion, found.rival.difference.better_in) == ("worse", 0)


def test_only_the_declared_rule_is_tested() -> None:
    spec = sweep(6, epoch="common")
    found = judged(spec, curves_of(lanes_of(spec), [rise_and_fall(0.9, 0.8)] * 4))
    tested = {
        rule: each.table[[c.LOW, c.HIGH, c.P_ADJUSTED]].notna().any(axis=None) for rule, each in found.by_rule.items()
    }
    assert tested == {"last": False, "best": False, "common": True}
    assert {rule: each.tested for rule, each in found.by_rule.items()} == tested
    assert all(each.table[c.DIFFERENCE].notna().all() for each in found.by_rule.values())


def test_every_rule_s_table_is_that_of_judged_table() -> None:
    spec = sweep(3)
    lanes = lanes_of(spec)
    epochs = epochs_of(lanes, [20] * spec.size)
    found = judged(spec, epochs, measure=c.VAL_LOSS, epoch=12, chance=Chance(10, 539))
    for rule, each in found.by_rule.items():
        expected = judged_table(
            lanes, epochs, c.VAL_LOSS, 12, Chance(10, 539), rule=rule, overlap=OVERLAP, tested=rule == "last"
        )
        pd.testing.assert_frame_equal(each.table.drop(columns=c.BALANCED_ACC), expected)
        assert each.best == sweep_verdict(expected, c.VAL_LOSS)


def test_a_lambda_at_chance_is_no_candidate_and_without_any_nothing_is_concluded() -> None:
    spec = sweep(6)
    found = judged(spec, curves_of(lanes_of(spec), [[0.1] * 20] * 4), chance=Chance(10, 539))
    assert (found.best, found.figure, found.corrected, found.budget) == (None, None, None, None)
    assert found.no_best is not None
    assert found.rival is not None
    assert found.rival.difference is None
    assert (found.criteria.agree, found.criteria.reason) == (True, "agree")
    facts = facts_of_judgement(found)
    assert (facts["best"], facts["one_se"], facts["difference"]) == (None, None, None)
    assert facts["why_no_best"].startswith("No λ has learnt anything")


def test_without_a_zero_there_is_no_rival() -> None:
    spec = sweep(3, l2=[0.01, 0.1, 1.0, 3.0])
    found = judged(spec, curves_of(lanes_of(spec), [rise_and_fall(0.9, 0.8)] * 4))
    assert found.rival is None
    assert found.best is not None
    assert found.best.paired is None


def test_the_choices_by_loss_and_by_accuracy_are_told_apart() -> None:
    """λ = 0.003 has 0.1 points more accuracy and twice the loss of λ = 0.01."""
    spec = sweep(6)
    accuracy = [[0.85] * 20, [0.902] * 20, [0.901] * 20, [0.8] * 20]
    losses = [[0.9] * 20, [0.6] * 20, [0.3] * 20, [0.5] * 20]
    found = judged(spec, curves_of(lanes_of(spec), accuracy, 0.0, {c.VAL_LOSS: losses}))
    criteria = found.criteria
    assert criteria.by_loss is not None
    assert criteria.by_accuracy is not None
    assert (criteria.by_loss.best.value, criteria.by_accuracy.best.value) == (0.01, 0.003)
    assert criteria.loss is not None
    assert criteria.accuracy is not None
    assert criteria.loss.value == pytest.approx(0.3)
    assert criteria.loss.conclusion == "worse"
    assert criteria.accuracy.value == pytest.approx(0.001)
    assert criteria.reason == "confidence"
    noisy = judged(spec, curves_of(lanes_of(spec), accuracy, 0.05, {c.VAL_LOSS: losses}), measure=c.VAL_LOSS)
    assert noisy.criteria.by_loss == noisy.best
    assert noisy.criteria.reason == "accuracy cannot tell"
    few = sweep(2)
    assert judged(few, curves_of(lanes_of(few), accuracy, 0.0, {c.VAL_LOSS: losses})).criteria.reason == "unknown"


def test_equal_accuracies_are_told_apart_by_the_loss() -> None:
    spec = sweep(3)
    losses = [[0.9] * 20, [0.3] * 20, [0.6] * 20, [0.7] * 20]
    found = judged(spec, curves_of(lanes_of(spec), [[0.9] * 20] * 4, 0.0, {c.VAL_LOSS: losses}))
    assert found.best is not None
    assert found.best.best.value == 0.003
    assert found.criteria.agree


def test_a_training_loss_that_still_falls_makes_the_choice_depend_on_the_budget() -> None:
    spec, steady = sweep(3), [0.5] * 20
    accuracy = [[0.85] * 20, [0.9] * 20, [0.85] * 20, [0.8] * 20]
    falling = np.geomspace(2, 0.1, 20).tolist()
    for own, depends in ((falling, True), (steady, False)):
        losses = {c.TRAIN_LOSS: [steady, own, falling, falling]}
        budget = judged(spec, curves_of(lanes_of(spec), accuracy, others=losses)).budget
        assert budget is not None
        assert (budget.epochs, budget.window, budget.depends) == (20, 2, depends)
        assert budget.start == pytest.approx(np.mean(own[16:18]))
        assert budget.end == pytest.approx(np.mean(own[18:]))
    nearly_zero = {c.TRAIN_LOSS: [[loss / 1e3 for loss in falling]] * 4}
    budget = judged(spec, curves_of(lanes_of(spec), accuracy, others=nearly_zero)).budget
    assert budget is not None
    assert not budget.depends  # 2e-5 nats from one window to the next


def test_under_another_rule_the_choice_depends_on_the_budget_where_runs_are_best_at_the_end() -> None:
    for curve, depends in (([*np.linspace(0.5, 0.9, 20)], True), (rise_and_fall(0.9, 0.8, 8, 20), False)):
        spec = sweep(3, epoch="best")
        budget = judged(spec, curves_of(lanes_of(spec), [[0.4] * 20, curve, [0.4] * 20, [0.4] * 20])).budget
        assert budget is not None
        assert (budget.at_end, budget.depends) == (float(depends), depends)


def test_runs_that_stopped_early_do_not_depend_on_the_budget_and_unfinished_ones_have_none() -> None:
    spec = sweep(3, run={"train": {"epochs": 20, "patience": 5}})
    budget = judged(spec, curves_of(lanes_of(spec), EARLY_STOPPED)).budget
    assert budget is not None
    assert np.isnan(budget.end)
    assert (budget.at_end, budget.depends) == (0.0, False)
    epochs = curves_of(lanes_of(spec), [rise_and_fall(0.9, 0.8, 8, 20)] * 4)
    assert judged(spec, epochs, epoch=10).budget is None
    training = lanes_of(spec, dict.fromkeys(range(spec.size), "running"))
    assert judge_sweep(spec, training, epochs, overlap=OVERLAP).budget is None


def test_the_figure_at_the_choice_is_corrected_by_predictions_or_by_folds() -> None:
    spec = sweep(3)
    lanes = lanes_of(spec)
    epochs = curves_of(lanes, [[0.88] * 20, [0.9] * 20, [0.89] * 20, [0.88] * 20])
    scores = predictions(lanes, np.random.default_rng(0), pool=300, n=100, epochs=20)
    found = judged(spec, epochs, scores=scores)
    assert found.corrected is not None
    assert found.best is not None
    assert found.corrected.method == "bootstrap bias correction"
    assert found.corrected.value == pytest.approx(0.9, abs=0.03)
    assert found.corrected.optimism == pytest.approx(found.best.mean - found.corrected.value)
    assert judged(spec, epochs).corrected is None
    folds = SweepSpec.parse({"l2": LAMBDAS, "run": RUN, "folds": 3})
    by_folds = judged(folds, epochs).corrected
    assert by_folds is not None
    assert by_folds.method == "Tibshirani and Tibshirani"
    assert by_folds.optimism >= 0
    of_loss = judged(folds, epochs, measure=c.VAL_LOSS)
    assert of_loss.corrected is not None
    assert of_loss.best is not None
    assert of_loss.corrected.value - of_loss.best.mean == pytest.approx(of_loss.corrected.optimism)


def test_the_bests_of_two_sweeps_are_compared_repeat_by_repeat() -> None:
    """λ₂ against dropout, say: the same seeds, and so the same images and the same first weights but for the masks."""
    spec = sweep(8)
    first = judged(spec, curves_of(lanes_of(spec), [[0.85] * 20, [0.900] * 20, [0.85] * 20, [0.8] * 20]))
    second = judged(spec, curves_of(lanes_of(spec), [[0.85] * 20, [0.8] * 20, [0.901] * 20, [0.8] * 20]))
    assert first.figure is not None
    assert second.figure is not None
    found = first.figure.less(second.figure, OVERLAP)
    assert found == paired_difference(np.array(first.figure.values), np.array(second.figure.values), OVERLAP)
    assert found is not None
    assert found.conclusion == "equivalent"


def test_a_map_is_judged_over_all_its_cells_each_against_its_own_zero() -> None:
    spec = SweepSpec.parse({"l2": [0.0, 0.1], "over": {"optim.lr": [0.001, 0.01]}, "run": RUN, "seeds": 6})
    lanes = lanes_of(spec)
    gains = {(0.0, 0.001): 0.70, (0.1, 0.001): 0.71, (0.0, 0.01): 0.80, (0.1, 0.01): 0.85}
    rng = np.random.default_rng(0)
    rows = [
        {c.RUN: lane[c.RUN], c.EPOCH: epoch, **dict.fromkeys(c.METRICS, 0.5), c.VAL_ACC: value + rng.normal(0, 0.002)}
        for _, lane in lanes.iterrows()
        for epoch in (1, 2)
        if (value := gains[lane[c.LAMBDA], lane[c.SECOND]])
    ]
    found = judged(spec, pd.DataFrame(rows, columns=list(c.EPOCH_COLUMNS)))
    assert found.best is not None
    assert (found.best.best.value, found.best.best.second) == (0.1, 0.01)
    assert found.best.difference == pytest.approx(0.05, abs=0.005)
    assert found.best.p_adjusted == 2 / 2**6
    assert found.rival is not None
    assert (found.rival.point.value, found.rival.point.second) == (0.0, 0.01)
    facts = facts_of_judgement(found)
    assert facts["early_stopping"]["second"] == 0.01


@settings(max_examples=12, deadline=None)
@given(trained(), st.sampled_from([c.VAL_ACC, c.VAL_LOSS]), st.none() | st.integers(0, 3))
def test_any_sweep_is_judged_and_its_facts_are_json(sweep_frames: Any, measure: str, limit: int | None) -> None:
    lanes, epochs = sweep_frames
    values = sorted(set(zip(lanes[c.LAMBDA1], lanes[c.LAMBDA2], strict=True)))
    spec = SweepSpec.parse({
        "l2": [float(place) for place in range(len(values))],
        "apply": sorted(set(lanes[c.APPLY])),
        "seeds": int(lanes[c.REPEAT].max()) + 1,
    })  # fmt: skip
    found = judge_sweep(spec, lanes, epochs, overlap=OVERLAP, measure=measure, epoch=limit)
    facts = facts_of_judgement(found)
    assert json.loads(json.dumps(facts, allow_nan=False)) == facts
    assert (found.best is None) == (facts["best"] is None) == (found.figure is None)
    assert set(facts["by_rule"]) == {"last", "best", "common"}
    if found.best and found.best.paired:
        assert facts["difference"]["value"] == facts["best"]["difference"]
        assert facts["difference"]["repeats"] == facts["best"]["n_pairs"]


def test_balanced_accuracy_stands_beside_accuracy_where_predictions_and_labels_are_known() -> None:
    """Three of four images are of class 0; a network that always answers 0 has 75 % accuracy and 50 % balanced."""
    spec = SweepSpec.parse({"l2": [0.0, 0.1], "run": {"train": {"epochs": 2}}, "seeds": 2})
    lanes, labels = lanes_of(spec), np.array([0, 0, 0, 1] * 10)
    always, right = labels == 0, labels >= 0
    scores = {
        run: Predicted(np.arange(40)[::-1], np.zeros((2, 40), np.float16), np.stack([always, right])[:, ::-1])
        for run in lanes[c.RUN]
    }
    epochs = curves_of(lanes, [[0.75, 1.0], [0.76, 0.7]], 0.0)
    table = judged(
        SweepSpec.parse({**spec.model_dump(), "epoch": "best"}), epochs, scores=scores, labels=labels
    ).own.table
    assert table[c.BALANCED_ACC].tolist() == pytest.approx([1.0, 0.5])
    assert judged(spec, epochs, scores=scores).own.table[c.BALANCED_ACC].isna().all()
    facts = facts_of_judgement(judged(spec, epochs, scores=scores, labels=labels))
    assert [row["balanced_acc"] for row in facts["table"]] == pytest.approx([1.0, 1.0])


def test_a_sweep_over_another_setting_has_a_best_value_and_no_1_se_choice() -> None:
    spec = SweepSpec.parse({"over": {"model.dropout": [0.0, 0.3, 0.5]}, "run": RUN, "seeds": 6})
    found = judged(spec, curves_of(lanes_of(spec), [[0.8] * 20, [0.9] * 20, [0.899] * 20]))
    assert found.best is not None
    assert (found.best.best.value, found.best.one_se, found.best.one_se_paired) == (0.3, None, None)
    assert found.best.paired is not None
    assert found.best.paired.conclusion == "better"
    assert found.winners is None


def test_winners_of_a_map_tell_whether_the_learning_rate_moves_the_choice() -> None:
    spec = SweepSpec.parse({"l2": [0.0, 0.001, 0.01], "over": {"optim.lr": [1e-4, 1e-3]}, "run": RUN, "seeds": 3})
    lanes = lanes_of(spec)
    means = {1e-4: [0.70, 0.72, 0.75], 1e-3: [0.80, 0.85, 0.83]}
    accuracy = [means[row[c.SECOND]][[0.0, 0.001, 0.01].index(row[c.LAMBDA])] for _, row in lanes.iterrows()]
    found = judged(spec, one_epoch(lanes, val_acc=accuracy))
    assert found.winners is not None
    assert found.best is not None
    by_lr = [(one.held, one.point.value, one.mean) for one in found.winners.by_second]
    np.testing.assert_allclose(by_lr, [(1e-4, 0.01, 0.75), (1e-3, 0.001, 0.85)])
    assert [(one.held, one.point.second) for one in found.winners.by_first] == [(0, 1e-3), (0.001, 1e-3), (0.01, 1e-3)]
    assert [one.held for one in found.winners.moved(found.best.best)] == [1e-4]
    assert facts_of_judgement(found)["winners"]["by_second"][1]["lambda"] == 0.001
    assert found.best.one_se_paired is not None
    assert found.best.one_se_paired.second == 1e-3


def test_winners_of_a_grid_are_of_lambda_1_and_lambda_2_and_points_at_chance_win_nothing() -> None:
    spec = SweepSpec.parse({"l1": [0.0, 0.1], "l2": [0.0, 1.0], "run": RUN})
    accuracy = {(0.0, 0.0): 0.7, (0.0, 1.0): 0.1, (0.1, 0.0): 0.8, (0.1, 1.0): 0.1}
    values = [accuracy[point.l1, point.l2] for point in spec.points]
    found = judged(spec, one_epoch(lanes_of(spec), val_acc=values), chance=Chance(10, 539))
    assert found.winners is not None
    assert [(one.held, one.point.l1) for one in found.winners.by_second] == [(0.0, 0.1)]
    assert [(one.held, one.point.l2) for one in found.winners.by_first] == [(0.0, 0.0), (0.1, 0.0)]
    assert found.best is not None
    assert found.winners.moved(found.best.best) == ()
