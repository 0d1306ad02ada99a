"""The runs of the store as a table. What has ended does not change, so its curve is read once for all visitors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import pandas as pd
import streamlit as st

from reglab import columns
from reglab.analysis import finite, first_highest, table_of_runs, with_curves
from reglab.store import Run, Store

_ALL = 10_000  # epochs: more than any run has
_KEPT = 20_000  # curves


@dataclass(frozen=True)
class Curve:
    """After ``epoch``: validation losses, thinned and finite, and the first epoch of the best validation accuracy."""

    created: datetime
    epoch: int
    losses: list[float]
    best_epoch: int | None


def table_of(store: Store, runs: Sequence[Run]) -> pd.DataFrame:
    """``runs`` as a table with curves; see :mod:`reglab.analysis.runs`."""
    curves = _curves(store, runs)
    losses = {run: curve.losses for run, curve in curves.items()}
    best = {run: curve.best_epoch for run, curve in curves.items() if curve.best_epoch is not None}
    return with_curves(table_of_runs(runs), losses, best)


def _curves(store: Store, runs: Sequence[Run]) -> dict[str, Curve]:
    kept = _kept()
    if len(kept) > _KEPT:
        kept.clear()
    new = [run for run in runs if run.epoch and not _current(kept.get(run.id), run)]
    losses = store.sparklines([run.id for run in new], columns.VAL_LOSS)
    accuracies = store.sparklines([run.id for run in new], columns.VAL_ACC, points=_ALL)
    for run in new:
        kept[run.id] = Curve(run.created, run.epoch, finite(losses[run.id]), first_highest(accuracies[run.id]))
    return {run.id: kept[run.id] for run in runs if run.epoch}


def _current(curve: Curve | None, run: Run) -> bool:
    return curve is not None and (curve.created, curve.epoch) == (run.created, run.epoch)


@st.cache_resource(show_spinner=False)
def _kept() -> dict[str, Curve]:
    return {}
