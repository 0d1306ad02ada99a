"""Weight histograms of every point of a path, summed over its repeats, for small multiples on shared bins."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reglab import columns
from reglab.analysis.layer_curves import rows_at
from reglab.analysis.points import points_of
from reglab.analysis.sweep_runs import owners
from reglab.bins import N_BINS


def sweep_histograms(
    lanes: pd.DataFrame, layers: pd.DataFrame, layer: str | None = None, epoch: int | None = None
) -> pd.DataFrame:
    """COUNTS over the bins of :mod:`reglab.bins`, SIZE and ZEROS of kernel ``layer`` (``None``: of all), a row a point.

    Summed over the N repeats, so sum(COUNTS) + ZEROS = SIZE; which epoch and which lanes count is as in
    :func:`layer_curves`. Points without any weights have no row.
    """
    points, rows = points_of(lanes), rows_at(lanes, layers, epoch)
    if layer is not None:
        rows = rows[(layers[columns.LAYER] == layer).to_numpy(np.bool_)[rows]]
    part = layers.iloc[rows]
    owner = owners(lanes, part)
    place, n_points = points.point[owner], len(points.keys)
    counts: NDArray[np.int64] = np.zeros((n_points, N_BINS), dtype=np.int64)
    if len(part):
        np.add.at(counts, place, np.stack(part[columns.COUNTS].tolist()))
    cells: NDArray[np.object_] = np.empty(n_points, dtype=object)
    cells[:] = list(counts)
    table = points.frame().assign(**{columns.COUNTS: cells})
    for name in (columns.SIZE, columns.ZEROS):
        table[name] = np.bincount(place, part[name].to_numpy(np.float64), n_points).astype(np.int64)
    table[columns.N] = np.bincount(points.point[np.unique(owner)], minlength=n_points)
    return table[table[columns.N] > 0].reset_index(drop=True)
