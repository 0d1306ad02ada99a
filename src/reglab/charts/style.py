"""colour = λ, summed over terms, on a logarithmic ramp from 10⁻⁵ to 1, grey for 0: a λ looks the same everywhere.

The ramp's seven main colours differ by at least 7 (OKLab, × 100) from each other and from the grey, to a normal eye and
to protan, deutan and tritan eyes, and every colour used has a contrast of 3 or more on both page backgrounds (tests
recompute all of this). How a run looks is :class:`RunStyle`; its colour is chosen by :mod:`reglab.charts.run_colours`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from html import escape

import numpy as np
from numpy.typing import NDArray

GREY = "#8a939e"
RAMP = ("#1799ee", "#586edd", "#7c529d", "#ac495b", "#d87870", "#9d8209")
LOWEST, HIGHEST = 1e-5, 1.0

STROKES = ("solid", "12px,4px", "12px,3px,3px,3px", "12px,3px,3px,3px,3px,3px")
"""Strokes of the runs that share a colour, the first one first; they begin anew beyond the last."""

_LONGEST = 40

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class RunStyle:
    """How a run looks in every chart: its short ``label`` in legends, its ``colour`` as ``#rrggbb``, its ``stroke``.

    ``stroke`` is 0 for a run whose colour no earlier one on screen has, and counts up with those that have.
    """

    run: str
    label: str
    colour: str
    stroke: int = 0

    @property
    def text(self) -> str:
        """The label as Plotly shows it as it is: no markup, no template, at most 40 characters."""
        return as_text(elided(self.label, _LONGEST))

    @property
    def dash(self) -> str:
        """The stroke as Plotly and SVG write it."""
        return STROKES[self.stroke % len(STROKES)]


def as_text(name: str) -> str:
    """A name as Plotly shows it as it is: no markup, no template."""
    return escape(name, quote=False).replace("%{", "% {")


def elided(text: str, most: int) -> str:
    """``text`` in at most so many characters: of a longer one both ends, since names often differ in the last."""
    end = (most - 1) // 2
    return text if len(text) <= most else f"{text[: most - 1 - end]}…{text[-end:]}"


def rgba(colour: str, alpha: float) -> str:
    """``#rrggbb`` as ``rgba(…)``, for areas."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{alpha:g})"


@lru_cache(maxsize=4096)
def colour_of(strength: float) -> str:
    """The colour of λ = ``strength``."""
    return to_hex(_position(strength))


def _position(strength: float) -> Floats:
    """The λ's point in OKLab."""
    if not strength > 0:
        return to_oklab(GREY)
    anchors = np.array([to_oklab(colour) for colour in RAMP])
    decades = np.log10(np.clip(strength, LOWEST, HIGHEST) / LOWEST)
    place = decades / np.log10(HIGHEST / LOWEST) * (len(RAMP) - 1)
    return np.array([np.interp(place, range(len(RAMP)), anchors[:, i]) for i in range(3)])


# OKLab (Ottosson 2020): a colour space in which distance is about what eyes see.
_TO_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def to_oklab(colour: str) -> Floats:
    """``#rrggbb`` → (L, a, b)."""
    srgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    return np.asarray(_TO_LAB @ np.cbrt(_TO_CONES @ linear))


def to_hex(oklab: Floats) -> str:
    """(L, a, b) → ``#rrggbb``."""
    linear = np.clip(_to_linear(oklab), 0, 1)
    srgb = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    return "#" + "".join(f"{round(255 * float(channel)):02x}" for channel in srgb)


def _to_linear(oklab: Floats) -> Floats:
    return np.asarray((oklab @ np.linalg.inv(_TO_LAB).T) ** 3 @ np.linalg.inv(_TO_CONES).T)
