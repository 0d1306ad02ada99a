"""The verdict in words: every case it has to be honest about."""

from __future__ import annotations

from typing import Any

import pytest
from tests.ui.sweeps import CHANCE, judged, sweep_of

from reglab import columns
from reglab.sweep import Point, SweepSpec
from reglab.ui.sweep.epoch_view import EpochView
from reglab.ui.sweep.point_text import figure, named_point
from reglab.ui.sweep.verdict_text import Zeros, rule_help, verdict_text

U_CURVE = [[0.80, 0.84, 0.90, 0.10], [0.82, 0.89, 0.91, 0.10], [0.81, 0.88, 0.92, 0.10]]
END = EpochView(60, 60, going=False)


def words(
    accuracies: list[list[float]], *, at: EpochView = END, measure: str = columns.VAL_ACC, zeros: Zeros | None = None,
    states: dict[int, str] | None = None, **what: Any,
) -> list[str]:  # fmt: skip
    spec = sweep_of(len(accuracies), **what)
    table = judged(spec, accuracies, measure, states)
    return verdict_text(spec, table, CHANCE, at, measure=measure, zeros=zeros or {})


def test_the_whole_verdict_of_a_u_curve() -> None:
    assert words(U_CURVE) == [
        "**λ₂ = 0.1 is best**: validation accuracy 91.0 ± 0.6 %, **+10.0 points** over no penalty (paired 95 % "
        "interval 9.0 to 11.0 over 3 seeds).",
        "It is also the simplest within one standard error.",
        "Below λ₂ = 0.1 the network overfits; at 1 it stays at chance (10 %).",
        "A bootstrap over 3 seeds is rough: more of them make the interval firmer.",
    ]


def test_a_larger_lambda_within_one_standard_error_is_the_simplest() -> None:
    said = words([[0.70, 0.90, 0.89, 0.10], [0.70, 0.80, 0.79, 0.10]])
    assert said[1] == "**λ₂ = 0.1** is the simplest within one standard error of it."


def test_one_seed_has_no_interval_and_says_how_to_get_one() -> None:
    said = words([[0.80, 0.84, 0.90, 0.10]])
    assert said[0] == "**λ₂ = 0.1 is best**: validation accuracy 90.0 %, **+10.0 points** over no penalty."
    assert said[-1].startswith("With one seed there is neither a standard error nor an interval")
    assert "3 or more seeds" in said[-1]
    assert "±" not in " ".join(said)


def test_an_interval_that_includes_zero_is_no_clear_gain() -> None:
    said = words([[0.80, 0.70, 0.82, 0.5], [0.80, 0.70, 0.79, 0.5]])
    assert "but the paired 95 % interval, −1.0 to 2.0 over 2 seeds, includes 0: **no clear gain**." in said[0]


def test_no_penalty_may_be_best() -> None:
    said = words([[0.90, 0.84, 0.80, 0.10], [0.91, 0.85, 0.80, 0.10]])
    assert said[0] == (
        "**λ₂ = 0 is best**: validation accuracy 90.5 ± 0.5 %. No λ₂ above 0 that was tried does better."
    )


@pytest.mark.parametrize(
    ("accuracies", "sentence"),
    [
        ([0.80, 0.84, 0.90, 0.95],
         "The best λ is the largest of this path, so a larger one may be better still: try a wider range."),
        ([0.80, 0.95, 0.90, 0.85],
         "The best λ is the smallest above 0 of this path, so a smaller one may be better still: try a wider range."),
    ],
)  # fmt: skip
def test_at_the_edge_of_the_path_it_says_to_look_further(accuracies: list[float], sentence: str) -> None:
    assert sentence in words([accuracies, accuracies])


def test_in_the_middle_or_too_early_it_does_not() -> None:
    assert "wider range" not in " ".join(words(U_CURVE))
    rising = [[0.80, 0.84, 0.90, 0.95]] * 2
    assert "wider range" not in " ".join(words(rising, at=EpochView(3, 60, going=True)))


def test_a_path_without_zero_has_nothing_to_compare_with() -> None:
    said = words([[0.8, 0.9, 0.7], [0.8, 0.9, 0.7]], l2=[0.01, 0.1, 1.0])
    assert said[0].endswith(". The path has no λ₂ = 0 to compare with.")


def test_a_lambda_with_a_diverged_run_is_named() -> None:
    said = words(U_CURVE, states={2: "diverged"})
    assert "Runs diverged at 0.1; such a λ is never chosen." in said
    assert said[0].startswith("**λ₂ = 0.01 is best**")


def test_where_all_diverged_there_is_no_best() -> None:
    said = words([[0.5, 0.5, 0.5, 0.5]], states=dict.fromkeys(range(4), "diverged"))
    assert said == ["**Every λ has runs that diverged**, so none can be chosen. Try a smaller learning rate."]


@pytest.mark.parametrize(
    ("at", "opening"),
    [
        (EpochView(12, 60, going=True), "So far, after epoch 12 of 60: **λ₂"),
        (EpochView(12, 60, going=True, newest=False), "After epoch 12 of 60: **λ₂"),
        (EpochView(12, 60, going=False, newest=False), "After epoch 12 of 60: **λ₂"),
        (EpochView(12, 60, going=False), "Stopped after epoch 12 of 60: **λ₂"),
        (END, "**λ₂"),
    ],
)
def test_what_is_not_the_last_word_says_so(at: EpochView, opening: str) -> None:
    assert words(U_CURVE, at=at)[0].startswith(opening)


def test_before_the_first_epoch_there_is_nothing_to_say() -> None:
    spec = sweep_of(2)
    table = judged(spec, [[float("nan")] * 4] * 2)
    going, over = EpochView(0, 60, going=True), EpochView(0, 60, going=False)
    assert verdict_text(spec, table, CHANCE, going, zeros={}) == ["The verdict follows after the first epoch."]
    assert verdict_text(spec, table, CHANCE, over, zeros={}) == ["There is no verdict: no λ has figures."]


def test_where_all_is_at_chance_nothing_is_called_best() -> None:
    chance = [[0.10, 0.11, 0.09, 0.10]] * 2
    assert words(chance, at=EpochView(1, 60, going=True)) == [
        "So far, after epoch 1 of 60: nothing is learnt yet. Every λ is still at chance, 10 %."
    ]
    assert words(chance)[0].startswith("**No λ has learnt anything**: all are at chance, 10 %.")


def test_folds_are_named_and_known_to_share_images() -> None:
    said = words([*U_CURVE, [0.8, 0.86, 0.9, 0.1], [0.8, 0.86, 0.9, 0.1]], over="fold")
    assert "over 5 folds)" in said[0]
    assert said[-1] == "Folds share training images, so intervals over them are somewhat too narrow."


def test_beside_a_fixed_lambda_zero_is_not_called_no_penalty() -> None:
    said = words(U_CURVE, l1=[0.0, 0.01, 0.1, 1.0], run={"penalty": {"l2": 0.01}})
    assert "**λ₁ = 0.1 is best**" in said[0]
    assert "over λ₁ = 0 (" in said[0]
    assert "over no penalty (" in words(U_CURVE, l1=[0.0, 0.01, 0.1, 1.0], run={"penalty": {"l2": 0.0}})[0]


def test_l1_says_how_many_weights_are_zero() -> None:
    l1: dict[str, Any] = {"l1": [0.0, 0.01, 0.1, 1.0], "run": {"penalty": {"l2": 0.0}}}
    said = words(U_CURVE, apply=["proximal"], zeros={("proximal", 0.1, 0.0): 0.593}, **l1)
    assert "59 % of all weights are exactly 0 there." in said
    said = words(U_CURVE, zeros={("coupled", 0.1, 0.0): 0.0}, **l1)
    assert "No weight is exactly 0 there: L1 reaches exact zeros only where it is applied proximal." in said
    assert "exactly 0" not in " ".join(words(U_CURVE, zeros={("coupled", 0.0, 0.1): 0.0}))


def test_two_ways_are_compared_and_have_a_paragraph_each() -> None:
    first, second = [0.80, 0.90, 0.85, 0.10], [0.80, 0.85, 0.94, 0.50]
    rows = [first + second, [value - 0.01 for value in first + second]]
    said = words(rows, apply=["coupled", "decoupled"])
    assert said[0] == (
        "**Decoupled at its best (λ₂ = 0.1)** is 4.0 points above coupled at its best (λ₂ = 0.01). The same λ does not "
        "mean the same in both."
    )
    assert said[1].startswith("Coupled: **λ₂ = 0.01 is best**: validation accuracy 89.5 ± 0.5 %")
    assert said[1].endswith("at 1 it stays at chance (10 %). The best λ is the smallest above 0 of this path, so a "
                            "smaller one may be better still: try a wider range.")  # fmt: skip
    assert said[2].startswith("Decoupled: **λ₂ = 0.1 is best**: validation accuracy 93.5 ± 0.5 %")
    assert len(said) == 4


def test_two_ways_that_differ_less_than_their_errors_have_no_winner() -> None:
    rows = [[0.8, 0.90, 0.85, 0.1, 0.8, 0.85, 0.91, 0.5], [0.8, 0.94, 0.85, 0.1, 0.8, 0.85, 0.94, 0.5]]
    said = words(rows, apply=["coupled", "decoupled"], at=EpochView(3, 60, going=True))
    assert said[0].startswith("So far, after epoch 3 of 60: **Decoupled at its best")
    assert "**no clear winner**" in said[0]


def test_of_two_ways_by_their_losses_the_lower_is_better() -> None:
    first, second = [0.80, 0.90, 0.85, 0.10], [0.80, 0.85, 0.94, 0.50]
    said = words([first + second], apply=["coupled", "decoupled"], measure=columns.VAL_LOSS)
    assert said[0].startswith("**Decoupled at its best (λ₂ = 0.1)** is 0.040 below coupled")


def test_a_grid_names_both_and_counts_regimes() -> None:
    grid: dict[str, Any] = {"l1": [0.0, 0.1], "l2": [0.0, 0.1]}
    said = words([[0.8, 0.85, 0.9, 0.1], [0.8, 0.86, 0.9, 0.1]], **grid)
    assert said[0].startswith("**λ₁ = 0.1, λ₂ = 0 is best**")
    assert "over no penalty" in said[0]
    assert "Of 4 pairs 2 overfit, 1 fit, 1 stay at chance." in said
    assert "The best pair is at the edge of the grid, so larger λ may be better still: try a wider range." in said


def test_an_elastic_net_speaks_of_lambda() -> None:
    said = words(U_CURVE, lambdas=[0.0, 0.01, 0.1, 1.0], l1_ratio=0.5)
    assert said[0].startswith("**λ = 0.1 is best**")


def test_losses_are_lower_where_they_are_better() -> None:
    said = words(U_CURVE, measure=columns.VAL_LOSS)
    assert said[0] == (
        "**λ₂ = 0.1 is best**: validation loss 0.090 ± 0.006, **−0.100** against no penalty (paired 95 % interval "
        "−0.110 to −0.090 over 3 seeds)."
    )


def test_figures_points_and_the_rule() -> None:
    assert figure(0.923, 0.008, columns.VAL_ACC) == "92.3 ± 0.8 %"
    assert figure(0.923, None, columns.VAL_ACC) == "92.3 %"
    assert figure(0.3124, 0.0121, columns.VAL_LOSS) == "0.312 ± 0.012"
    spec = SweepSpec(l2=(0.0,))
    assert named_point(spec, Point(3e-5, 0.0, 3e-5)) == "λ₂ = 3e-5"
    assert "highest mean validation accuracy" in rule_help("accuracy")
    assert "lowest mean validation loss" in rule_help("loss")
    assert "a little optimistic" in rule_help("loss")


def test_where_all_is_at_chance_or_diverged_both_are_said() -> None:
    said = words([[0.10, 0.11, 0.09, 0.10]] * 2, states={3: "diverged"})
    assert said == [
        "**No λ has learnt anything**: all others are at chance, 10 %. With 539 validation images, an "
        "accuracy below 12.3 % is no better than guessing. At 1 λ runs diverged; such a λ is never chosen. "
        "Try a smaller learning rate."
    ]


def test_a_way_in_which_nothing_was_learnt_is_said_beside_the_other() -> None:
    said = words([[0.80, 0.84, 0.90, 0.85, *[0.10] * 4]] * 2, apply=["coupled", "decoupled"])
    assert said[0].startswith("Coupled: **λ₂ = 0.1 is best**")
    assert "Decoupled: nothing was learnt, every λ is at chance, 10 %." in said
