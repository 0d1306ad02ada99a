"""Calibration: whether a network's confidence is its accuracy."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

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
