"""The weights of runs side by side: norms, exact zeros, and the distance of their distribution to a baseline's."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reglab import columns
from reglab.analysis.weight_distance import wasserstein
from reglab.bins import N_BINS

DISTANCE = "distance"
"""Wasserstein distance W₁ to the baseline's weights at its own epoch, in units of weights."""


def newest(layers: pd.DataFrame) -> pd.DataFrame:
    """The rows of each run's newest epoch in ``layers``."""
    last = layers.groupby(columns.RUN, sort=False)[columns.EPOCH].transform("max")
    return layers[layers[columns.EPOCH] == last]


def run_weights(layers: pd.DataFrame, layer: str | None, baseline: str) -> pd.DataFrame:
    """A row a run, in the order of ``layers``: RUN, EPOCH, SIZE, L2_NORM, L1_NORM, MAX_ABS, both zero shares, DISTANCE.

    ``layers`` (:data:`reglab.columns.LAYER_COLUMNS`) counts at each run's newest epoch; ``layer`` None is all layers as
    one vector: ‖w‖₂ = √Σ‖wₖ‖₂², ‖w‖₁ = Σ‖wₖ‖₁, shares weighted by size. Runs without the layer have no row; DISTANCE is
    NaN where the baseline has none.
    """
    rows = newest(layers) if len(layers) else layers
    rows = rows if layer is None else rows[rows[columns.LAYER] == layer]
    parts = {str(run): part for run, part in rows.groupby(columns.RUN, sort=False)} if len(rows) else {}
    histograms = {run: _histogram(part) for run, part in parts.items()}
    base = histograms.get(baseline)
    table = [
        {
            columns.RUN: run,
            columns.EPOCH: int(part[columns.EPOCH].iloc[0]),
            **_norms(part),
            DISTANCE: wasserstein(histograms[run], base) if base is not None else np.nan,
        }
        for run, part in parts.items()
    ]
    names = (columns.RUN, columns.EPOCH, columns.SIZE, *_NORMS, DISTANCE)
    return pd.DataFrame(table, columns=list(names))


_NORMS = (columns.L2_NORM, columns.L1_NORM, columns.MAX_ABS, columns.ZERO_SHARE, columns.NEAR_ZERO_SHARE)


def _norms(part: pd.DataFrame) -> dict[str, float]:
    """The norms of all rows of ``part`` as one vector."""
    l2, l1, largest, zero, near, size = (part[name].to_numpy(np.float64) for name in (*_NORMS, columns.SIZE))
    total = size.sum()
    values = (np.sqrt(np.square(l2).sum()), l1.sum(), largest.max(), (zero * size).sum(), (near * size).sum())
    shares = [value / total for value in values[3:]]
    return {columns.SIZE: int(total), **dict(zip(_NORMS, map(float, (*values[:3], *shares)), strict=True))}


def _histogram(part: pd.DataFrame) -> tuple[NDArray[np.int64], int]:
    counts = np.stack(part[columns.COUNTS].to_list()).sum(axis=0, dtype=np.int64)
    assert len(counts) == N_BINS
    return counts, int(part[columns.ZEROS].sum())
