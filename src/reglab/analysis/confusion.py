"""Which classes a network confuses, and with what confidence it answers: counts over images, by true class."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.int64]
Floats = NDArray[np.float64]


def confusion_matrix(true: Labels, predicted: Labels, classes: int) -> Labels:
    """M[i, j] = number of images of class i that are classified as j; (classes, classes).

    :param true: (n,) true classes, from 0.
    :param predicted: (n,) predicted classes, from 0.
    """
    flat = np.bincount(true * classes + predicted, minlength=classes**2)
    return flat.reshape(classes, classes).astype(np.int64)


def class_accuracy(matrix: NDArray[Any]) -> Floats:
    """M[i, i] / Σ_j M[i, j]: the share of each class's images that are classified correctly (its recall).

    NaN for a class without images. The mean over the classes that have some is the balanced accuracy.
    """
    totals = matrix.sum(axis=1).astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(totals > 0, np.diag(matrix) / totals, np.nan), dtype=np.float64)


def class_shares(matrix: NDArray[Any]) -> Floats:
    """M[i, j] / Σ_j M[i, j], rows that add up to 1; NaN in the rows of classes without images."""
    totals = matrix.sum(axis=1, keepdims=True).astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(totals > 0, matrix / totals, np.nan), dtype=np.float64)


def predicted_classes(probabilities: NDArray[np.floating], correct: NDArray[np.bool_], true: Labels) -> Labels:
    """(n,): the class of the highest probability; of equal highest ones the true class where ``correct`` says so.

    ``correct`` was recorded from the scores, which rounding to float32 probabilities can make equal; so it decides.

    :param probabilities: (n, classes).
    """
    top = probabilities.argmax(axis=1).astype(np.int64)
    wrong = ~correct & (top == true)
    if wrong.any():
        others = np.array(probabilities[wrong], dtype=np.float64)
        others[np.arange(len(others)), true[wrong]] = -np.inf
        top[wrong] = others.argmax(axis=1)
    return np.where(correct, true, top)
