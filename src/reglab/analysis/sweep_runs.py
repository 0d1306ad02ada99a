"""The lanes of a sweep as rows, and their figures at one epoch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reglab import columns
from reglab.analysis.points import Floats, Indices, with_columns
from reglab.sweep import LaneSpec


class SweepRun(Protocol):
    """What the table needs to know of a lane's run; the store's ``Run`` is one."""

    @property
    def id(self) -> str: ...
    @property
    def state(self) -> str: ...


def runs_table(lanes: Sequence[LaneSpec], runs: Sequence[SweepRun]) -> pd.DataFrame:
    """:data:`reglab.columns.LANE_COLUMNS`: a row a lane, in order; the i-th run is that of the i-th lane."""
    pairs = list(zip(lanes, runs, strict=True))
    numbers = [(lane.point.value, lane.point.l1, lane.point.l2) for lane, _ in pairs]
    values = np.array(numbers, dtype=np.float64).reshape(-1, 3)
    return pd.DataFrame({
        columns.RUN: pd.array([run.id for _, run in pairs], dtype="str"),
        **dict(zip((columns.LAMBDA, columns.LAMBDA1, columns.LAMBDA2), values.T, strict=True)),
        columns.APPLY: pd.array([lane.apply for lane, _ in pairs], dtype="str"),
        columns.REPEAT: np.array([lane.repeat for lane, _ in pairs], dtype=np.int64),
        columns.STATE: pd.array([run.state for _, run in pairs], dtype="str"),
    })  # fmt: skip


def at_epoch(lanes: pd.DataFrame, epochs: pd.DataFrame, epoch: int | None = None) -> pd.DataFrame:
    """The figures of each lane at its last epoch ≤ ``epoch`` (``None``: its last), a row a lane, as in ``lanes``.

    ``epochs`` has :data:`reglab.columns.EPOCH_COLUMNS`. Added are EPOCH (0: there is none yet), the METRICS, NaN where
    there is none or it is not finite, and DIVERGED: 1 for a lane that diverged and whose end is reached.
    """
    rows = last_rows(lanes, epochs, epoch)
    figures = figures_at(epochs, rows, columns.METRICS)
    done = np.append(epochs[columns.EPOCH].to_numpy(np.int64), 0)[rows]  # row −1 is none
    added = {columns.EPOCH: done, columns.DIVERGED: ended_diverged(lanes, epochs, rows).astype(np.int64)}
    return with_columns(lanes, {**added, **dict(zip(columns.METRICS, figures.T, strict=True))})


def last_rows(lanes: pd.DataFrame, frame: pd.DataFrame, epoch: int | None = None) -> Indices:
    """The row in ``frame`` (RUN, EPOCH) of each lane's last epoch ≤ ``epoch``; −1 where there is none."""
    owner = owners(lanes, frame)
    epochs = frame[columns.EPOCH].to_numpy(np.int64)
    rows = np.flatnonzero(owner >= 0 if epoch is None else (owner >= 0) & (epochs <= epoch))
    owner, epochs = owner[rows], epochs[rows]
    order = np.argsort(owner * (epochs.max(initial=0) + 1) + epochs, kind="stable")  # quick: it mostly is in order
    last = np.full(len(lanes), -1, dtype=np.int64)
    last[owner[order]] = rows[order]  # of several rows of a lane the last one stays
    return last


def owners(lanes: pd.DataFrame, frame: pd.DataFrame) -> Indices:
    """The lane that each row of ``frame`` belongs to; −1 for none."""
    found: Indices = pd.Index(lanes[columns.RUN]).get_indexer(pd.Index(frame[columns.RUN])).astype(np.int64)
    return found


def figures_at(frame: pd.DataFrame, rows: Indices, names: Sequence[str]) -> Floats:
    """The columns ``names`` at ``rows`` as (rows, names); NaN where the row is −1 or the figure not finite."""
    values = np.full((len(rows), len(names)), np.nan)
    there = rows >= 0
    for place, name in enumerate(names):
        values[there, place] = frame[name].to_numpy(np.float64)[rows[there]]
    values[~np.isfinite(values)] = np.nan
    return values


def ended_diverged(lanes: pd.DataFrame, frame: pd.DataFrame, rows: Indices) -> NDArray[np.bool_]:
    """Which lanes diverged and have ended at ``rows``, the last epoch that ``frame`` has of them."""
    diverged = np.array([state == "diverged" for state in lanes[columns.STATE]], dtype=np.bool_)
    ended: NDArray[np.bool_] = diverged & (rows == last_rows(lanes, frame)) if diverged.any() else diverged
    return ended


def counted(
    lanes: pd.DataFrame, epochs: pd.DataFrame, epoch: int | None, names: Sequence[str]
) -> tuple[Floats, NDArray[np.bool_]]:
    """The figures ``names`` of each lane at its last epoch ≤ ``epoch``, and which lanes have diverged by then.

    A lane counts where its losses are finite and it has not diverged; what does not count has NaN.
    """
    rows = last_rows(lanes, epochs, epoch)
    gone = ended_diverged(lanes, epochs, rows)
    figures = figures_at(epochs, rows, names)
    losses = figures_at(epochs, rows, (columns.TRAIN_LOSS, columns.VAL_LOSS))
    figures[gone | np.isnan(losses).any(axis=1)] = np.nan
    return figures, gone
