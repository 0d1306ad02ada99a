"""Calibration: whether a network's confidence is its accuracy, image by image and over the λ of a sweep."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reglab import columns
from reglab.analysis.sweep_table import mean_and_error, points_of, with_columns

BINS = 15
"""Bins of confidence, as in Guo et al. 2017."""


def calibration_error(probabilities: NDArray[np.floating], correct: NDArray[np.bool_], bins: int = BINS) -> float:
    """ECE = Σ_b (n_b/n)·|accuracy_b − confidence_b|, the expected calibration error (Guo et al. 2017, eq. 3).

    The confidence of an image is its largest class probability; bin b holds confidences in ((b − 1)/B, b/B]. It is 0
    where, of the images classified with confidence p, a share p is right. NaN without images.

    :param probabilities: (n, classes), rows of probabilities.
    :param correct: (n,), whether the most probable class is the true one.
    """
    confidence = probabilities.max(axis=1).astype(np.float64)
    if not len(confidence):
        return float("nan")
    found = np.clip(np.ceil(confidence * bins).astype(np.int64) - 1, 0, bins - 1)
    surplus = np.bincount(found, correct.astype(np.float64) - confidence, bins)  # n_b·(accuracy_b − confidence_b)
    return float(np.abs(surplus).sum() / len(confidence))


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
