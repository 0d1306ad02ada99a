"""How the best λ moves with the learning rate: the slope of log λ̂ on log lr, by paired repeats.

−1: only the product lr·λ counts, so that the two are one choice. 0: each can be chosen by itself. In the AdamW paper's
λ, which is lr·λ in PyTorch's, the slope is 1 larger (Loshchilov & Hutter 2019, figure 2).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import t as student  # type: ignore[import-untyped]

from reglab import columns
from reglab.analysis.sweep_table import Floats, counted, points_of

_FEWEST = 2  # learning rates with a best λ, for a slope; and repeats with a slope, for an interval


@dataclass(frozen=True)
class Separability:
    """The mean ``slope`` over ``repeats`` and its 95 % t interval, ``None`` for fewer than two.

    ``known`` of ``asked`` pairs of repeat and learning rate have a best λ inside the range.
    """

    slope: float
    low: float | None
    high: float | None
    repeats: int
    known: int
    asked: int

    @property
    def in_paper_lambda(self) -> Separability:
        """The slope of log(lr·λ̂) on log lr: 1 larger, since log(lr·λ) = log lr + log λ."""
        low, high = (None if value is None else value + 1 for value in (self.low, self.high))
        return Separability(self.slope + 1, low, high, self.repeats, self.known, self.asked)


def best_lambdas(lanes: pd.DataFrame, epochs: pd.DataFrame, apply: str, epoch: int | None = None) -> Floats:
    """(repeats, learning rates) log₁₀ λ̂ of the lowest validation loss, of a map of λ and the learning rate.

    Between grid points λ̂ is the vertex of the parabola through the best λ and its neighbours in log λ. NaN where the
    best is λ = 0 or at an end of the λ above 0, or a neighbour has no figure: there the minimum is not known.
    """
    own = lanes[(lanes[columns.APPLY] == apply).to_numpy(np.bool_)]
    figures, _ = counted(own, epochs, epoch, (columns.VAL_LOSS,))
    points = points_of(own)
    losses = points.spread(figures[:, 0])
    places = pd.DataFrame(points.keys, columns=list(points.names))
    lambdas, rates = (np.unique(places[name].to_numpy(np.float64)) for name in (columns.LAMBDA, columns.SECOND))
    grid = losses.reshape(len(lambdas), len(rates), points.repeats)
    return np.array([[_vertex(lambdas, grid[:, rate, r]) for rate in range(len(rates))] for r in range(points.repeats)])


def _vertex(lambdas: Floats, losses: Floats) -> float:
    """log₁₀ of the λ at which the parabola through the lowest loss and its neighbours is lowest, or NaN."""
    if not np.isfinite(losses).any():
        return math.nan
    best = int(np.nanargmin(losses))
    first = int((lambdas == 0).sum())
    if not first < best < len(lambdas) - 1 or not np.isfinite(losses[best - 1 : best + 2]).all():
        return math.nan
    x, y = np.log10(lambdas[best - 1 : best + 2]), losses[best - 1 : best + 2]
    a, b, _ = np.polyfit(x - x[1], y, 2)
    return float(x[1] - b / (2 * a)) if a > 0 else float(x[1])


def separability(best: Floats, rates: Floats) -> Separability | None:
    """The least-squares slope of ``best`` (repeats, rates), log₁₀ λ̂, on log₁₀ lr in each repeat, and their mean.

    Mean ± t(J − 1, 0.975)·s/√J over the J repeats that have at least two learning rates with a best λ; ``None`` where
    no repeat has.
    """
    known = np.isfinite(best)
    logs = np.log10(rates)
    slopes = [
        float(np.polyfit(logs[there], own[there], 1)[0])
        for own, there in zip(best, known, strict=True)
        if there.sum() >= _FEWEST
    ]
    if not slopes:
        return None
    mean, j = float(np.mean(slopes)), len(slopes)
    half = float(student.ppf(0.975, j - 1) * np.std(slopes, ddof=1) / math.sqrt(j)) if j >= _FEWEST else None
    low, high = (None, None) if half is None else (mean - half, mean + half)
    return Separability(mean, low, high, j, int(known.sum()), known.size)
