"""Curves of runs, or of groups of runs that differ in their seeds alone, over epochs, steps or seconds.

A curve is one figure of every epoch. Of a group it is the mean over its runs at each epoch, with its standard error.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reglab import columns

X, SMOOTHED, ROLE = columns.X, columns.SMOOTHED, columns.ROLE
"""Columns of a curve beside RUN (the run or the group), EPOCH, VALUE, LOW, HIGH and N: the place on the x axis, the
smoothed value, and whether the figure is of the validation or the training images."""

Axis = Literal["epoch", "step", "seconds"]


def penalty_sum(epochs: pd.DataFrame) -> NDArray[np.float64]:
    """The sum of all penalty terms of each epoch, in nats: J − training criterion."""
    names = [columns.L1, columns.L2, *(name for name in epochs if str(name).startswith(columns.PENALTY))]
    return np.asarray(epochs[names].to_numpy(np.float64).sum(axis=1), dtype=np.float64)


def places(epochs: pd.DataFrame, axis: Axis, steps: Mapping[str, int]) -> NDArray[np.float64]:
    """Where each row of ``epochs`` lies: its epoch, the steps done by its end, or the seconds trained by its end.

    ``steps``: run → optimizer steps of an epoch; NaN for runs that are not there. Runs are in one piece each, epochs
    ascending.
    """
    if axis == "epoch":
        return np.asarray(epochs[columns.EPOCH].to_numpy(np.float64))
    if axis == "step":
        each = epochs[columns.RUN].map(steps).to_numpy(np.float64)
        return np.asarray(each * epochs[columns.EPOCH].to_numpy(np.float64))
    seconds = epochs[columns.SECONDS].where(np.isfinite(epochs[columns.SECONDS]), 0.0)
    return np.asarray(seconds.groupby(epochs[columns.RUN], sort=False).cumsum().to_numpy(np.float64))


def curves(
    epochs: pd.DataFrame,
    figures: Mapping[str, NDArray[np.float64]],
    at: NDArray[np.float64],
    groups: Mapping[str, str],
    smoothing: float = 0.0,
) -> pd.DataFrame:
    """RUN, EPOCH, X, VALUE, LOW, HIGH (± one standard error), N, SMOOTHED and ROLE; a row a series, epoch and role.

    ``figures``: role → a value for each row of ``epochs``, whose places are ``at``. ``groups``: run → its series, which
    is the run itself where it stands alone; other runs are left out. What is not finite does not count among the N of
    a group, and is NaN for a run. ``smoothing``: see :func:`smoothed`.
    """
    parts = [_grouped(epochs, values, at, groups).assign(**{ROLE: role}) for role, values in figures.items()]
    found = pd.concat(parts, ignore_index=True)
    by = found[columns.RUN] + "/" + found[ROLE]
    return found.assign(**{SMOOTHED: smoothed(found[columns.VALUE], by, smoothing)})


def _grouped(
    epochs: pd.DataFrame, values: NDArray[np.float64], at: NDArray[np.float64], groups: Mapping[str, str]
) -> pd.DataFrame:
    finite = np.where(np.isfinite(values), values, np.nan)
    series = epochs[columns.RUN].map(groups).astype(object)
    rows = pd.DataFrame({columns.RUN: series, columns.EPOCH: epochs[columns.EPOCH], X: at, columns.VALUE: finite})
    rows = rows[rows[columns.RUN].notna()].reset_index(drop=True)
    order = {name: place for place, name in enumerate(dict.fromkeys(groups.values()))}
    place = rows[columns.RUN].map(order).to_numpy(np.int64)
    found = rows.groupby([place, rows[columns.EPOCH].to_numpy()], sort=True).agg(
        **{
            columns.RUN: (columns.RUN, "first"),
            columns.EPOCH: (columns.EPOCH, "first"),
            X: (X, "mean"),
            columns.VALUE: (columns.VALUE, "mean"),
            "error": (columns.VALUE, "sem"),
            columns.N: (columns.VALUE, "count"),
        }
    )  # fmt: skip
    found = found.reset_index(drop=True)
    error = found.pop("error").to_numpy(np.float64)
    value = found[columns.VALUE].to_numpy(np.float64)
    return found.assign(**{columns.LOW: value - error, columns.HIGH: value + error})


def smoothed(values: pd.Series[float], by: pd.Series[str], factor: float) -> NDArray[np.float64]:
    """s_e = Σ_k f^k v_{e−k} / Σ_k f^k, k from 0 to e − 1: the exponential moving average with factor f, without bias.

    ``by``: the curve of each value; none is mixed with another. 0 ≤ ``factor`` < 1, and 0 leaves the values alone.
    Where a value is NaN its average is, too, and it has no weight in later ones.
    """
    if not factor:
        return np.asarray(values.to_numpy(np.float64))
    averages = values.groupby(by, sort=False).ewm(alpha=1 - factor, adjust=True).mean()
    found = averages.droplevel(0).reindex(values.index).to_numpy(np.float64)
    return np.where(np.isnan(values.to_numpy(np.float64)), np.nan, found)


def gradient_ratios(epochs: pd.DataFrame, gradients: pd.DataFrame) -> NDArray[np.float64]:
    """√Σ‖∇P‖² / √Σ‖ḡ‖² over all layers, for each row of ``epochs``; NaN where not recorded, or 0 / 0.

    ``gradients``: :data:`reglab.columns.GRADIENT_COLUMNS`, in any order.
    """
    by = [columns.RUN, columns.EPOCH]
    squares = gradients[by].assign(
        **{name: np.square(gradients[name].to_numpy(np.float64)) for name in (columns.PENALTY_GRAD, columns.DATA_GRAD)}
    )
    sums = squares.groupby(by, sort=False).sum(min_count=1)
    rows = pd.MultiIndex.from_frame(epochs[by])
    penalty, data = (
        sums[name].reindex(rows).to_numpy(np.float64) for name in (columns.PENALTY_GRAD, columns.DATA_GRAD)
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.sqrt(penalty / data)
    return np.where(np.isfinite(ratio), ratio, np.nan)
