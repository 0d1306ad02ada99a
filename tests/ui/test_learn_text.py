"""The sentences of the Learn page follow the numbers, at the edges too."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reglab.lessons.decay import METHODS, Walk, walk
from reglab.lessons.geometry import Landscape, Mix, picture
from reglab.lessons.objective import CONVENTIONS, Objective
from reglab.ui.learn import decay, geometry, objective

edges = st.sampled_from([-4.0, -1.0, 0.0, 0.5, 1.0, 4.0])


@given(edges, edges, st.sampled_from([1.0, 2.0, 6.0]), st.integers(-90, 90), st.sampled_from([0.0, 0.5, 1.0]),
       st.sampled_from([0.0, 1e-4, 1.0, 8.0]))  # fmt: skip
def test_every_landscape_has_a_picture_and_sentences(
    x: float, y: float, stretch: float, turn: int, share: float, strength: float
) -> None:
    land, mix = Landscape(x, y, stretch, turn), Mix(share)
    text = geometry.solution(land, mix, strength) + geometry.meaning(land, mix, strength)
    assert not any(word in text for word in ("nan", "inf", "None", "-0,"))
    assert picture(land, mix, strength)[["x", "y"]].notna().all(axis=None)


@pytest.mark.parametrize(
    ("land", "share", "strength", "sentence"),
    [
        (Landscape(0, 0), 1.0, 1.0, "The data optimum is 0 already."),
        (Landscape(0, 2), 1.0, 1.0, "w₁ is 0 at every λ; w₂ from λ = 2 on."),
        (Landscape(3, 2), 1.0, 1.0, "Neither weight is 0. As λ grows"),
        (Landscape(3, 2), 0.0, 1.0, "The smaller one is 1 in size."),
        (Landscape(3, 2), 0.0, 0.0, "λ = 0: only the data loss counts."),
        (Landscape(3, 2), 0.5, 5.0, "w₂ is exactly 0 from λ = 4 on, and w₁ from λ = 6 on."),
    ],
)
def test_the_geometry_in_words(land: Landscape, share: float, strength: float, sentence: str) -> None:
    assert sentence in geometry.meaning(land, Mix(share), strength)


def facts(setting: Walk) -> str:
    return "\n".join(text for _, text in decay.facts(setting, {key: walk(setting, key) for key in METHODS}))


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        (
            Walk(),
            "its half-life is $\\frac{\\ln 2}{-\\ln(1 - \\eta\\lambda)}$ = **13.51 steps** (about 0.69/(ηλ) = 13.86)",
        ),
        (Walk(steps=5), "Decoupled decay has not halved the weight"),
        (Walk(steps=5), "It has not reached 0 yet; it ends at 0.75. Use more steps."),
        (Walk(steps=5), "It has not reached 0 yet; it ends at 0.75. Use more steps or a larger λ."),
        (Walk(start=0.0), "The weight is 0 and stays there."),
        (Walk(start=0.0), "exactly 0 from step 0 on"),
        (Walk(lr=1.0, strength=1.0, steps=3), "happen to land on exactly 0"),
        (Walk(optimizer="momentum"), "Coupled and decoupled differ"),
        (Walk(optimum=0.8), "The data loss pulls to 0.8, L2 to 0: the coupled weight ends between, at 0.5333"),
        (Walk(optimum=0.8), "The data loss holds it away from 0: it ends at 0.3"),
        (Walk(optimum=-0.8), "The data loss holds it away from 0: it ends at −0.3"),
        (Walk(strength=0.3), "in the last quarter of the steps, the weight stays between −0.02 and 0.01. It was never"),
        (Walk(optimum=0.8), "The data loss is stronger than the penalty: the weight ends at 0.3"),
    ],
)
def test_the_decay_in_words(setting: Walk, sentence: str) -> None:
    assert sentence in facts(setting)


@pytest.mark.parametrize("setting", [Walk(optimizer="momentum"), Walk(optimizer="adam"), Walk(lr=1.0, strength=1.0)])
def test_no_half_life_is_claimed_where_the_formula_does_not_hold(setting: Walk) -> None:
    assert "half-life" not in facts(setting)


def test_rounded_results_are_marked_as_rounded() -> None:
    given_ = Objective((Fraction("0.123456789"),), Fraction(0), Fraction("0.1"))
    assert r"\approx 0.0152415787502" in objective.sums(given_)
    assert objective.gradients(given_, CONVENTIONS[0]) == ["0.1 · 0.123456789 = 0.0123456789"]
