"""Chance in a table over λ, and the accuracy that guessing cannot raise."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reglab import columns
from reglab.chance import Chance, recorded_chance, strictest

__all__ = ["Chance", "at_chance", "balanced_accuracy", "recorded_chance", "strictest"]


def balanced_accuracy(correct: NDArray[np.bool_], labels: NDArray[np.int64]) -> NDArray[np.float64]:
    """The mean over the classes that occur of the share of their images classified correctly.

    ``correct`` is (…, n), ``labels`` (n,); the result (…,). Always answering one of K classes gives 1/K, however
    frequent that class is.
    """
    classes, place, counts = np.unique(labels, return_inverse=True, return_counts=True)
    members = (place[:, None] == np.arange(len(classes))) / counts
    return np.asarray((correct.astype(np.float64) @ members).mean(axis=-1), dtype=np.float64)


def at_chance(table: pd.DataFrame, chance: Chance | None) -> NDArray[np.bool_]:
    """The points whose mean validation accuracy is at chance; none where ``chance`` is not known."""
    accuracy = table[columns.VAL_ACC].to_numpy(np.float64)
    return np.zeros(len(table), dtype=np.bool_) if chance is None else np.asarray(accuracy < chance.bound)
