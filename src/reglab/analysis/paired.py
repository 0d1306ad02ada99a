"""Paired differences over repeats: the corrected t interval, and the p value adjusted for having picked the best λ."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit  # type: ignore[import-untyped]

Floats = NDArray[np.float64]

LEVEL = 0.95
LEAST_REPEATS = 3
"""Repeats from which on there is an interval."""
DECISIVE_REPEATS = 6
"""Repeats from which on a two-sided p of 0.05 can be reached by flipping signs: 2/2⁶ = 0.03; fewer only "suggest"."""
MARGIN = 0.005
"""Half a point of accuracy: differences that lie within it for certain are equivalent."""

Conclusion = Literal["better", "worse", "suggests better", "suggests worse", "equivalent", "not distinguishable"]


@dataclass(frozen=True)
class PairedDifference:
    """The mean ``value`` of differences over ``repeats`` pairs, with its interval (``None`` for fewer than 3).

    The interval has the level 95 %, or of one of several comparisons that of :func:`simultaneous`.

    ``better_in`` of the repeats the first of the two does better. ``p_adjusted`` is the two-sided p value adjusted for
    having picked the best of several λ; ``None`` where this difference is not such a comparison. ``higher_is_better``
    is False for a loss.
    """

    value: float
    low: float | None
    high: float | None
    repeats: int
    better_in: int
    p_adjusted: float | None = None
    higher_is_better: bool = True

    @property
    def includes_zero(self) -> bool | None:
        """Whether the interval includes 0; ``None`` without an interval."""
        return None if self.low is None or self.high is None else self.low <= 0 <= self.high

    @property
    def equivalent(self) -> bool:
        """Whether the whole interval of a difference of accuracies lies within ± :data:`MARGIN`."""
        if self.low is None or self.high is None or not self.higher_is_better:
            return False
        return self.low >= -MARGIN and self.high <= MARGIN

    @property
    def conclusion(self) -> Conclusion:
        """What the repeats show of the first against the second.

        "better" and "worse" need an adjusted p ≤ 0.05 where there is one, else an interval without 0; with fewer than
        :data:`DECISIVE_REPEATS` an adjusted comparison only "suggests", and does so by its interval. "equivalent" where
        the whole interval lies within ±0.5 points; "not distinguishable" otherwise.
        """
        if self.equivalent:
            return "equivalent"
        if self.includes_zero in (None, True):
            return "not distinguishable"
        better = (self.value > 0) == self.higher_is_better
        if self.p_adjusted is None:
            return "better" if better else "worse"
        if self.repeats < DECISIVE_REPEATS:
            return "suggests better" if better else "suggests worse"
        if self.p_adjusted > 1 - LEVEL:
            return "not distinguishable"
        return "better" if better else "worse"


@dataclass(frozen=True)
class RepeatedFigure:
    """A figure over repeats: its ``values``, NaN where a repeat has none, their ``mean`` and its 95 % interval.

    The interval, that of :func:`interval`, is ``None`` for fewer than 3 repeats.
    """

    values: tuple[float, ...]
    mean: float
    low: float | None
    high: float | None
    higher_is_better: bool = True

    @classmethod
    def of(cls, values: Floats, overlap: float, *, higher_is_better: bool = True) -> RepeatedFigure | None:
        """From ``values`` (repeats,) with r = ``overlap``; ``None`` where none is finite."""
        found = paired_difference(values, np.zeros_like(values), overlap)
        if found is None:
            return None
        return cls(tuple(values.tolist()), found.value, found.low, found.high, higher_is_better)

    def less(self, other: RepeatedFigure, overlap: float) -> PairedDifference | None:
        """This figure less ``other``, repeat by repeat: of two sweeps over the same seeds, for example their best ones.

        ``None`` where no repeat has both.
        """
        first, second = np.array(self.values), np.array(other.values)
        return paired_difference(first, second, overlap, higher_is_better=self.higher_is_better)


def paired_difference(
    first: Floats,
    second: Floats,
    overlap: float,
    *,
    higher_is_better: bool = True,
    p_adjusted: float | None = None,
    level: float = LEVEL,
) -> PairedDifference | None:
    """``first`` less ``second``, both (repeats,) in the order of the repeats; pairs with a NaN do not count.

    The interval is that of :func:`interval` with r = ``overlap`` at ``level``. ``None`` where no pair is left.
    """
    differences = first - second
    differences = differences[np.isfinite(differences)]
    if not len(differences):
        return None
    low, high = (None if math.isnan(end) else float(end) for end in interval(differences[None], overlap, level)[:, 0])
    better = int((differences > 0).sum() if higher_is_better else (differences < 0).sum())
    mean = float(differences.mean())
    return PairedDifference(mean, low, high, len(differences), better, p_adjusted, higher_is_better)


def interval(differences: Floats, overlap: float, level: float = LEVEL) -> Floats:
    """(2, points): d̄ ± t(J − 1, (1 + ``level``)/2) · s_d · √(1/J + r), J the finite entries of a row, r = ``overlap``.

    ``differences`` is (points, repeats). NaN for J < 3. Nadeau & Bengio 2003, corrected resampled t: repeats that draw
    training and validation images from one pool are correlated, by about r/(1 + r).
    """
    finite = np.isfinite(differences)
    n = finite.sum(axis=1)
    kept = np.where(finite, differences, 0.0)
    n_or_nan = np.where(n >= LEAST_REPEATS, n, np.nan)
    mean = kept.sum(axis=1) / n_or_nan
    squares = np.where(finite, (differences - mean[:, None]) ** 2, 0.0).sum(axis=1)
    s = np.sqrt(squares / (n_or_nan - 1))
    half = stdtrit(n_or_nan - 1, (1 + level) / 2) * s * np.sqrt(1 / n_or_nan + overlap)
    return np.stack([mean - half, mean + half])


def simultaneous(comparisons: int) -> float:
    """1 − (1 − :data:`LEVEL`)/m: the level at which all of m intervals hold together in 95 % of cases (Bonferroni)."""
    return 1 - (1 - LEVEL) / max(comparisons, 1)


def overlap_of_seeds(n_val: int, n_pool: int) -> float:
    """r = n_val / (n_pool − n_val): repeats that draw ``n_val`` validation images of a pool of ``n_pool`` each.

    The pool is what is left outside the test part, also where fewer images are trained on.
    """
    return n_val / (n_pool - n_val)


def overlap_of_folds(folds: int) -> float:
    """r = 1/(K − 1): the share of validation to training images, as in Nadeau & Bengio 2003."""
    return 1 / (folds - 1)
