"""Slope of log y on log x by least squares, b = Σ(u−ū)(v−v̄)/Σ(u−ū)², u = log x, v = log y, with its 95 % interval.

Shared by the published results on Learn (:mod:`reglab.lessons.published`) and by maps over two axes: how the best λ
moves with the learning rate or the number of images. Interval: b ± t₀.₉₇₅(n−2)·s/√Σ(u−ū)², s² = Σ(residuals)²/(n−2);
infinitely wide for two points. A logarithm's base does not matter.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Slope:
    """The exponent b of y ∝ xᵇ, and its 95 % interval over ``n`` points."""

    value: float
    low: float
    high: float
    n: int


def log_slope(x: Sequence[float] | Floats, y: Sequence[float] | Floats) -> Slope:
    """The slope of log y on log x.

    :raises ValueError: for fewer than two different x, or a value that is not a positive finite number.
    """
    u, v = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    if not (np.isfinite(u) & np.isfinite(v) & (u > 0) & (v > 0)).all() or len(np.unique(u)) < 2:
        raise ValueError("A slope of logarithms needs positive finite numbers at two different places or more.")
    u, v = np.log(u) - np.log(u).mean(), np.log(v) - np.log(v).mean()
    value = float(u @ v / (u @ u))
    half = _half_width(v - value * u, float(u @ u))
    return Slope(value, value - half, value + half, len(u))


def _half_width(residuals: Floats, spread: float) -> float:
    freedom = len(residuals) - 2
    if freedom < 1:
        return math.inf
    from scipy.special import stdtrit  # type: ignore[import-untyped]  # comes with scikit-learn; slow to import

    return float(stdtrit(freedom, 0.975)) * math.sqrt(float(residuals @ residuals) / freedom / spread)


def log_minimum(x: Sequence[float] | Floats, losses: Sequence[float] | Floats) -> float:
    """The x > 0 of the lowest loss, between grid points: the vertex of the parabola over log x through the lowest
    point and its two neighbours. At an end of the grid, the end itself.

    :raises ValueError: where no loss is finite, or x does not ascend.
    """
    u, loss = np.log(np.asarray(x, dtype=np.float64)), np.asarray(losses, dtype=np.float64)
    loss = np.where(np.isfinite(loss), loss, np.inf)
    if not np.isfinite(loss).any() or not (np.diff(u) > 0).all():
        raise ValueError("The lowest loss needs an ascending grid and a finite loss.")
    i = int(loss.argmin())
    if not 0 < i < len(u) - 1 or not np.isfinite(loss[[i - 1, i + 1]]).all():
        return float(np.exp(u[i]))
    (left, right), (below, above) = u[[i - 1, i + 1]] - u[i], loss[[i - 1, i + 1]] - loss[i]
    curvature = (below / left - above / right) / (left - right)
    if not curvature > 0:  # three equal losses
        return float(np.exp(u[i]))
    return float(np.exp(u[i] - (below / left - curvature * left) / (2 * curvature)))
