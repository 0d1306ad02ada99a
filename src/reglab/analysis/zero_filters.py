"""Filters at zero: what a group lasso removes whole."""

from __future__ import annotations

import pandas as pd

from reglab import columns


def zero_filters(layers: pd.DataFrame) -> tuple[int, int] | None:
    """The filters and dense units of a run whose weights are all exactly 0, and how many there are.

    ``layers``: :data:`reglab.columns.LAYER_COLUMNS` of the run; its newest epoch counts. The units of the last
    layer are the classes and do not count. None where the run has no such figures.
    """
    now = layers[layers[columns.EPOCH] == layers[columns.EPOCH].max()][:-1]
    among = now[columns.UNITS].sum(skipna=False)
    return (int(now[columns.ZERO_UNITS].sum()), int(among)) if among > 0 else None
