"""What the geometry's chart shows, as rows: (part, x, y, strength), one part after another, each in drawing order."""

from __future__ import annotations

import numpy as np
import pandas as pd

from reglab.lessons.geometry import Floats, Landscape, Mix, ellipse, path, shape, solve, zero_from

_RINGS = (0.1, 0.4, 0.9, 1.6, 2.5, 3.6, 4.9, 6.4)  # ½n² / 5: evenly spaced ellipses


def picture(land: Landscape, mix: Mix, strength: float) -> pd.DataFrame:
    """Contours of the data loss, the penalty's contour through the solution, the path over λ, and the marked points."""
    solution = solve(land, mix, strength)
    strengths, way = path(land, mix)
    parts = [_rows(f"ring {i}", ellipse(land, level)) for i, level in enumerate(_RINGS)]
    parts += [_rows(name, points) for name, points in _touching(land, mix, solution)]
    parts += [_rows("path", way, strengths), *_zeros(land, mix)]
    parts += [_rows("optimum", land.optimum[None]), _rows("solution", solution[None], np.array([strength]))]
    return pd.concat(parts, ignore_index=True)


def _touching(land: Landscape, mix: Mix, solution: Floats) -> list[tuple[str, Floats]]:
    """The contour of the data loss and the contour of the penalty that meet in the solution."""
    loss, size = float(land.loss(solution)), float(mix.value(solution))
    return [("shape", shape(mix, size)), ("contour", ellipse(land, loss))]


def _zeros(land: Landscape, mix: Mix) -> list[pd.DataFrame]:
    """Where each weight becomes exactly 0 for good."""
    marks = [(f"w{i} is 0", mark) for i, mark in zip("₁₂", zero_from(land, mix), strict=True) if mark]
    return [_rows(name, solve(land, mix, mark)[None], np.array([mark])) for name, mark in marks]


def _rows(part: str, points: Floats, strengths: Floats | None = None) -> pd.DataFrame:
    frame = pd.DataFrame({"part": part, "x": points[:, 0], "y": points[:, 1]})
    return frame.assign(strength=np.nan if strengths is None else strengths)
