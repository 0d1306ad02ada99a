"""What the terminal says of a judgement, line by line."""

from __future__ import annotations

import numpy as np
from tests.analysis.sweeps import lanes_of
from tests.analysis.test_judge import curves_of, judged, rise_and_fall, sweep

from reglab import columns as c
from reglab.analysis import judge_sweep
from reglab.analysis.judgement_facts import facts_of_judgement
from reglab.cli.judgement_lines import judgement_lines, zero_text
from reglab.sweep import SweepSpec


def lines_of(spec: SweepSpec, accuracies: list[list[float]], **how: str) -> list[str]:
    found = judged(spec, curves_of(lanes_of(spec), accuracies), **how)
    return [line.replace("\u202f", " ") for line in judgement_lines(facts_of_judgement(found))]


def test_the_difference_the_rival_and_the_other_rules_choices() -> None:
    ends = (0.85, 0.88, 0.895)
    curves = [rise_and_fall(0.911, 0.803, 8, 20), *(rise_and_fall(0.90, end, 8, 20) for end in ends)]
    rule, difference, rival, against, best, common, *rest = lines_of(sweep(8), curves)
    assert rule == "epoch rule: last (last epoch)"
    assert difference.startswith("against λ = 0: +9.")
    assert difference.endswith("], adjusted p 0.007812, better in 8 of 8 repeats: better")
    assert rival.startswith("early stopping alone: 91.")
    assert against.startswith("against early stopping alone: −1.")
    assert against.endswith("better in 0 of 8 repeats: worse")
    assert best.startswith("by each run's best epoch: λ₁ 0, λ₂ 0 (9")
    assert common.startswith("by common best epoch: λ₁ 0, λ₂ 0 (9")
    assert rest == []


def test_a_loss_is_written_in_nats_and_folds_correct_the_bias() -> None:
    spec = SweepSpec.parse({"l2": [0.0, 0.01], "run": {"train": {"epochs": 20}}, "folds": 5})
    curves = [[0.8] * 20, [*np.linspace(0.5, 0.9, 20)]]
    found = lines_of(spec, curves, measure=c.VAL_LOSS)
    assert found[1].startswith("against λ = 0: −0.0")
    assert found[1].endswith("better in 5 of 5 repeats: suggests better")
    assert found[2].startswith("bias-corrected: 0.1")
    assert found[2].endswith("(Tibshirani and Tibshirani)")


def test_without_a_best_lambda_the_rule_and_the_rival_are_left() -> None:
    spec = sweep(3, l2=[0.01, 0.1, 1.0, 3.0])
    lanes = lanes_of(spec, dict.fromkeys(range(spec.size), "diverged"))
    found = judge_sweep(spec, lanes, curves_of(lanes, [[0.8] * 20] * 4), overlap=0.43)
    assert judgement_lines(facts_of_judgement(found)) == ["epoch rule: last (last epoch)"]


def test_a_point_is_compared_with_0_on_its_own_first_axis() -> None:
    alone = {"lambda": None, "l1": 0.0, "l2": 0.01, "over": {"model.dropout": 0.5}}
    pair = {"lambda": None, "l1": 0.0, "l2": 0.01, "over": {"model.dropout": 0.5, "optim.lr": 0.001}}
    swept = {"lambda": 0.01, "l1": 0.0, "l2": 0.01}
    assert zero_text(alone) == "model.dropout = 0"
    assert zero_text(pair) == "model.dropout = 0 at the same optim.lr"
    assert zero_text(swept) == "λ = 0"
    assert zero_text({**swept, "over": {"optim.lr": 0.001}}) == "λ = 0 at the same optim.lr"
