"""The verdict as text: every case in which it has to be honest, in one golden file; and its parts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.golden_files import check_golden
from tests.ui.sweeps import CHANCE, U_CURVE, view_of

from reglab import columns
from reglab.analysis import SweepVerdict
from reglab.sweep import Point, SweepSpec
from reglab.ui.sweep.verdict_text import EpochView, figure, listed, named_point, regime_text, rule_help, verdict_text

NONE = [[float("nan")] * 4] * 2
AT_CHANCE = [[0.10, 0.11, 0.09, 0.10]] * 2
L1: dict[str, Any] = {"l1": [0.0, 0.01, 0.1, 1.0]}
GRID: dict[str, Any] = {"l1": [0.0, 0.1], "l2": [0.0, 0.1]}
MODES: dict[str, Any] = {"apply": ["coupled", "decoupled"]}
COUPLED, DECOUPLED = [0.80, 0.90, 0.85, 0.10], [0.80, 0.85, 0.94, 0.50]
DIVERGED = dict.fromkeys(range(4), "diverged")

VIEWS = {
    "a U-curve": view_of(U_CURVE),
    "so far": view_of(U_CURVE, epoch=12, training=True),
    "an earlier epoch while it trains": view_of(U_CURVE, epoch=12, training=True, newest=False),
    "an earlier epoch": view_of(U_CURVE, epoch=12, newest=False),
    "stopped": view_of(U_CURVE, epoch=12),
    "losses, where lower is better": view_of(U_CURVE, measure="loss"),
    "a larger λ within one standard error": view_of([[0.70, 0.90, 0.89, 0.10], [0.70, 0.80, 0.79, 0.10]]),
    "one seed": view_of(U_CURVE[:1]),
    "an interval that includes 0": view_of([[0.80, 0.70, 0.82, 0.5], [0.80, 0.70, 0.79, 0.5], [0.80, 0.70, 0.81, 0.5]]),
    "two seeds": view_of(U_CURVE[:2]),
    "no penalty is best": view_of([[0.90, 0.84, 0.80, 0.10], [0.91, 0.85, 0.80, 0.10]]),
    "the largest λ is best": view_of([[0.80, 0.84, 0.90, 0.95]] * 2),
    "the largest λ is best so far": view_of([[0.80, 0.84, 0.90, 0.95]] * 2, epoch=3, training=True),
    "the smallest λ above 0 is best": view_of([[0.80, 0.95, 0.90, 0.85]] * 2),
    "no λ = 0": view_of([[0.8, 0.9, 0.7], [0.8, 0.9, 0.7]], l2=[0.01, 0.1, 1.0]),
    "a diverged run": view_of(U_CURVE, states={2: "diverged"}),
    "five folds": view_of([*U_CURVE, [0.8, 0.86, 0.9, 0.1], [0.8, 0.86, 0.9, 0.1]], over="fold"),
    "L1 beside a fixed λ₂": view_of(U_CURVE, **L1, run={"penalty": {"l2": 0.01}}),
    "L2 beside a fixed group lasso": view_of(U_CURVE, run={"penalty": {"group": 0.01}}),
    "L1 alone": view_of(U_CURVE, **L1, run={"penalty": {"l2": 0.0}}),
    "proximal L1 with exact zeros": view_of(U_CURVE, **L1, apply=["proximal"], zeros={("proximal", 0.1, 0.01): 0.593}),
    "coupled L1 without exact zeros": view_of(U_CURVE, **L1, zeros={("coupled", 0.1, 0.01): 0.0}),
    "exact zeros without L1": view_of(U_CURVE, zeros={("coupled", 0.0, 0.1): 0.0}),
    "an elastic net": view_of(U_CURVE, lambdas=[0.0, 0.01, 0.1, 1.0], l1_ratio=0.5),
    "a grid": view_of([[0.8, 0.85, 0.9, 0.1], [0.8, 0.86, 0.9, 0.1]], **GRID),
    "a grid with a diverged run": view_of([[0.8, 0.85, 0.9, 0.1]] * 2, **GRID, states={1: "diverged"}),
    "two modes": view_of([COUPLED + DECOUPLED, [value - 0.01 for value in COUPLED + DECOUPLED]], **MODES),
    "two modes by loss": view_of([COUPLED + DECOUPLED], **MODES, measure="loss"),
    "two modes without a winner": view_of(
        [[0.8, 0.90, 0.85, 0.1, 0.8, 0.85, 0.91, 0.5], [0.8, 0.94, 0.85, 0.1, 0.8, 0.85, 0.94, 0.5]],
        **MODES,
        epoch=3,
        training=True,
    ),
    "nothing learnt in one of two modes": view_of([[0.80, 0.84, 0.90, 0.85, *[0.10] * 4]] * 2, **MODES),
    "all diverged in one of two modes": view_of(
        [[0.80, 0.84, 0.90, 0.85, *[0.50] * 4]],
        **MODES,
        states={number + 4: state for number, state in DIVERGED.items()},
    ),
    "before the first epoch": view_of(NONE, epoch=0, training=True),
    "ended before the first epoch": view_of(NONE, epoch=0),
    "all at chance so far": view_of(AT_CHANCE, epoch=1, training=True),
    "all at chance or diverged so far": view_of(AT_CHANCE, epoch=1, training=True, states={3: "diverged"}),
    "all at chance": view_of(AT_CHANCE),
    "all at chance or diverged": view_of(AT_CHANCE, states={3: "diverged"}),
    "all diverged": view_of([[0.5] * 4], states=DIVERGED),
}


def test_the_verdict_in_every_case() -> None:
    check_golden("sweep_verdicts", {title: "\n".join(verdict_text(view)) for title, view in VIEWS.items()})


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_a_verdict_names_the_best_lambda_or_gives_a_reason(view: EpochView) -> None:
    first, *rest = verdict_text(view)
    assert ("is best**" in first or "at its best (" in first) == (view.verdict() is not None)
    assert all(sentence.endswith((".", "**.")) for sentence in (first, *rest))
    assert "nan" not in " ".join((first, *rest))


@pytest.mark.parametrize(("fixed", "than"), [({}, "over no penalty"), ({"group": 0.01}, "over λ₂ = 0")])
def test_a_gain_over_no_penalty_needs_every_other_lambda_to_be_0(fixed: dict[str, float], than: str) -> None:
    assert f"points** {than} (" in verdict_text(view_of(U_CURVE, run={"penalty": fixed}))[0]


VALUES = (0.0, 1e-3, 1e-2, 1e-1, 1.0)
SPEC = SweepSpec(l2=VALUES)
POINTS = tuple(Point(value, 0.0, value) for value in VALUES)
REGIMES = {"o": "overfits", "f": "fits", "u": "underfits", "c": "at chance"}


def verdict(regimes: str) -> SweepVerdict:
    """One letter a λ: overfits, fits, underfits, at chance."""
    found = VIEWS["a U-curve"].verdict()
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


def test_the_rules_depend_on_the_measure() -> None:
    assert "highest mean validation accuracy" in rule_help("accuracy")
    assert "lowest mean validation loss" in rule_help("loss")
