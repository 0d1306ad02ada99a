"""Frames of the store and of the analysis, computed once for all sessions."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence

import numpy as np
import pandas as pd

from reglab import columns
from reglab.store import Run, Store
from reglab.ui.shared.memo import Memo


def shared_frame(key: Hashable, make: Callable[[], pd.DataFrame]) -> pd.DataFrame:
    """The frame that ``make`` computes, unless someone has computed it; ``key`` names all that it depends on."""
    return FRAMES.get(key, make)


def epochs_on(store: Store, runs: Sequence[Run], before: pd.DataFrame | None) -> pd.DataFrame:
    """The epochs of ``runs``, as :meth:`Store.epochs` gives them; only those that ``before`` lacks are read.

    Reading thousands of epochs again for the few new ones would cost more than all charts.
    """
    ids = [run.id for run in runs]
    if before is None or before.empty:
        return store.epochs(ids)
    known = before.groupby(columns.RUN)[columns.EPOCH].max()
    last = {run.id: int(known.get(run.id, 0)) for run in runs}
    if any(last[run.id] > run.epoch for run in runs):  # resumed from a checkpoint before its last epoch
        return store.epochs(ids)
    behind = [run.id for run in runs if last[run.id] < run.epoch]
    if not behind:
        return before
    new = store.epochs(behind, since=min(last[run] for run in behind))
    new = new[new[columns.EPOCH].to_numpy() > new[columns.RUN].map(last).to_numpy()]
    whole = pd.concat([before, new], ignore_index=True)
    if len(ids) == 1:
        return whole
    rank = whole[columns.RUN].map({run: number for number, run in enumerate(ids)}).to_numpy()
    return whole.iloc[np.argsort(rank, kind="stable")].reset_index(drop=True)


def frame_bytes(frame: pd.DataFrame) -> int:
    """About how much memory ``frame`` takes, arrays in its cells included."""
    return int(frame.memory_usage().sum()) + _cells(frame)


def _cells(frame: pd.DataFrame) -> int:
    """Bytes of the arrays in cells. Every array of a column is as long as its first one, the bins of a histogram."""
    if frame.empty:
        return 0
    return sum(len(frame) * cell.nbytes for cell in frame.iloc[0] if isinstance(cell, np.ndarray))


FRAMES: Memo[pd.DataFrame] = Memo(most=256 * 2**20, size=frame_bytes)
