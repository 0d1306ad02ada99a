"""A page of the table of runs with the curves of its rows; a curve is read once for all visitors until it grows."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd

from reglab import columns
from reglab.store import Run, RunCounts, RunFilter, Store, Unreadable
from reglab.store import run_table_columns as t
from reglab.store.run_table import table_of
from reglab.ui.runs.state import RunsState, show
from reglab.ui.shared.services import process_wide

PAGE = 100
"""Rows on a page."""

_KEPT = 20_000  # curves
_Curves = dict[tuple[str, object, int], list[float]]


@dataclass(frozen=True)
class RunPage:
    """A page: its rows, and what else would be on it but cannot be read."""

    rows: pd.DataFrame
    unreadable: list[Unreadable]


def page_of_runs(store: Store, state: RunsState, wanted: RunFilter, counts: RunCounts, first: int) -> RunPage:
    """The page from run number ``first`` on; ``counts`` are of the runs that ``wanted`` admits.

    While runs only train on, the rows of a page stay where they are, so that none moves under the pointer.
    """
    basis = (state.order, wanted, first, counts.moved)
    found = store.every_run_of(state.page) if basis == state.basis else []
    if len(found) < len(state.page) or basis != state.basis:
        state.page = tuple(store.run_ids(wanted, state.order, offset=first, limit=PAGE))
        found = store.every_run_of(state.page)
    rows = table_of(run for run in found if isinstance(run, Run))
    show(state, tuple(rows[t.RUN]), basis)
    return RunPage(_with_curves(store, rows), [run for run in found if isinstance(run, Unreadable)])


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
