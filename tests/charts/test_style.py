"""The colours of λ can be told apart on both backgrounds by every kind of eye."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from tests.charts.eyes import BACKGROUNDS, EYES, contrast, distance

from reglab.charts.style import GREY, RAMP, colour_of, rgba, to_hex, to_oklab

MAIN = [colour_of(strength) for strength in np.logspace(-5, 0, 7)]


@pytest.mark.parametrize("eye", EYES)
def test_the_ramp_and_the_grey_can_be_told_apart(eye: str) -> None:
    assert min(distance(a, b, eye) for a, b in itertools.combinations([*MAIN, GREY], 2)) >= 7


@pytest.mark.parametrize("background", BACKGROUNDS)
def test_every_colour_is_legible_on_both_backgrounds(background: str) -> None:
    used = [GREY, *RAMP, *(colour_of(strength) for strength in np.logspace(-7, 2, 200))]
    assert min(contrast(colour, background) for colour in used) >= 3


def test_zero_is_grey_and_the_ramp_ends_are_reached() -> None:
    assert colour_of(0) == GREY
    assert colour_of(1e-5) == colour_of(1e-9) == RAMP[0]
    assert colour_of(1) == colour_of(1000) == RAMP[-1]
    assert colour_of(float("nan")) == GREY


def test_equal_steps_of_log_lambda_are_equal_steps_on_the_ramp() -> None:
    assert colour_of(1e-4) == RAMP[1]
    assert colour_of(1e-2) == RAMP[3]


def test_oklab_round_trip() -> None:
    assert [to_hex(to_oklab(colour)) for colour in RAMP] == list(RAMP)
    assert np.allclose(to_oklab("#ffffff"), [1, 0, 0], atol=1e-6)


def test_rgba() -> None:
    assert rgba("#0d9cde", 0.25) == "rgba(13,156,222,0.25)"
