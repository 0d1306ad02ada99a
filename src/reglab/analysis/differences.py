"""Paired differences to λ = 0: runs of a repeat share weights, split and batches, so they differ in λ alone."""

from __future__ import annotations

import numpy as np
import pandas as pd

from reglab import columns
from reglab.analysis.paired import interval
from reglab.analysis.select import HIGHER_IS_BETTER
from reglab.analysis.sign_flips import max_t
from reglab.analysis.sweep_table import Counted, Floats, Mask, Points, mean_and_error, with_columns

DIFFERENCE_COLUMNS = (
    columns.DIFFERENCE,
    columns.PAIRS,
    columns.BETTER_IN,
    columns.LOW,
    columns.HIGH,
    columns.P_ADJUSTED,
)


def differences_of(figures: Counted, measure: str, overlap: float, tested: Mask) -> pd.DataFrame:
    """d̄ = mean over repeats of (``measure`` at λ − at λ = 0 of the same repeat, mode and second value), a row a point.

    PAIRS repeats have both figures, in BETTER_IN of them λ does better. LOW and HIGH are the interval of
    :func:`reglab.analysis.paired.interval` with r = ``overlap``, P_ADJUSTED the p of
    :func:`reglab.analysis.sign_flips.max_t` over the λ > 0 of a family; both are NaN for points that are not ``tested``
    (a mask in the order of the points). The difference is NaN without a λ = 0.
    """
    points = figures.points
    differences = _to_zero(points, figures.of(measure))
    mean, _, n = mean_and_error(differences)
    known = np.where(tested[:, None], differences, np.nan)
    better = differences > 0 if measure in HIGHER_IS_BETTER else differences < 0
    values = (mean, n, better.sum(axis=1), *interval(known, overlap), _adjusted(points, known, overlap))
    return with_columns(points.frame(), dict(zip(DIFFERENCE_COLUMNS, values, strict=True)))


def _to_zero(points: Points, values: Floats) -> Floats:
    """``values`` (points, repeats) less those of each point's reference; NaN where there is none."""
    zero = points.reference
    return np.where(zero[:, None] >= 0, values - values[zero], np.nan)


def _adjusted(points: Points, differences: Floats, overlap: float) -> Floats:
    """The adjusted p of every point; NaN at λ = 0."""
    p = np.full(len(differences), np.nan)
    above = np.flatnonzero([key[1] > 0 for key in points.keys])
    p[above] = max_t(differences[above], overlap)
    return p
