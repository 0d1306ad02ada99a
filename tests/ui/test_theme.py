"""The two themes are legible: WCAG 2 contrast of at least 4.5 for text, 3 for lines and controls."""

from __future__ import annotations

import itertools
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reglab.charts.style import colour_of

CONFIG: dict[str, Any] = tomllib.loads((Path(__file__).parents[2] / ".streamlit" / "config.toml").read_text("utf-8"))
THEME = CONFIG["theme"]
MODES = pytest.mark.parametrize("mode", ["light", "dark"])


def luminance(colour: str) -> float:
    srgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return float(np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722])


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def surfaces(mode: str) -> list[str]:
    """Everything that text stands on."""
    names = ("backgroundColor", "secondaryBackgroundColor")
    return [part[name] for part in (THEME[mode], THEME[mode]["sidebar"]) for name in names]


@MODES
@pytest.mark.parametrize("name", ["textColor", "linkColor"])
def test_text_and_links_are_legible_everywhere(mode: str, name: str) -> None:
    assert min(contrast(THEME[mode][name], surface) for surface in surfaces(mode)) >= 4.5


@MODES
def test_code_and_button_labels_are_legible(mode: str) -> None:
    colours = THEME[mode]
    assert contrast(colours["codeTextColor"], colours["codeBackgroundColor"]) >= 4.5
    assert contrast("#ffffff", colours["primaryColor"]) >= 4.5


@MODES
def test_controls_and_chart_lines_stand_out(mode: str) -> None:
    colours = THEME[mode]
    assert min(contrast(colours["primaryColor"], surface) for surface in surfaces(mode)) >= 3
    assert min(contrast(colour, colours["backgroundColor"]) for colour in colours["chartCategoricalColors"]) >= 3


@MODES
def test_surfaces_differ_from_each_other(mode: str) -> None:
    for one, other in itertools.pairwise(surfaces(mode)):
        assert one != other
    assert (luminance(THEME[mode]["backgroundColor"]) > 0.5) == (mode == "light")


def test_the_sequential_palette_is_the_ramp_of_lambda() -> None:
    assert THEME["chartSequentialColors"] == [colour_of(strength) for strength in np.logspace(-5, 0, 10)]
    assert len(THEME["chartDivergingColors"]) == 10


def test_both_themes_set_the_same_things() -> None:
    assert THEME["light"].keys() == THEME["dark"].keys()
    assert THEME["light"]["sidebar"].keys() == THEME["dark"]["sidebar"].keys()


def test_the_server_stays_on_this_computer_and_tells_nobody() -> None:
    assert CONFIG["server"]["address"] == "127.0.0.1"
    assert CONFIG["server"]["port"] == 8501
    assert CONFIG["browser"]["gatherUsageStats"] is False
