"""min over w of D(w) + λ [α Σ|w| + (1 − α)/2 Σw²] for two weights, where D(w) = ½ (w − a)ᵀ H (w − a): solved exactly.

There are nine sign patterns. Within each, the objective is quadratic and its minimum is a linear solve; the solution is
the one that meets the optimality (KKT) conditions. α = 1 is L1, α = 0 is L2, in between is the elastic net as
scikit-learn and glmnet write it (Zou & Hastie 2005).
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reglab.lessons.checks import within

Floats = NDArray[np.float64]

REACH = 4.0
"""Both axes run from −REACH to REACH, and so does the data optimum."""
_PATTERNS = sorted(itertools.product((0, 1, -1), repeat=2), key=lambda signs: sum(map(abs, signs)))


@dataclass(frozen=True)
class Landscape:
    """The data loss: minimum at (``x``, ``y``); contours ``stretch`` times as long as wide, turned by ``turn`` degrees.

    The curvatures along the axes of the ellipse are 1/stretch and stretch.
    """

    x: float
    y: float
    stretch: float = 1.0
    turn: float = 0.0

    def __post_init__(self) -> None:
        within(self.x, "The optimum's w₁", -REACH, REACH)
        within(self.y, "The optimum's w₂", -REACH, REACH)
        within(self.stretch, "The stretch", 1.0, 10.0)
        within(self.turn, "The rotation", -180.0, 180.0)

    @property
    def optimum(self) -> Floats:
        """a."""
        return np.array([self.x, self.y])

    @property
    def axes(self) -> Floats:
        """The long and the short axis of the ellipse, as columns."""
        angle = math.radians(self.turn)
        return np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])

    @property
    def curvatures(self) -> Floats:
        """The second derivatives of D along the axes."""
        return np.array([1 / self.stretch, self.stretch])

    @property
    def hessian(self) -> Floats:
        """H."""
        return np.asarray(self.axes * self.curvatures @ self.axes.T)

    def loss(self, w: Floats) -> Floats:
        """D at points of shape (…, 2)."""
        along = (w - self.optimum) @ self.axes
        return np.asarray(0.5 * (along**2 @ self.curvatures))

    def slope(self, w: Floats) -> Floats:
        """∇D at one point."""
        return np.asarray(self.hessian @ (w - self.optimum))


@dataclass(frozen=True)
class Mix:
    """The penalty α Σ|w| + (1 − α)/2 Σw²: ``l1_share`` is α, from 0 (L2) to 1 (L1)."""

    l1_share: float

    def __post_init__(self) -> None:
        within(self.l1_share, "The share of L1", 0.0, 1.0)

    def value(self, w: Floats) -> Floats:
        """The penalty without λ, at points of shape (…, 2)."""
        return np.asarray(self.l1_share * np.abs(w).sum(-1) + (1 - self.l1_share) / 2 * (w**2).sum(-1))


def solve(land: Landscape, mix: Mix, strength: float) -> Floats:
    """The w that minimises D + λ·penalty, with its exact zeros; ``strength`` is λ.

    :raises BadInput: where λ is below 0 or above a million.
    """
    within(strength, "λ", 0.0, 1e6)
    l1, l2 = strength * mix.l1_share, strength * (1 - mix.l1_share)
    matrix, target = land.hessian + l2 * np.eye(2), land.hessian @ land.optimum
    if strength == 0:
        return land.optimum
    if l1 == 0:
        return np.asarray(np.linalg.solve(matrix, target))
    candidates = [(_within_pattern(matrix, target, l1, signs), signs) for signs in _PATTERNS]
    return min(candidates, key=lambda c: _violation(matrix, target, l1, *c))[0]


def _within_pattern(matrix: Floats, target: Floats, l1: float, signs: tuple[int, ...]) -> Floats:
    """The stationary point of a pattern, in which a weight with sign 0 is exactly 0."""
    w, on = np.zeros(2), np.flatnonzero(signs)
    if len(on):
        w[on] = np.linalg.solve(matrix[np.ix_(on, on)], (target - l1 * np.array(signs))[on])
    return w


def _violation(matrix: Floats, target: Floats, l1: float, w: Floats, signs: tuple[int, ...]) -> float:
    """Violation of the KKT conditions: |∂D| ≤ λ₁ where w is 0, the assumed sign where it is not."""
    slope = matrix @ w - target
    missed = (max(0.0, -w[i] * sign) if sign else max(0.0, abs(slope[i]) - l1) for i, sign in enumerate(signs))
    return float(sum(missed))


def zero_from(land: Landscape, mix: Mix) -> tuple[float | None, float | None]:
    """For each weight, the smallest λ from which on it is exactly 0; ``None``: at no λ, as under L2.

    At large λ both are 0. As λ decreases, the weight with the larger |Ha| leaves 0 first, at max|Ha|/α; the other one
    leaves where its own optimality condition, a quadratic in λ, first fails.
    """
    share, target, hessian = mix.l1_share, land.hessian @ land.optimum, land.hessian
    if share == 0:
        return (None, None)
    first = int(np.argmax(np.abs(target)))
    both = float(abs(target[first])) / share
    roots = (root for side in (1, -1) for root in _roots(hessian, target, share, first, side))
    leaves = max((min(root, both) for root in roots if 1e-12 < root <= both * (1 + 1e-9)), default=0.0)
    return (both, leaves) if first == 0 else (leaves, both)


def _roots(hessian: Floats, target: Floats, share: float, first: int, side: int) -> list[float]:
    """The real λ at which ∂D of the other weight, alone at 0, equals side · λα, from

    side·λα (h + λ(1−α)) = g (p − λαs) − q (h + λ(1−α)),  h = H₁₁, g = H₁₂, p and q the entries of Ha, s the sign of p.
    """
    p, q = target[first], target[1 - first]
    h, g, rest = hessian[first, first], hessian[0, 1], 1 - share
    coefficients = [side * share * rest, side * share * h + g * share * np.sign(p) + q * rest, q * h - g * p]
    return [float(root.real) for root in np.roots(coefficients) if abs(root.imag) <= 1e-9 * (1 + abs(root.real))]


def path(land: Landscape, mix: Mix) -> tuple[Floats, Floats]:
    """The regularization path from λ = 0: λ of shape (n,), those of exact zeros included, and w of shape (n, 2)."""
    marks = [mark for mark in zero_from(land, mix) if mark]
    end = 1.25 * max(marks) if marks else 1e4
    grid = np.geomspace(1e-3, end, 140) if not marks else np.linspace(0, end, 140)
    strengths = np.unique(np.concatenate([[0.0], grid, marks]))
    return strengths, np.array([solve(land, mix, float(strength)) for strength in strengths])


def ellipse(land: Landscape, level: float, points: int = 121) -> Floats:
    """The contour D = level, closed, of shape (points, 2)."""
    angles = np.linspace(0, 2 * np.pi, points)
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    return np.asarray(land.optimum + math.sqrt(2 * level) * (circle / np.sqrt(land.curvatures)) @ land.axes.T)


def shape(mix: Mix, level: float, points: int = 121) -> Floats:
    """The contour penalty = level, closed, with its corners, of shape (points, 2); ``points`` is 4n + 1.

    In the direction (cos φ, sin φ), the radius solves α r (|cos φ| + |sin φ|) + (1 − α) r²/2 = level.
    """
    angles = np.linspace(0, 2 * np.pi, points)
    direction = np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    half = mix.l1_share * np.abs(direction).sum(-1)
    root = half + np.sqrt(half**2 + 2 * (1 - mix.l1_share) * level)
    radius = np.divide(2 * level, root, out=np.zeros_like(root), where=root > 0)
    return np.asarray(direction * radius[:, None])


# The chart as rows

_RINGS = (0.1, 0.4, 0.9, 1.6, 2.5, 3.6, 4.9, 6.4)  # ½n² / 5: evenly spaced ellipses


def picture(land: Landscape, mix: Mix, strength: float) -> pd.DataFrame:
    """What the chart shows: (part, x, y, strength), one part after another, each in drawing order.

    Contours of the data loss, the two contours that touch in the solution, the regularization path, marked points.
    """
    solution = solve(land, mix, strength)
    strengths, weights = path(land, mix)
    parts = [_rows(f"ring {i}", ellipse(land, level)) for i, level in enumerate(_RINGS)]
    parts += [_rows("shape", shape(mix, float(mix.value(solution))))]
    parts += [_rows("contour", ellipse(land, float(land.loss(solution))))]
    parts += [_rows("path", weights, strengths)]
    for i, mark in zip("₁₂", zero_from(land, mix), strict=True):
        if mark:
            parts += [_rows(f"w{i} is 0", solve(land, mix, mark)[None], np.array([mark]))]
    parts += [_rows("optimum", land.optimum[None]), _rows("solution", solution[None], np.array([strength]))]
    return pd.concat(parts, ignore_index=True)


def _rows(part: str, points: Floats, strengths: Floats | None = None) -> pd.DataFrame:
    frame = pd.DataFrame({"part": part, "x": points[:, 0], "y": points[:, 1]})
    return frame.assign(strength=np.nan if strengths is None else strengths)
