"""Regularizers compared, as text: every conclusion of rule 10 with its figures, and how many comparisons there are."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.analysis.test_families import compared, every

from reglab.analysis.families import Families, Family, Pair
from reglab.analysis.paired import PairedDifference, RepeatedFigure
from reglab.sweep import SweepSpec
from reglab.ui.sweep.families import families_lines, families_text, linked_name, pair_text

FIGURE = RepeatedFigure((0.8,) * 6, 0.8, 0.79, 0.81)


def family(key: str, value: float | str | None, difference: PairedDifference) -> Family:
    return Family(key, value, 4, FIGURE, difference)


def pair_of(low: float, high: float, *, p: float = 0.031, repeats: int = 6, higher: bool = True) -> Pair:
    difference = PairedDifference((low + high) / 2, low, high, repeats, 4, p, higher)
    return Pair(family("model.dropout", 0.3, difference), family("penalty.l2", 0.01, difference), difference)


@pytest.mark.parametrize(
    ("pair", "says"),
    [
        (pair_of(-0.003, 0.004), "**dropout 0.3 and λ₂ = 0.01: equivalent within 0.5 points**"),
        (pair_of(-0.003, 0.006), "dropout 0.3 and λ₂ = 0.01: not distinguishable with 6 repeats"),
        (pair_of(0.004, 0.032), "**dropout 0.3 is better than λ₂ = 0.01** (+1.8 points [0.4, 3.2], adjusted p 0.031)"),
        (pair_of(0.004, 0.032, p=0.2), "dropout 0.3 and λ₂ = 0.01: not distinguishable with 6 repeats"),
        (pair_of(-0.032, -0.004), "**dropout 0.3 is worse than λ₂ = 0.01**"),
        (pair_of(-0.032, -0.004, higher=False), "**dropout 0.3 is better than λ₂ = 0.01**"),
        (pair_of(0.004, 0.032, repeats=4), "dropout 0.3 may be better than λ₂ = 0.01"),
    ],
)
def test_a_pair_is_named_with_its_conclusion(pair: Pair, says: str) -> None:
    assert pair_text(pair).startswith(says)


def test_fewer_than_six_repeats_only_suggest() -> None:
    assert pair_text(pair_of(0.004, 0.032, repeats=4)).endswith("; 4 repeats only suggest it.")


def test_the_text_says_how_many_values_and_pairs_there_are_and_starts_with_lambda() -> None:
    found: Families = compared(every())
    condition, *lines = families_text(found)
    assert condition == (
        "Validation accuracy, last epoch. Each p is adjusted: against none for 7 values, between regularizers (6 pairs "
        "of choices) for 18 comparisons of values."
    )
    better = next(line for line in lines if line.startswith("**Better than none**"))
    assert "λ₂ = 0.01 (p 0.031), dropout 0.3 (p 0.031)" in better
    of_lambda = [line for line in lines if "λ₂ = 0.01" in line and "none" not in line]
    ends, *pairs = of_lambda
    assert ends.endswith("a larger one might be better: λ₂ = 0.01, dropout 0.3.")
    assert len(pairs) == 3
    assert pairs[0].startswith("**λ₂ = 0.01 and dropout 0.3: equivalent within 0.5 points**")


def test_each_comparison_says_how_its_interval_is_adjusted() -> None:
    helps = {line.text: line.help.replace("\u202f", " ") for line in families_lines(compared(every()))}
    against = next(help_ for text, help_ in helps.items() if text.startswith("**Better than none**"))
    assert against == (
        "Intervals of 4 comparisons hold together in 95 % of cases, each at 98.75 % (Bonferroni). p is for 7 values."
    )
    pair = next(help_ for text, help_ in helps.items() if text.startswith("**λ₂ = 0.01 and dropout 0.3"))
    assert pair.startswith("Intervals of 6 pairs hold together in 95 % of cases, each at 99.17 % (Bonferroni).")
    assert list(helps) == families_text(compared(every()))


def test_pairs_without_lambda_that_cannot_be_told_apart_share_a_line() -> None:
    found: Families = compared(every())
    unknown = replace(found.pairs[-1].difference, low=-0.1, high=0.1)
    pairs = tuple(replace(pair, difference=unknown) for pair in found.pairs)
    *_, last = families_text(replace(found, pairs=pairs))
    assert last == "3 other pairs: not distinguishable with 6 repeats."


def test_before_and_while_runs_train_it_says_so() -> None:
    assert families_text(None) == ["The comparison appears when runs without any regularizer have figures."]
    assert families_text(compared(every()), training=True)[0].startswith("**So far**")


def test_a_family_at_chance_is_named() -> None:
    found: Families = replace(compared(every()), missing=("regularize.augment",))
    assert "At chance or diverged at every value: augmentation." in families_text(found)
    assert "No figures yet: augmentation." in families_text(found, training=True)


@pytest.mark.parametrize(
    ("sweep", "name"),
    [
        ({"l2": [0, 0.1]}, "λ₂"),
        ({"over": {"regularize.label_smoothing": [0.1]}}, "label smoothing"),
        ({"over": {"data.train_size": [50]}}, "training images"),
        ({"l2": [0], "run": {"penalty": {"l2": 0}, "regularize": {"augment": "shift"}}}, "augmentation shift"),
        ({"l2": [0], "run": {"penalty": {"l2": 0}}}, "λ₂"),
        ({"l2": [0, 1], "over": {"optim.lr": [0.1]}, "run": {"optim": {"name": "adamw"}}}, "AdamW"),
    ],
)
def test_linked_sweeps_are_named_by_what_tells_them_apart(sweep: dict[str, object], name: str) -> None:
    assert linked_name(SweepSpec.parse(sweep)) == name
