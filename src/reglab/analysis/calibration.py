"""Calibration: whether a network's confidence is its accuracy, image by image and over the λ of a sweep."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reglab import columns
from reglab.analysis.sweep_table import mean_and_error, points_of, with_columns

BINS = 15
"""Bins of confidence, as in Guo et al. 2017."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Calibration:
    """n_b images in bin b of confidence, their mean confidence and their accuracy, all (bins,); NaN where n_b is 0.

    Bin b, from 1, holds confidences in ((b − 1)/B, b/B]. The confidence of an image is its largest class probability.
    """

    counts: NDArray[np.int64]
    confidence: Floats
    accuracy: Floats

    @property
    def error(self) -> float:
        """ECE = Σ_b (n_b/n)·|accuracy_b − confidence_b|, the expected calibration error (Guo et al. 2017, eq. 3).

        It is 0 where, of the images classified with confidence p, a share p is right. NaN without images.
        """
        if not self.counts.sum():
            return float("nan")
        weights = self.counts / self.counts.sum()
        return float(np.nansum(weights * np.abs(self.accuracy - self.confidence)))


def calibration(probabilities: NDArray[np.floating], correct: NDArray[np.bool_], bins: int = BINS) -> Calibration:
    """The images by confidence.

    :param probabilities: (n, classes), rows of probabilities.
    :param correct: (n,), whether the most probable class is the true one.
    """
    confidence = probabilities.max(axis=1).astype(np.float64)
    found = np.clip(np.ceil(confidence * bins).astype(np.int64) - 1, 0, bins - 1)
    counts = np.bincount(found, minlength=bins).astype(np.int64)
    known = np.where(counts > 0, counts, np.nan)
    sums = (np.bincount(found, values.astype(np.float64), bins) for values in (confidence, correct))
    return Calibration(counts, *(total / known for total in sums))


def calibration_error(probabilities: NDArray[np.floating], correct: NDArray[np.bool_], bins: int = BINS) -> float:
    """The :attr:`Calibration.error` of :func:`calibration`."""
    return calibration(probabilities, correct, bins).error


def calibration_table(lanes: pd.DataFrame, errors: Mapping[str, tuple[float, float]]) -> pd.DataFrame:
    """Means and standard errors of :func:`calibration_error` over the repeats of each point, a row a point.

    ``errors``: run → its calibration error at its last and at its best epoch; runs without one do not count among the
    N repeats, and diverged ones never do.
    """
    points, names = points_of(lanes), (columns.CALIBRATION_LAST, columns.CALIBRATION_BEST)
    unknown = (float("nan"), float("nan"))
    figures = np.array([errors.get(run, unknown) for run in lanes[columns.RUN]], dtype=np.float64).reshape(-1, 2)
    figures[(lanes[columns.STATE] == "diverged").to_numpy(np.bool_)] = np.nan
    mean, error, n = mean_and_error(points.spread(figures))
    added = {columns.N: n[:, 0], columns.DIVERGED: 0}
    added |= {name: mean[:, place] for place, name in enumerate(names)}
    added |= {name + columns.SE: error[:, place] for place, name in enumerate(names)}
    return with_columns(points.frame(), added)
