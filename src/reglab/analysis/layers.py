"""Norms, sparsity and histograms of each layer's weights, and of all layers together, against λ."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reglab import columns
from reglab.analysis.epoch_rules import last_rows, owners
from reglab.analysis.sweep_table import Floats, Indices, mean_and_error, points_of
from reglab.bins import N_BINS

_FIGURES = (columns.L2_NORM, columns.L1_NORM, columns.ZERO_SHARE, columns.NEAR_ZERO_SHARE, columns.SIZE)


def layer_curves(lanes: pd.DataFrame, layers: pd.DataFrame, epoch: int | None = None) -> pd.DataFrame:
    """Means over repeats of each layer's norms, shares of (near) zero weights, and size: a row a point and LAYER.

    Layers are in network order, then ALL_WEIGHTS: ‖w‖₂ = √Σ‖wₖ‖₂², ‖w‖₁ = Σ‖wₖ‖₁, shares weighted by size. ``layers``
    has :data:`reglab.columns.LAYER_COLUMNS`; each lane counts at its newest epoch > 0 there (≤ ``epoch``; 0 itself
    gives the initial weights). Left out, and not among the N repeats: what is not finite, and diverged lanes at their
    end. Points without any weights have no rows.
    """
    points, rows = points_of(lanes), _rows_at(lanes, layers, epoch)
    part = layers.iloc[rows]
    layer, found = pd.factorize(part[columns.LAYER])
    names = [*found, columns.ALL_WEIGHTS]
    figures = np.full((len(lanes), len(found), len(_FIGURES)), np.nan)
    figures[owners(lanes, part), layer] = part[list(_FIGURES)].to_numpy(np.float64)
    mean, _, n = mean_and_error(points.spread(np.concatenate([figures, _all_layers(figures)], axis=1)))
    there = (n[:, :, 0] > 0).ravel()
    frame = points.frame()
    frame = frame.loc[frame.index.repeat(len(names))][there].reset_index(drop=True)
    added = {
        columns.LAYER: pd.array(np.tile(np.array(names, dtype=object), len(points.keys))[there], dtype="str"),
        columns.N: n[:, :, 0].ravel()[there],
        **dict(zip(_FIGURES, mean.reshape(-1, len(_FIGURES))[there].T, strict=True)),
    }
    return frame.assign(**added)


def sweep_histograms(
    lanes: pd.DataFrame, layers: pd.DataFrame, layer: str | None = None, epoch: int | None = None
) -> pd.DataFrame:
    """COUNTS over the bins of :mod:`reglab.bins`, SIZE and ZEROS of ``layer`` (``None``: of all), a row a point.

    Sums over the N repeats, so sum(COUNTS) + ZEROS = SIZE. Epochs and lanes count as in :func:`layer_curves`. Points
    without any weights have no row.
    """
    points, rows = points_of(lanes), _rows_at(lanes, layers, epoch)
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


def _rows_at(lanes: pd.DataFrame, layers: pd.DataFrame, epoch: int | None) -> Indices:
    """The rows of ``layers`` of each lane's newest epoch, without diverged lanes and weights that are not finite."""
    owner, epochs = owners(lanes, layers), layers[columns.EPOCH].to_numpy(np.int64)
    with_none = np.append(epochs, -1)  # the epoch of row −1
    newest = with_none[last_rows(lanes, layers, epoch)]
    newest[(newest == 0) & (epoch != 0)] = -1  # initial weights are shown only on request
    diverged = (lanes[columns.STATE] == "diverged").to_numpy(np.bool_)
    newest[diverged & (newest == with_none[last_rows(lanes, layers)])] = -1
    infinite = ~np.isfinite(layers[[columns.L1_NORM, columns.L2_NORM]].to_numpy(np.float64)).all(axis=1)
    newest = np.append(newest, -1)  # of rows that belong to no lane
    newest[owner[infinite & (epochs == newest[owner])]] = -1
    return np.flatnonzero(epochs == newest[owner])


def _all_layers(figures: Floats) -> Floats:
    """(lanes, layers, figures) → (lanes, 1, figures): the weights of all layers as one vector."""
    l2, l1, zero, near, size = np.moveaxis(figures, -1, 0)
    total = size.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = [(share * size).sum(axis=1) / total for share in (zero, near)]
    whole = np.stack([np.sqrt(np.square(l2).sum(axis=1)), l1.sum(axis=1), *shares, total], axis=-1)
    return np.where(total[:, None] > 0, whole, np.nan)[:, None]
