"""The verdict as text: every case in which it has to be honest, in one golden file; and its parts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial
from typing import Any

import pytest
from tests.golden_files import check_golden
from tests.ui.sweeps import CHANCE, U_CURVE, view_of

from reglab import columns
from reglab.analysis import Corrected, PairedDifference, RateCheck, RateChoice, SweepVerdict
from reglab.content import verdict_help
from reglab.content.epoch_view import EpochView
from reglab.content.verdict_details import details_text, regime_text
from reglab.content.verdict_lines import figure, listed, named_point, p_text
from reglab.content.verdict_text import verdict_text
from reglab.sweep import Point, SweepSpec

NONE = [[float("nan")] * 4] * 2
AT_CHANCE = [[0.10, 0.11, 0.09, 0.10]] * 2
L1: dict[str, Any] = {"l1": [0.0, 0.01, 0.1, 1.0]}
GRID: dict[str, Any] = {"l1": [0.0, 0.1], "l2": [0.0, 0.1]}
MODES: dict[str, Any] = {"apply": ["coupled", "decoupled"]}
COUPLED, DECOUPLED = [0.80, 0.90, 0.85, 0.10], [0.80, 0.85, 0.94, 0.50]
DIVERGED = dict.fromkeys(range(4), "diverged")

SIX = [[value + 0.002 * number for value in U_CURVE[number % 3]] for number in range(6)]
ALIKE = [[0.900 + shift, 0.9005 + shift, 0.880, 0.10] for shift in (0.0, 0.001, 0.002, 0.001, 0.0, 0.002)]
UNDECIDED = [[0.90, 0.90 + shift, 0.88, 0.10] for shift in (0.02, -0.01, 0.02, -0.01, 0.01, 0.0)]
EARLY = [[0.92 + 0.001 * number, 0.91, 0.90, 0.10] for number in range(6)]  # at an earlier epoch, λ = 0 does best
SURE = [[0.3, 0.20, 0.25 + 0.001 * number, 2.3] for number in range(6)]  # losses that prefer the second λ

CHOICE, LOWER = Point(0.1, 0.0, 0.1), Point(0.01, 0.0, 0.01)
STAYS = tuple(RateChoice(rate, name, CHOICE, False, None, False) for rate, name in ((1e-3, "÷ 3"), (9e-3, "× 3")))
MOVED = RateChoice(9e-3, "× 3", LOWER, True, PairedDifference(0.021, 0.012, 0.030, 6, 6, 0.03125), False)
RATE_CHECK = RateCheck(3e-3, CHOICE, columns.VAL_ACC, (STAYS[0], MOVED), "λ", "seed")

View = Callable[[], EpochView]


def view(accuracies: list[list[float]], **sweep: Any) -> View:
    """``view_of``, judged once, when a test asks for it: all of them take seconds, which collecting tests must not."""
    return cache(partial(view_of, accuracies, **sweep))


VIEWS: dict[str, View] = {
    "a U-curve": view(U_CURVE),
    "six seeds are enough": view(SIX, overlap=0.43),
    "six seeds, early stopping does better": view(SIX, best=EARLY, overlap=0.43),
    "six seeds by loss": view(SIX, best=EARLY, overlap=0.43, measure="loss"),
    "the best epoch, not declared": view(SIX, best=EARLY, rule="best"),
    "the best epoch, declared": view(SIX, best=EARLY, epoch_rule="best"),
    "equivalent to no penalty": view(ALIKE),
    "not distinguishable from no penalty": view(UNDECIDED, overlap=0.43),
    "loss and accuracy disagree": view(SIX, losses=SURE),
    "loss and accuracy disagree, accuracy cannot tell": view(UNDECIDED, losses=[[0.3, 0.4, 0.5, 2.3]] * 6),
    "loss and accuracy disagree, two seeds": view(SIX[:2], losses=SURE[:2]),
    "the learning rate moves the choice": cache(lambda: replace(view_of(SIX, overlap=0.43), rate_check=RATE_CHECK)),
    "the learning rate moves nothing": cache(
        lambda: replace(view_of(SIX), rate_check=replace(RATE_CHECK, others=STAYS))
    ),
    "so far": view(U_CURVE, epoch=12, training=True),
    "an earlier epoch while it trains": view(U_CURVE, epoch=12, training=True, newest=False),
    "an earlier epoch": view(U_CURVE, epoch=12, newest=False),
    "stopped": view(U_CURVE, epoch=12),
    "losses, where lower is better": view(U_CURVE, measure="loss"),
    "a larger λ within one standard error": view([[0.70, 0.90, 0.89, 0.10], [0.70, 0.80, 0.79, 0.10]]),
    "one seed": view(U_CURVE[:1]),
    "an interval that includes 0": view([[0.80, 0.70, 0.82, 0.5], [0.80, 0.70, 0.79, 0.5], [0.80, 0.70, 0.81, 0.5]]),
    "two seeds": view(U_CURVE[:2]),
    "no penalty is best": view([[0.90, 0.84, 0.80, 0.10], [0.91, 0.85, 0.80, 0.10]]),
    "the largest λ is best": view([[0.80, 0.84, 0.90, 0.95]] * 2),
    "the largest λ is best so far": view([[0.80, 0.84, 0.90, 0.95]] * 2, epoch=3, training=True),
    "the smallest λ above 0 is best": view([[0.80, 0.95, 0.90, 0.85]] * 2),
    "no λ = 0": view([[0.8, 0.9, 0.7], [0.8, 0.9, 0.7]], l2=[0.01, 0.1, 1.0]),
    "a diverged run": view(U_CURVE, states={2: "diverged"}),
    "five folds": view([*U_CURVE, [0.8, 0.86, 0.9, 0.1], [0.8, 0.86, 0.9, 0.1]], over="fold"),
    "L1 beside a fixed λ₂": view(U_CURVE, **L1, run={"penalty": {"l2": 0.01}}),
    "L2 beside a fixed group lasso": view(U_CURVE, run={"penalty": {"group": 0.01}}),
    "L1 alone": view(U_CURVE, **L1, run={"penalty": {"l2": 0.0}}),
    "proximal L1 with exact zeros": view(
        U_CURVE, **L1, apply=["proximal"], zeros={("proximal", Point(0.1, 0.1, 0.01)): 0.593}
    ),
    "coupled L1 without exact zeros": view(U_CURVE, **L1, zeros={("coupled", Point(0.1, 0.1, 0.01)): 0.0}),
    "exact zeros without L1": view(U_CURVE, zeros={("coupled", Point(0.1, 0.0, 0.1)): 0.0}),
    "an elastic net": view(U_CURVE, lambdas=[0.0, 0.01, 0.1, 1.0], l1_ratio=0.5),
    "a grid": view([[0.8, 0.85, 0.9, 0.1], [0.8, 0.86, 0.9, 0.1]], **GRID),
    "a grid with a diverged run": view([[0.8, 0.85, 0.9, 0.1]] * 2, **GRID, states={1: "diverged"}),
    "two modes": view([COUPLED + DECOUPLED, [value - 0.01 for value in COUPLED + DECOUPLED]], **MODES),
    "two modes by loss": view([COUPLED + DECOUPLED], **MODES, measure="loss"),
    "two modes without a winner": view(
        [[0.8, 0.90, 0.85, 0.1, 0.8, 0.85, 0.91, 0.5], [0.8, 0.94, 0.85, 0.1, 0.8, 0.85, 0.94, 0.5]],
        **MODES,
        epoch=3,
        training=True,
    ),
    "nothing learnt in one of two modes": view([[0.80, 0.84, 0.90, 0.85, *[0.10] * 4]] * 2, **MODES),
    "all diverged in one of two modes": view(
        [[0.80, 0.84, 0.90, 0.85, *[0.50] * 4]],
        **MODES,
        states={number + 4: state for number, state in DIVERGED.items()},
    ),
    "before the first epoch": view(NONE, epoch=0, training=True),
    "ended before the first epoch": view(NONE, epoch=0),
    "all at chance so far": view(AT_CHANCE, epoch=1, training=True),
    "all at chance or diverged so far": view(AT_CHANCE, epoch=1, training=True, states={3: "diverged"}),
    "all at chance": view(AT_CHANCE),
    "all at chance or diverged": view(AT_CHANCE, states={3: "diverged"}),
    "all diverged": view([[0.5] * 4], states=DIVERGED),
}


def test_the_verdict_in_every_case() -> None:
    texts = {title: [line.text for line in verdict_text(made())] for title, made in VIEWS.items()}
    details = {title: [f"Details: {text}" for text in details_text(made())] for title, made in VIEWS.items()}
    check_golden("sweep_verdicts", {title: "\n".join(texts[title] + details[title]) for title in VIEWS})


@pytest.mark.parametrize("made", VIEWS.values(), ids=VIEWS)
def test_a_verdict_names_the_best_lambda_or_gives_a_reason(made: View) -> None:
    view = made()
    lines = verdict_text(view)
    assert ("is best**" in lines[0].text) == (view.shown.best is not None)
    assert all(line.text.endswith((".", "**.")) for line in lines)
    assert not any("nan" in line.text or "None" in line.text for line in lines)


@pytest.mark.parametrize("made", VIEWS.values(), ids=VIEWS)
def test_only_the_declared_rule_is_tested(made: View) -> None:
    undeclared = replace(made(), rule="common")
    text = " ".join(line.text for line in verdict_text(undeclared))
    assert "adjusted p" not in text
    assert "bias-corrected" not in text
    assert ("Not tested: the sweep declares the rule " in text) == (undeclared.shown.best is not None)


def test_a_lambda_that_is_not_shown_to_beat_0_is_best_on_average() -> None:
    for view in (made() for made in VIEWS.values()):
        best, head = view.shown.best, verdict_text(view)[0].text
        if best is not None:
            shown = best.best.value == 0 or (best.paired is not None and "better" in best.paired.conclusion)
            assert ("is best** on average" in head) == (not shown)
    assert "on average" in verdict_text(VIEWS["an interval that includes 0"]())[0].text
    assert "on average" not in verdict_text(VIEWS["six seeds are enough"]())[0].text


def test_every_number_has_its_rule() -> None:
    for line in verdict_text(VIEWS["six seeds are enough"]()):
        assert line.help, line.text


def test_the_learning_rate_check_has_its_rule_and_its_difference_on_hover() -> None:
    view = VIEWS["the learning rate moves the choice"]()
    [line] = [line for line in verdict_text(view) if "Learning rate" in line.text]
    assert "third and at three times the learning rate" in line.help
    assert "At learning rate 0.009, 0.01 less 0.1: +2.1 points [1.2, 3.0], adjusted p 0.031." in line.help
    assert not [line for line in verdict_text(replace(view, rule="best")) if "Learning rate" in line.text]


VALUES = (0.0, 1e-3, 1e-2, 1e-1, 1.0)
SPEC = SweepSpec(l2=VALUES)
POINTS = tuple(Point(value, 0.0, value) for value in VALUES)
REGIMES = {"o": "overfits", "f": "fits", "u": "underfits", "c": "at chance"}


def verdict(regimes: str) -> SweepVerdict:
    """One letter a λ: overfits, fits, underfits, at chance."""
    found = VIEWS["a U-curve"]().shown.best
    assert found is not None
    return replace(found, regimes=tuple(zip(POINTS, (REGIMES[letter] for letter in regimes), strict=True)))


@pytest.mark.parametrize(
    ("regimes", "text"),
    [
        ("ooffc", "The network overfits at λ₂ < 0.01. It stays at chance (10\u202f%) at λ₂ = 1."),
        ("offuu", "The network overfits at λ₂ = 0. It underfits at λ₂ ≥ 0.1."),
        ("ofocc", "The network overfits at λ₂ = 0 and 0.01. It stays at chance (10\u202f%) at λ₂ ≥ 0.1."),
        ("fffff", ""),
        ("ffffc", "The network stays at chance (10\u202f%) at λ₂ = 1."),
        ("ooooo", "The network overfits at λ₂ = 0, 0.001, 0.01, 0.1 and 1 more."),
    ],
)
def test_each_regime_has_its_place(regimes: str, text: str) -> None:
    assert regime_text(SPEC, verdict(regimes), CHANCE) == text


def test_points_without_a_regime_are_passed_over() -> None:
    assert regime_text(SPEC, replace(verdict("ooffc"), regimes=()), CHANCE) == ""


def test_points_and_figures() -> None:
    grid = SweepSpec(l1=(0.0, 0.1), l2=(0.0, 0.1))
    assert listed(SPEC, POINTS[1:3]) == "λ₂ = 0.001 and 0.01"
    assert listed(grid, grid.points[:2]) == "(λ₁, λ₂) = (0, 0) and (0, 0.1)"
    assert named_point(SPEC, Point(3e-5, 0.0, 3e-5)) == "λ₂ = 3e-5"
    assert figure(0.923, 0.008, columns.VAL_ACC) == "92.3 ± 0.8\u202f%"
    assert figure(0.923, None, columns.VAL_ACC) == "92.3\u202f%"
    assert figure(0.3124, 0.0121, columns.VAL_LOSS) == "0.312 ± 0.012"


def test_a_small_p_is_written_as_such() -> None:
    assert [p_text(p) for p in (1.0, 0.03125, 0.0021, 0.0002)] == ["1", "0.031", "0.0021", "< 0.001"]


def test_the_rules_depend_on_the_measure_and_the_epoch_rule() -> None:
    assert "highest mean validation accuracy; every run counts at its last epoch" in verdict_help.best(
        "accuracy", "last"
    )
    assert "lowest mean validation loss; every run counts at its own lowest" in verdict_help.best("loss", "best")
    assert "so r = 0.43" in verdict_help.difference(431 / 1007)
    assert "Repeats share no image, so r = 0." in verdict_help.difference(0.0)
    assert "own part, so r = 0 and the interval is about these images" in verdict_help.difference(0.0, own_part=True)


@pytest.mark.parametrize(
    ("method", "source"),
    [
        ("bootstrap bias correction", "Tsamardinos"),
        ("Tibshirani and Tibshirani", "Tibshirani & Tibshirani 2009"),
    ],
)
def test_the_correction_names_its_method(method: Any, source: str) -> None:
    assert source in verdict_help.corrected(Corrected(0.9, 0.01, method))
    assert source not in verdict_help.corrected(None)
