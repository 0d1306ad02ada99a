"""Single images of a run: what the network predicts for each, the most confident errors, and the worst losses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reglab.analysis.confirmation import wilson
from reglab.analysis.confusion import class_accuracy, confusion_matrix, predicted_classes

IMAGE = "image"  # place in the data set
LABEL = "label"  # number of the true class; of a wrongly labelled training image that of the wrong label
TRUE_CLASS = "true_class"  # its true class
PREDICTED = "predicted"  # number of the predicted class; −1: not known
CONFIDENCE = "confidence"  # probability of the predicted class; NaN: not known
P_LABEL = "p_label"  # probability of LABEL
LOSS = "loss"  # −ln p of LABEL, nats
CORRECT = "correct"  # whether LABEL is predicted
IMAGES, RIGHT, ACCURACY, LOW, HIGH = "images", "right", "accuracy", "low", "high"
TAKEN_FOR, TAKEN = "taken_for", "taken"  # the class that most of the others are taken for, −1 for none; how many

Labels = NDArray[np.int64]


def image_scores(
    index: Labels, labels: Labels, correct: NDArray[np.bool_], probabilities: NDArray[np.floating]
) -> pd.DataFrame:
    """One row an image, in the order given: IMAGE, LABEL, PREDICTED, CONFIDENCE, P_LABEL, LOSS, CORRECT.

    ``index``, ``labels`` and ``correct`` are (n,), ``probabilities`` (n, classes).
    """
    rows, predicted = np.arange(len(labels)), predicted_classes(probabilities, correct, labels)
    p_label = probabilities[rows, labels].astype(np.float64)
    with np.errstate(divide="ignore"):
        losses = -np.log(p_label)
    return _frame(index, labels, predicted, probabilities[rows, predicted].astype(np.float64), p_label, losses, correct)


def scores_without_classes(
    index: Labels, labels: Labels, correct: NDArray[np.bool_], log_prob: NDArray[np.floating]
) -> pd.DataFrame:
    """The same where the probabilities of all classes are not known: ``log_prob`` (n,) is ln p of the true class."""
    losses, unknown = -log_prob.astype(np.float64), np.full(len(labels), np.nan)
    return _frame(index, labels, np.full(len(labels), -1), unknown, np.exp(-losses), losses, correct)


def _frame(*arrays: NDArray[Any]) -> pd.DataFrame:
    names = (IMAGE, LABEL, PREDICTED, CONFIDENCE, P_LABEL, LOSS, CORRECT)
    return pd.DataFrame(dict(zip(names, arrays, strict=True)))


def most_confident(scores: pd.DataFrame) -> pd.DataFrame:
    """The misclassified images, by the probability of the predicted class, the highest first."""
    wrong = scores[~scores[CORRECT].to_numpy(np.bool_)]
    return wrong.sort_values(CONFIDENCE, ascending=False, kind="stable", ignore_index=True)


def worst_losses(scores: pd.DataFrame) -> pd.DataFrame:
    """All images by their loss, the highest first."""
    return scores.sort_values(LOSS, ascending=False, kind="stable", ignore_index=True)


def class_table(scores: pd.DataFrame, classes: int) -> pd.DataFrame:
    """One row a class that has images: LABEL, IMAGES, RIGHT, ACCURACY with its 95 % Wilson interval, TAKEN_FOR, TAKEN.

    ``scores``: those of :func:`image_scores`.
    """
    true, predicted = (scores[name].to_numpy(np.int64) for name in (LABEL, PREDICTED))
    matrix = confusion_matrix(true, predicted, classes)
    images, right, accuracy = matrix.sum(axis=1), np.diag(matrix), class_accuracy(matrix)
    others = matrix - np.diag(right)
    taken = others.max(axis=1)
    shown = np.flatnonzero(images)
    bounds = np.array([wilson(float(accuracy[label]), int(images[label])) for label in shown]).reshape(-1, 2)
    taken_for = np.where(taken > 0, others.argmax(axis=1), -1)
    figures = {LABEL: shown, IMAGES: images[shown], RIGHT: right[shown], ACCURACY: accuracy[shown]}
    return pd.DataFrame(
        {**figures, LOW: bounds[:, 0], HIGH: bounds[:, 1], TAKEN_FOR: taken_for[shown], TAKEN: taken[shown]}
    )


def memorised(index: Labels, labels: Labels, true: Labels, probabilities: NDArray[np.floating]) -> pd.DataFrame:
    """Wrongly labelled training images: IMAGE, LABEL (the wrong one), TRUE_CLASS, PREDICTED, P_LABEL, CORRECT.

    CORRECT, the wrong label is predicted, means that it is memorised. Those come first, then by P_LABEL.
    """
    predicted = probabilities.argmax(axis=1)
    frame = pd.DataFrame({IMAGE: index, LABEL: labels, TRUE_CLASS: true, PREDICTED: predicted})
    frame[P_LABEL] = probabilities[np.arange(len(labels)), labels].astype(np.float64)
    frame[CORRECT] = predicted == labels
    return frame.sort_values([CORRECT, P_LABEL], ascending=False, kind="stable", ignore_index=True)
