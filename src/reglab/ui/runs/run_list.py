"""A page of the table of runs with the curves of its rows; a curve is read once for all visitors until it grows."""

from __future__ import annotations

import math

import pandas as pd

from reglab import columns
from reglab.store import RunCounts, RunFilter, Store
from reglab.store import run_table_columns as t
from reglab.ui.process_wide import process_wide
from reglab.ui.runs.runs_state import RunsState, show

PAGE = 100
"""Rows on a page."""

_KEPT = 20_000  # curves
_Curves = dict[tuple[str, object, int], list[float]]


def page_of_runs(store: Store, state: RunsState, wanted: RunFilter, counts: RunCounts, first: int) -> pd.DataFrame:
    """The rows from number ``first`` on; ``counts`` are of the runs that ``wanted`` admits.

    While runs only train on, the rows of a page stay where they are, so that none moves under the pointer.
    """
    basis = (state.order, wanted, first, counts.moved)
    rows = store.run_rows(state.shown) if basis == state.basis else None
    if rows is None or len(rows) < len(state.shown):
        rows = store.run_table(wanted, state.order, offset=first, limit=PAGE)
        show(state, tuple(rows[t.RUN]), basis)
    return _with_curves(store, rows)


def _with_curves(store: Store, rows: pd.DataFrame) -> pd.DataFrame:
    """``rows`` with the column CURVE: finite validation losses, thinned."""
    kept: _Curves = process_wide("run_curves", dict)
    if len(kept) > _KEPT:
        kept.clear()
    keys = list(zip(rows[t.RUN].tolist(), rows[t.CREATED].tolist(), rows[t.EPOCH].tolist(), strict=True))
    curves = {key: kept.get(key) if key[2] else [] for key in keys}
    new = {run: (run, created, epoch) for (run, created, epoch), curve in curves.items() if curve is None}
    for run, losses in store.sparklines(list(new), columns.VAL_LOSS).items():
        curves[new[run]] = kept[new[run]] = [loss for loss in losses if math.isfinite(loss)]
    return rows.assign(**{t.CURVE: pd.Series([curves[key] for key in keys], index=rows.index, dtype=object)})
