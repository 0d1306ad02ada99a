"""The colours can be told apart on both backgrounds by every kind of eye, computed here with formulas of its own."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from numpy.typing import NDArray

from reglab.charts.style import GREY, RAMP, colour_of, rgba, style_runs, to_hex, to_oklab

Floats = NDArray[np.float64]

# Machado, Oliveira, Fernandes 2009: linear RGB as eyes without one kind of cone see it
EYES = {
    "normal": np.eye(3),
    "protan": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deutan": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritan": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
MAIN = [colour_of(strength) for strength in np.logspace(-5, 0, 7)]
MANY = [("a", "", 0.0, 0.0), *((f"{i}", "", 0.0, 0.03) for i in range(6)), *((f"g{i}", "", 0.0, 0.0) for i in range(4))]


def linear(colour: str) -> Floats:
    srgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    """WCAG 2: (brighter + 0.05) / (darker + 0.05)."""
    low, high = sorted(float(linear(colour) @ [0.2126, 0.7152, 0.0722]) for colour in (one, other))
    return (high + 0.05) / (low + 0.05)


def seen(colour: str, eye: str) -> Floats:
    """The colour in OKLab as ``eye`` sees it."""
    cones = np.array([[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566],
                      [0.0883024619, 0.2817188376, 0.6299787005]])  # fmt: skip
    lab = np.array([[0.2104542553, 0.7936177850, -0.0040720468], [1.9779984951, -2.4285922050, 0.4505937099],
                    [0.0259040371, 0.7827717662, -0.8086757660]])  # fmt: skip
    return np.asarray(lab @ np.cbrt(cones @ np.clip(EYES[eye] @ linear(colour), 0, 1)))


@pytest.mark.parametrize("eye", EYES)
def test_the_ramp_and_the_grey_can_be_told_apart(eye: str) -> None:
    distances = [100 * np.linalg.norm(seen(a, eye) - seen(b, eye)) for a, b in itertools.combinations([*MAIN, GREY], 2)]
    assert min(distances) >= 7


@pytest.mark.parametrize("background", ["#ffffff", "#10161d"])
def test_every_colour_is_legible_on_both_backgrounds(background: str) -> None:
    used = [GREY, *RAMP, *(colour_of(strength) for strength in np.logspace(-7, 2, 200))]
    used += [style.colour for style in style_runs(MANY).values()]
    assert min(contrast(colour, background) for colour in used) >= 3


def test_zero_is_grey_and_the_ramp_ends_are_reached() -> None:
    assert colour_of(0) == GREY
    assert colour_of(1e-5) == colour_of(1e-9) == RAMP[0]
    assert colour_of(1) == colour_of(1000) == RAMP[-1]
    assert colour_of(float("nan")) == GREY


def test_equal_steps_of_log_lambda_are_equal_steps_on_the_ramp() -> None:
    assert colour_of(1e-4) == RAMP[1]
    assert colour_of(1e-2) == RAMP[3]


def test_a_run_looks_the_same_whatever_it_is_shown_with() -> None:
    alone = style_runs([("b", "B", 0, 0.01)])
    among = style_runs([("a", "A", 0, 0), ("b", "B", 0, 0.01), ("c", "C", 0.3, 0)])
    assert alone["b"] == among["b"]
    assert list(among) == ["a", "b", "c"]
    assert among["b"].label == "B"


def test_l1_and_l2_count_together() -> None:
    assert style_runs([("a", "", 0.005, 0.005)])["a"].colour == colour_of(0.01)
    assert style_runs([("a", "", 0, 0, 0.01)])["a"].colour == colour_of(0.01)


def test_equal_lambdas_get_distinct_colours_and_the_first_keeps_its_own() -> None:
    styles = style_runs(MANY)
    assert styles["a"].colour == GREY
    assert styles["0"].colour == colour_of(0.03)
    for one, other in itertools.combinations(styles.values(), 2):
        assert 100 * np.linalg.norm(seen(one.colour, "normal") - seen(other.colour, "normal")) >= 4.5
    assert styles == style_runs(MANY)


def test_more_runs_than_colours_still_get_one_each() -> None:
    styles = style_runs([(str(i), "", 0, 0.01) for i in range(60)])
    assert len(styles) == 60
    assert len({style.colour for style in styles.values()}) > 40


def test_oklab_round_trip() -> None:
    assert [to_hex(to_oklab(colour)) for colour in RAMP] == list(RAMP)
    assert np.allclose(to_oklab("#ffffff"), [1, 0, 0], atol=1e-6)


def test_rgba() -> None:
    assert rgba("#0d9cde", 0.25) == "rgba(13,156,222,0.25)"
