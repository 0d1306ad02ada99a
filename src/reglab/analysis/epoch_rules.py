"""At which epoch a run counts: its last one, its best one, or the best one that its point's repeats have in common."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reglab import columns
from reglab.sweep import EpochRule

Indices = NDArray[np.int64]


def rows_by_rule(
    lanes: pd.DataFrame, epochs: pd.DataFrame, rule: EpochRule, point: Indices, epoch: int | None = None
) -> Indices:
    """The row in ``epochs`` (:data:`reglab.columns.EPOCH_COLUMNS`) at which each lane counts; −1 where there is none.

    Only epochs ≤ ``epoch`` are considered. *last*: the last one. *best*: the one of the lane's lowest validation loss.
    *common*: for the lanes of one ``point`` (a number for each lane), the epoch of their lowest mean validation loss
    among those that all of them reached; lanes that have not begun, or have diverged, do not take part in it. Of equal
    losses the earlier epoch counts, as in training; losses that are not finite never do, unless there are no others.
    """
    if rule == "last":
        return last_rows(lanes, epochs, epoch)
    owner, number = owners(lanes, epochs), epochs[columns.EPOCH].to_numpy(np.int64)
    rows = np.flatnonzero(owner >= 0 if epoch is None else (owner >= 0) & (number <= epoch))
    owner, number, loss = owner[rows], number[rows], epochs[columns.VAL_LOSS].to_numpy(np.float64)[rows]
    if rule == "best":
        return _at(rows, _firsts(owner, number, loss), owner, len(lanes))
    chosen = _common_epochs(lanes, point, owner, number, loss)
    return _at(rows, np.flatnonzero(number == chosen[point[owner]]), owner, len(lanes))


def _common_epochs(lanes: pd.DataFrame, point: Indices, owner: Indices, number: Indices, loss: NDArray) -> Indices:  # type: ignore[type-arg]
    """The common epoch of each point; −1 where no lane of it takes part."""
    diverged = (lanes[columns.STATE] == "diverged").to_numpy(np.bool_)
    takes_part = np.isin(np.arange(len(lanes)), owner) & ~diverged
    needed = np.bincount(point[takes_part], minlength=point.max(initial=-1) + 1)
    kept = takes_part[owner]
    place, epoch = point[owner[kept]], number[kept]
    cells, cell = np.unique(np.stack([place, epoch]), axis=1, return_inverse=True)
    reached = np.bincount(cell) == needed[cells[0]]
    mean = np.bincount(cell, np.where(np.isfinite(loss[kept]), loss[kept], np.inf)) / needed[cells[0]]
    whole = np.flatnonzero(reached)
    first = whole[_firsts(cells[0][whole], cells[1][whole], mean[whole])]
    chosen = np.full(len(needed), -1, dtype=np.int64)
    chosen[cells[0][first]] = cells[1][first]
    return chosen


def _firsts(owner: Indices, number: Indices, loss: NDArray) -> Indices:  # type: ignore[type-arg]
    """The place of each owner's lowest loss, of equal ones that of the lowest number."""
    order = np.lexsort((number, np.where(np.isfinite(loss), loss, np.inf), owner))
    _, first = np.unique(owner[order], return_index=True)
    return order[first]


def _at(rows: Indices, places: Indices, owner: Indices, lanes: int) -> Indices:
    found = np.full(lanes, -1, dtype=np.int64)
    found[owner[places]] = rows[places]
    return found


def last_rows(lanes: pd.DataFrame, frame: pd.DataFrame, epoch: int | None = None) -> Indices:
    """The row in ``frame`` (RUN, EPOCH) of each lane's last epoch ≤ ``epoch``; −1 where there is none."""
    owner = owners(lanes, frame)
    epochs = frame[columns.EPOCH].to_numpy(np.int64)
    rows = np.flatnonzero(owner >= 0 if epoch is None else (owner >= 0) & (epochs <= epoch))
    owner, epochs = owner[rows], epochs[rows]
    order = np.argsort(owner * (epochs.max(initial=0) + 1) + epochs, kind="stable")  # fast: mostly in order already
    last = np.full(len(lanes), -1, dtype=np.int64)
    last[owner[order]] = rows[order]  # of several rows of a lane the last one stays
    return last


def owners(lanes: pd.DataFrame, frame: pd.DataFrame) -> Indices:
    """The lane that each row of ``frame`` belongs to; −1 for none."""
    found: Indices = pd.Index(lanes[columns.RUN]).get_indexer(pd.Index(frame[columns.RUN])).astype(np.int64)
    return found
