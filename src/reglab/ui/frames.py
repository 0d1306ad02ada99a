"""Frames of the store and of the analysis, computed once for all sessions."""

from __future__ import annotations

from collections.abc import Callable, Hashable

import numpy as np
import pandas as pd

from reglab.ui.memo import Memo


def shared_frame(key: Hashable, make: Callable[[], pd.DataFrame]) -> pd.DataFrame:
    """The frame that ``make`` computes, unless someone has computed it; ``key`` names all that it depends on."""
    return FRAMES.get(key, make)


def frame_bytes(frame: pd.DataFrame) -> int:
    """About how much memory ``frame`` takes, arrays in its cells included."""
    return int(frame.memory_usage().sum()) + _cells(frame)


def _cells(frame: pd.DataFrame) -> int:
    """Bytes of the arrays in cells. Every array of a column is as long as its first one, the bins of a histogram."""
    if frame.empty:
        return 0
    return sum(len(frame) * cell.nbytes for cell in frame.iloc[0] if isinstance(cell, np.ndarray))


FRAMES: Memo[pd.DataFrame] = Memo(most=256 * 2**20, size=frame_bytes)
