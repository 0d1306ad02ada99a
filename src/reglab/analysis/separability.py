"""How the best λ moves with the learning rate: the slope of log λ̂ on log lr, by paired repeats.

−1: only the product lr·λ counts, so that the two are one choice. 0: each can be chosen by itself. In the AdamW paper's
λ, which is lr·λ in PyTorch's, the slope is 1 larger (Loshchilov & Hutter 2019, figure 2).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from reglab import columns
from reglab.analysis.slope import log_minimum, log_slope
from reglab.analysis.sweep_table import Floats, counted

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
    figures = counted(own, epochs, epoch)
    points, losses = figures.points, figures.of(columns.VAL_LOSS)
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
    return math.log10(log_minimum(lambdas[best - 1 : best + 2], losses[best - 1 : best + 2]))


def separability(best: Floats, rates: Floats) -> Separability | None:
    """The least-squares slope of ``best`` (repeats, rates), log₁₀ λ̂, on log₁₀ lr in each repeat, and their mean.

    Mean ± t(J − 1, 0.975)·s/√J over the J repeats that have at least two learning rates with a best λ; ``None`` where
    no repeat has.
    """
    known = np.isfinite(best)
    pairs = [(own, there) for own, there in zip(best, known, strict=True) if there.sum() >= _FEWEST]
    slopes = [log_slope(rates[there], 10.0 ** own[there]).value for own, there in pairs]
    if not slopes:
        return None
    mean, j = float(np.mean(slopes)), len(slopes)
    low, high = _interval(slopes, mean) if j >= _FEWEST else (None, None)
    return Separability(mean, low, high, j, int(known.sum()), known.size)


def _interval(slopes: list[float], mean: float) -> tuple[float, float]:
    from scipy.special import stdtrit  # type: ignore[import-untyped]  # slow to import

    half = float(stdtrit(len(slopes) - 1, 0.975)) * float(np.std(slopes, ddof=1)) / math.sqrt(len(slopes))
    return mean - half, mean + half
