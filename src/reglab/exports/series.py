"""The figures of a run, epoch by epoch, as series for trackers: the numbers that the pages show.

They are the columns of :mod:`reglab.columns` without the ones that the run does not have, the norms of each weight
tensor and of all together, and the penalty-to-data gradient ratio.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reglab import columns
from reglab.analysis.weight_history import layer_figures
from reglab.store import Run, Store

WEIGHTS = "weights"
"""Group of the figures of all weights as one vector."""

_GROUPS = {
    "loss": (columns.TRAIN_LOSS, columns.VAL_LOSS, columns.RUNNING_LOSS, columns.CRITERION, columns.TOTAL),
    "accuracy": (columns.TRAIN_ACC, columns.VAL_ACC, *columns.MEMORY),
    "gap": (columns.GAP_LOSS, columns.GAP_ACC),
    "penalty": (columns.L1, columns.L2),
    "training": (columns.LR, columns.SECONDS),
}
_NORMS = (columns.L1_NORM, columns.L2_NORM, columns.MAX_ABS, columns.ZERO_SHARE, columns.NEAR_ZERO_SHARE)
_FIGURES = (*_NORMS, columns.GRADIENT_RATIO, columns.UNITS, columns.ZERO_UNITS)


@dataclass(frozen=True, eq=False)
class Series:
    """``values`` (n,) float64 at ``epochs`` (n,) int64, ascending; ``group`` sorts it: "loss", or "weights/fc1"."""

    group: str
    name: str
    epochs: NDArray[np.int64]
    values: NDArray[np.float64]

    @property
    def tag(self) -> str:
        """Its full name, e.g. "loss/val_loss", "weights/conv1.weight/l2_norm"."""
        return f"{self.group}/{self.name}"


def run_series(store: Store, run: Run, layers: pd.DataFrame) -> list[Series]:
    """Every series of ``run``, whose :data:`columns.LAYER_COLUMNS` of all epochs are ``layers``."""
    return [*_epoch_series(store.epochs([run.id])), *_layer_series(layers)]


def seconds_until(store: Store, run: Run) -> NDArray[np.float64]:
    """Seconds of training by the end of each epoch, from epoch 0 on: when a tracker shows it, after the start."""
    seconds = store.epochs([run.id])[columns.SECONDS].to_numpy(np.float64)
    return np.concatenate([[0.0], np.cumsum(np.nan_to_num(seconds))])


def _epoch_series(frame: pd.DataFrame) -> list[Series]:
    terms = [name for name in frame if str(name).startswith(columns.PENALTY)]
    groups = {**_GROUPS, "penalty": (*_GROUPS["penalty"], *terms)}
    epochs = frame[columns.EPOCH].to_numpy(np.int64)
    found = [
        Series(group, str(name), epochs, frame[name].to_numpy(np.float64))
        for group, names in groups.items()
        for name in names
    ]
    return [one for one in found if one.name not in columns.SOMETIMES or np.isfinite(one.values).any()]


def _layer_series(layers: pd.DataFrame) -> list[Series]:
    """Figures that are recorded at none of the epochs are left out."""
    if layers.empty:
        return []
    every = [
        layer_figures(own, int(str(epoch))).assign(**{columns.EPOCH: int(str(epoch))})
        for epoch, own in layers.groupby(columns.EPOCH, sort=True)
    ]
    table = pd.concat(every, ignore_index=True)
    found = []
    for layer, own in table.groupby(columns.LAYER, sort=False):
        group = WEIGHTS if layer == columns.ALL_WEIGHTS else f"{WEIGHTS}/{layer}"
        epochs = own[columns.EPOCH].to_numpy(np.int64)
        found += [Series(group, name, epochs, own[name].to_numpy(np.float64)) for name in _FIGURES]
    return [_known(one) for one in found if not np.isnan(one.values).all()]


def _known(series: Series) -> Series:
    """Gradients are means over an epoch: epoch 0 has none."""
    keep = (series.epochs > 0) | (series.name != columns.GRADIENT_RATIO)
    return Series(series.group, series.name, series.epochs[keep], series.values[keep])
