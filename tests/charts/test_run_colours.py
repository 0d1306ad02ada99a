"""One colour a run: the same whatever it is shown with, legible, apart from the others and from the ramp of λ."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.charts.eyes import BACKGROUNDS, EYES, contrast, distance

from reglab.charts.run_colours import PALETTE, RunIdentity, colour_numbered, colour_of_run, style_runs
from reglab.charts.style import GREY, STROKES, colour_of

RAMP = [GREY, *(colour_of(strength) for strength in np.logspace(-5, 0, 101))]
APART = {"normal": 15.0, "protan": 7.0, "deutan": 7.0, "tritan": 7.0}
RUNS = st.builds(
    RunIdentity,
    st.text("abcxyz0123", min_size=1, max_size=6),
    st.just(""),
    st.none() | st.integers(0, 999),
    st.none() | st.floats(0, 1),
)


@pytest.mark.parametrize("eye", EYES)
def test_the_ten_colours_can_be_told_apart(eye: str) -> None:
    assert len(PALETTE) == 10
    assert min(distance(a, b, eye) for a, b in itertools.combinations(PALETTE.values(), 2)) >= APART[eye]


@pytest.mark.parametrize("background", BACKGROUNDS)
def test_they_are_legible_on_both_backgrounds(background: str) -> None:
    assert min(contrast(colour, background) for colour in PALETTE.values()) >= 3


def test_none_of_them_means_a_lambda() -> None:
    assert min(distance(colour, ramp) for colour in PALETTE.values() for ramp in RAMP) >= 4


def test_a_run_has_its_number_else_its_lambda_in_a_sweep_else_one_by_its_id() -> None:
    assert colour_of_run(RunIdentity("a", "", 3, 0.01)) == list(PALETTE.values())[3]
    assert colour_of_run(RunIdentity("a", "", None, 0.01)) == colour_of(0.01)
    assert colour_of_run(RunIdentity("a", "", None, 0.0)) == GREY
    assert {colour_of_run(RunIdentity(str(i), "")) for i in range(100)} == set(PALETTE.values())
    assert colour_numbered(13) == colour_numbered(3)


@given(st.lists(RUNS, unique_by=lambda run: run.run, min_size=1, max_size=30), st.data())
def test_the_colour_does_not_depend_on_the_other_runs(runs: list[RunIdentity], data: st.DataObject) -> None:
    some = data.draw(st.permutations(runs))[: len(runs) // 2 + 1]
    every = style_runs(runs)
    assert {run: style.colour for run, style in style_runs(some).items()} == {
        run.run: every[run.run].colour for run in some
    }
    assert list(every) == [run.run for run in runs]


def test_runs_of_one_colour_have_strokes_of_their_own_and_the_first_is_solid() -> None:
    styles = style_runs([RunIdentity(str(i), f"run {i}", 10 * i) for i in range(5)])
    assert {style.colour for style in styles.values()} == {colour_numbered(0)}
    assert [style.dash for style in styles.values()] == [*STROKES, "solid"]
    assert [style.label for style in styles.values()] == [f"run {i}" for i in range(5)]
