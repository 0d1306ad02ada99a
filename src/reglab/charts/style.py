"""colour = λ, summed over terms, on a logarithmic ramp from 10⁻⁵ to 1, grey for 0: a run looks the same everywhere.

The ramp's seven main colours differ by at least 7 (OKLab, × 100) from each other and from the grey, to a normal eye and
to protan, deutan and tritan eyes, and every colour used has a contrast of 3 or more on both page backgrounds (tests
recompute all of this).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape

import numpy as np
from numpy.typing import NDArray

GREY = "#8a939e"
RAMP = ("#1799ee", "#586edd", "#7c529d", "#ac495b", "#d87870", "#9d8209")
LOWEST, HIGHEST = 1e-5, 1.0
DARKEST, BRIGHTEST = 0.126, 0.298  # relative luminance: contrast ≥ 3 on the dark and on the white background

_LONGEST = 40
_APART = 0.05  # OKLab distance that tells two lines apart
_EYE = np.array([1.0, 0.4, 1.0])  # red–green counts less, for those who hardly see it

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class RunStyle:
    """How a run looks in every chart: its short ``label`` in legends, and its ``colour`` as ``#rrggbb``."""

    run: str
    label: str
    colour: str

    @property
    def text(self) -> str:
        """The label as Plotly shows it as it is: no markup, no template, at most 40 characters."""
        short = self.label if len(self.label) <= _LONGEST else self.label[: _LONGEST - 1] + "…"
        return escape(short, quote=False).replace("%{", "% {")


def rgba(colour: str, alpha: float) -> str:
    """``#rrggbb`` as ``rgba(…)``, for areas."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{alpha:g})"


def style_runs(runs: Sequence[tuple[str, str, *tuple[float, ...]]]) -> dict[str, RunStyle]:
    """(id, label, λ of each term …) of each run → its style, in the same order.

    The first run of a λ has the λ's own colour; each further one the nearest colour distinct from all before.
    """
    taken: list[Floats] = []
    styles = {}
    for run, label, *strengths in runs:
        chosen = _free(_position(sum(strengths)), taken)
        taken.append(chosen)
        styles[run] = RunStyle(run, label, to_hex(chosen))
    return styles


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


def _free(wanted: Floats, taken: Iterable[Floats]) -> Floats:
    """The colour nearest to ``wanted`` that is apart from all ``taken``; the most distant where none is."""
    others = np.array(list(taken))
    if not len(others):
        return wanted
    candidates = wanted + _steps()
    candidates = candidates[_visible(candidates)]
    room = np.min(np.linalg.norm((candidates[:, None] - others) * _EYE, axis=-1), axis=1)
    enough = np.flatnonzero(room >= _APART)
    return np.asarray(candidates[enough[0] if len(enough) else np.argmax(room)])


@lru_cache(maxsize=1)
def _steps() -> Floats:
    """A lattice of displacements in OKLab, nearest first, the zero step leading."""
    lattice = np.array(list(itertools.product(np.arange(-6, 7) * 0.03, repeat=3)))
    return lattice[np.argsort(np.linalg.norm(lattice, axis=1), kind="stable")]


def _visible(oklab: Floats) -> NDArray[np.bool_]:
    """Which colours a screen can show and both backgrounds carry; the undisplaced first one always counts."""
    linear = _to_linear(oklab)
    bright = linear @ np.array([0.2126, 0.7152, 0.0722])
    shown = np.all((linear >= 0) & (linear <= 1), axis=1) & (bright >= DARKEST) & (bright <= BRIGHTEST)
    shown[0] = True
    return np.asarray(shown)


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
