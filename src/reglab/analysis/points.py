"""The points of a path, and figures of its lanes as points × repeats: the order of rows makes no difference."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reglab import columns

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Points:
    """``keys``: apply, λ, λ₁, λ₂ of every point, ascending; ``point`` and ``repeat``: the places of each lane."""

    keys: tuple[tuple[str, float, float, float], ...]
    point: Indices
    repeat: Indices
    repeats: int

    def frame(self) -> pd.DataFrame:
        """:data:`reglab.columns.POINT`, a row a point."""
        names = [key[0] for key in self.keys]
        numbers = np.array([key[1:] for key in self.keys], dtype=np.float64).reshape(-1, 3)
        columns_of = dict(zip(columns.POINT[1:], numbers.T, strict=True))
        return pd.DataFrame({columns.APPLY: pd.array(names, dtype="str"), **columns_of})

    def spread(self, values: Floats) -> Floats:
        """``values`` of lanes (L, …) as (points, repeats, …); NaN where there is no lane."""
        laid = np.full((len(self.keys), self.repeats, *values.shape[1:]), np.nan)
        laid[self.point, self.repeat] = values
        return laid


def with_columns(frame: pd.DataFrame, added: Mapping[str, Any]) -> pd.DataFrame:
    """``frame`` with many more columns: ``assign``, but built at once, which is several times quicker."""
    own = {str(name): frame[name].array for name in frame}
    return pd.DataFrame({**own, **added}, index=frame.index)


def points_of(lanes: pd.DataFrame) -> Points:
    """The points of ``lanes`` (:data:`reglab.columns.LANE_COLUMNS`), by apply and then λ, λ₁, λ₂."""
    keys = list(zip(*(lanes[name].tolist() for name in columns.POINT), strict=True))
    places = {key: place for place, key in enumerate(sorted(set(keys)))}
    repeats, repeat = np.unique(lanes[columns.REPEAT].to_numpy(np.int64), return_inverse=True)
    return Points(tuple(places), np.array([places[key] for key in keys], dtype=np.int64), repeat, len(repeats))


def mean_and_error(values: Floats) -> tuple[Floats, Floats, Indices]:
    """Mean x̄ and standard error s/√n over axis 1, s² = Σ(x − x̄)²/(n − 1), and n: how many are finite.

    NaN where nothing is finite; the error is NaN for n < 2 too.
    """
    counts = np.isfinite(values)
    n = counts.sum(axis=1)
    kept = np.where(counts, values, 0.0)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        mean = kept.sum(axis=1) / n
        deviations = np.where(counts, values - mean[:, None], 0.0)
        error = np.sqrt(np.square(deviations).sum(axis=1) / np.where(n > 1, n - 1, 0) / n)
    return mean, error, n
