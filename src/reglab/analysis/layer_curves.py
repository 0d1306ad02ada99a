"""Norms and sparsity of every kernel against λ, and of all kernels together."""

from __future__ import annotations

import numpy as np
import pandas as pd

from reglab import columns
from reglab.analysis.points import Floats, Indices, mean_and_error, points_of
from reglab.analysis.sweep_runs import last_rows, owners

FIGURES = (columns.L2_NORM, columns.L1_NORM, columns.ZERO_SHARE, columns.NEAR_ZERO_SHARE, columns.SIZE)


def layer_curves(lanes: pd.DataFrame, layers: pd.DataFrame, epoch: int | None = None) -> pd.DataFrame:
    """The mean over repeats of each kernel's norms, shares of (almost) zero weights, and size: a row a point and LAYER.

    Layers are in network order, then ALL_WEIGHTS: ‖w‖₂ = √Σ‖wₖ‖₂², ‖w‖₁ = Σ‖wₖ‖₁, shares weighted by size. ``layers``
    has :data:`reglab.columns.LAYER_COLUMNS`; each lane counts at its newest epoch > 0 there (≤ ``epoch``; 0 itself
    gives the initial weights). Left out, and not among the N repeats: what is not finite, and diverged lanes at their
    end. Points without any weights have no rows.
    """
    points, rows = points_of(lanes), rows_at(lanes, layers, epoch)
    part = layers.iloc[rows]
    kernel, names = pd.factorize(part[columns.LAYER])
    figures = np.full((len(lanes), len(names), len(FIGURES)), np.nan)
    figures[owners(lanes, part), kernel] = part[list(FIGURES)].to_numpy(np.float64)
    figures = np.concatenate([figures, _together(figures)], axis=1)
    mean, _, n = mean_and_error(points.spread(figures))
    return _long(points.frame(), [*names, columns.ALL_WEIGHTS], mean, n[:, :, 0])


def rows_at(lanes: pd.DataFrame, layers: pd.DataFrame, epoch: int | None) -> Indices:
    """The rows of ``layers`` that count: those of each lane's newest epoch, but of lanes that have gone astray."""
    owner, epochs = owners(lanes, layers), layers[columns.EPOCH].to_numpy(np.int64)
    newest = _epoch_of(last_rows(lanes, layers, epoch), epochs)
    newest[(newest == 0) & (epoch != 0)] = -1  # the initial weights are not what training came to
    diverged = (lanes[columns.STATE] == "diverged").to_numpy(np.bool_)
    newest[diverged & (newest == _epoch_of(last_rows(lanes, layers), epochs))] = -1
    astray = ~np.isfinite(layers[[columns.L1_NORM, columns.L2_NORM]].to_numpy(np.float64)).all(axis=1)
    newest = np.append(newest, -1)  # of rows that belong to no lane
    newest[owner[astray & (epochs == newest[owner])]] = -1
    return np.flatnonzero(epochs == newest[owner])


def _epoch_of(rows: Indices, epochs: Indices) -> Indices:
    """The epochs at ``rows``; −1 for none."""
    return np.append(epochs, -1)[rows]


def _together(figures: Floats) -> Floats:
    """All kernels of each lane (lanes, 1, figures) as one."""
    l2, l1, zero, near, size = np.moveaxis(figures, -1, 0)
    total = size.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        together = [np.sqrt(np.square(l2).sum(axis=1)), l1.sum(axis=1),
                    (zero * size).sum(axis=1) / total, (near * size).sum(axis=1) / total, total]  # fmt: skip
    return np.where(total[:, None] > 0, np.stack(together, axis=-1), np.nan)[:, None]


def _long(points: pd.DataFrame, names: list[str], mean: Floats, n: Indices) -> pd.DataFrame:
    """A row for each point and layer that at least one lane has."""
    there = (n > 0).ravel()
    frame = points.loc[points.index.repeat(len(names))][there].reset_index(drop=True)
    labels = pd.array(np.tile(np.array(names, dtype=object), len(points))[there], dtype="str")
    flat = mean.reshape(-1, len(FIGURES))[there]
    figures = dict(zip(FIGURES, flat.T, strict=True))
    return frame.assign(**{columns.LAYER: labels, columns.N: n.ravel()[there], **figures})
