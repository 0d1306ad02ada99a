"""Accuracy under input noise, with Wilson intervals."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from reglab import columns
from reglab.analysis.confirmation import wilson
from reglab.predictions import NoiseCurve

NOISE_COLUMNS = (columns.RUN, columns.X, columns.VALUE, columns.LOW, columns.HIGH, columns.N)


def noise_accuracy(curves: Mapping[str, NoiseCurve]) -> pd.DataFrame:
    """RUN, X (σ), VALUE (accuracy), LOW and HIGH of its 95 % Wilson interval, N images; a row a run and σ.

    Each image has one draw of noise, so that the N outcomes at a σ are independent. The intervals are of each run by
    itself: runs see the same images with the same noise, and differences between them are more certain.
    """
    rows = [
        (run, sigma, right / one.images, *wilson(right / one.images, one.images), one.images)
        for run, one in curves.items()
        for sigma, right in zip(one.sigmas, one.correct, strict=True)
        if one.images
    ]
    return pd.DataFrame(rows, columns=list(NOISE_COLUMNS))
