"""Weight histograms of one run through its training, and norms of its layers at one epoch."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reglab import columns
from reglab.bins import N_BINS

HISTORY: tuple[str, ...] = (columns.EPOCH, columns.COUNTS, columns.SIZE, columns.ZEROS)
_SUMS = (columns.SIZE, columns.L1_NORM, columns.ZEROS)
_SQUARES = (columns.L2_NORM, columns.DATA_GRAD, columns.PENALTY_GRAD)
FIGURES: tuple[str, ...] = (
    *(columns.LAYER, columns.SIZE, columns.L1_NORM, columns.L2_NORM, columns.MAX_ABS, columns.ZEROS),
    *(columns.ZERO_SHARE, columns.NEAR_ZERO_SHARE, columns.UNITS, columns.ZERO_UNITS, columns.GRADIENT_RATIO),
)


def weight_history(layers: pd.DataFrame, layer: str | None = None) -> pd.DataFrame:
    """:data:`HISTORY` of ``layer`` (None: the sum over all layers), one row an epoch, ascending.

    sum(COUNTS) + ZEROS = SIZE. ``layers``: :data:`columns.LAYER_COLUMNS` of one run. Epochs whose weights are not all
    finite, the last one of a diverged run, are left out.
    """
    own = layers if layer is None or layers.empty else layers[layers[columns.LAYER] == layer]
    if own.empty:
        return pd.DataFrame({name: [] for name in HISTORY})
    finite = np.isfinite(own[[columns.L1_NORM, columns.L2_NORM]].to_numpy(np.float64)).all(axis=1)
    epochs, place = np.unique(own[columns.EPOCH].to_numpy(np.int64), return_inverse=True)
    counts: NDArray[np.int64] = np.zeros((len(epochs), N_BINS), dtype=np.int64)
    np.add.at(counts, place, np.stack(own[columns.COUNTS].tolist()))
    sums = {name: np.zeros(len(epochs), dtype=np.int64) for name in (columns.SIZE, columns.ZEROS)}
    for name, total in sums.items():
        np.add.at(total, place, own[name].to_numpy(np.int64))
    cells: NDArray[np.object_] = np.empty(len(epochs), dtype=object)
    cells[:] = list(counts)
    whole = np.bincount(place, ~finite, len(epochs)) == 0
    frame = pd.DataFrame({columns.EPOCH: epochs, columns.COUNTS: cells, **sums})
    finite_epochs: pd.DataFrame = frame.loc[whole, list(HISTORY)].reset_index(drop=True)
    return finite_epochs


def norm_history(layers: pd.DataFrame, layer: str | None = None) -> pd.DataFrame:
    """EPOCH and the :data:`FIGURES` of ``layer`` (None: of all layers as one vector) at every epoch, ascending."""
    name, rows = layer or columns.ALL_WEIGHTS, []
    for epoch, own in layers.groupby(columns.EPOCH, sort=True):
        figures = layer_figures(own, int(str(epoch)))
        rows.append(figures[figures[columns.LAYER] == name].assign(**{columns.EPOCH: epoch}))
    return (
        pd.concat(rows, ignore_index=True) if rows else pd.DataFrame({name: [] for name in (columns.EPOCH, *FIGURES)})
    )


def layer_figures(layers: pd.DataFrame, epoch: int) -> pd.DataFrame:
    """:data:`FIGURES` at ``epoch``, one row a layer in network order, then ALL_WEIGHTS, the layers as one vector.

    ‖w‖₁ = Σ‖wₖ‖₁, ‖w‖₂ = √Σ‖wₖ‖₂², shares weighted by size; the gradient ratio √Σ‖∇Pₖ‖² / √Σ‖ḡₖ‖², NaN where it is not
    recorded or 0 / 0. The units of the last layer are the classes and do not count among those of ALL_WEIGHTS. No rows
    where ``layers`` has none of ``epoch``.
    """
    own = layers[layers[columns.EPOCH] == epoch] if not layers.empty else layers
    if own.empty:
        return pd.DataFrame({name: [] for name in FIGURES})
    rows = pd.concat([own, pd.DataFrame([_together(own)])], ignore_index=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = rows[columns.PENALTY_GRAD].to_numpy(np.float64) / rows[columns.DATA_GRAD].to_numpy(np.float64)
    rows[columns.GRADIENT_RATIO] = np.where(np.isfinite(ratio), ratio, np.nan)
    return rows[list(FIGURES)].astype({columns.SIZE: np.int64, columns.ZEROS: np.int64})


def _together(own: pd.DataFrame) -> dict[str, object]:
    size = own[columns.SIZE].sum()
    whole: dict[str, object] = {columns.LAYER: columns.ALL_WEIGHTS, columns.MAX_ABS: own[columns.MAX_ABS].max()}
    whole |= {name: own[name].sum() for name in _SUMS}
    whole |= {name: float(np.sqrt(np.square(own[name].to_numpy(np.float64)).sum())) for name in _SQUARES}
    whole[columns.ZERO_SHARE] = own[columns.ZEROS].sum() / size
    whole[columns.NEAR_ZERO_SHARE] = (own[columns.NEAR_ZERO_SHARE] * own[columns.SIZE]).sum() / size
    return whole | {name: own[name][:-1].sum(skipna=False) for name in (columns.UNITS, columns.ZERO_UNITS)}
