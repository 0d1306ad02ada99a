"""The histogram bins that all runs share, so that any two weight histograms can be laid over each other.

Magnitudes |w| fall into half-open bins [a, b): eight equal ones below 2⁻⁸, then eight per octave up to 4, then one
open-ended bin. Negative weights use the mirror image. Exact zeros are counted apart and are in no bin. Every edge has
at most eight significant bits, so a weight's bin follows from the top bits of its floating-point number alone.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_LINEAR = np.arange(8) / 2.0**11
_OCTAVES = np.concatenate([2.0**e * (1 + np.arange(8) / 8) for e in range(-8, 2)])

MAGNITUDES: NDArray[np.float64] = np.concatenate([_LINEAR, _OCTAVES, [4.0]])
"""Lower edges of the magnitude bins, ascending from 0; the last bin is [4, ∞)."""

PER_SIDE = len(MAGNITUDES)
N_BINS = 2 * PER_SIDE
"""Bins in all: ``counts[:PER_SIDE]`` are the negative weights, most negative first, the rest the positive ones."""

_DRAWN = np.append(MAGNITUDES, 4.5)  # the open-ended bin is drawn one bin wide
EDGES: NDArray[np.float64] = np.concatenate([-_DRAWN[::-1], _DRAWN[1:]])
"""N_BINS + 1 edges for drawing, ascending, symmetric about 0; the outermost bins are really open-ended."""
