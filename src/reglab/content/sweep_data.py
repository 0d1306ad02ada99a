"""What follows from a stored sweep for its views: the newest common epoch, layers, exact zeros, calibration."""

from __future__ import annotations

import numpy as np
import pandas as pd

from reglab import columns
from reglab.analysis import layer_curves
from reglab.analysis.calibration import calibration_error, calibration_table
from reglab.content.confirm_text import ConfirmedFigures
from reglab.content.epoch_view import Zeros
from reglab.jobs import Confirmed
from reglab.predictions import ValScores, Which
from reglab.store import Store
from reglab.sweep import Point, SweepSpec


def common_epoch(runs: pd.DataFrame, epochs: pd.DataFrame) -> int:
    """The lowest last epoch of the runs that train and have begun; where none trains, the highest of all."""
    if epochs.empty:
        return 0
    last = epochs.groupby(columns.RUN)[columns.EPOCH].max()
    training = runs.loc[~runs[columns.STATE].isin(["finished", "diverged"]), columns.RUN]
    begun = last[last.index.isin(training)]
    return int(begun.min() if len(begun) else last.max())


def layers_at(store: Store, runs: pd.DataFrame, epochs: pd.DataFrame, epoch: int) -> pd.DataFrame:
    """The layers of each run at its last epoch up to ``epoch``; large, so read only where they are drawn."""
    before = epochs[epochs[columns.EPOCH] <= epoch]
    last = sorted(set(before.groupby(columns.RUN)[columns.EPOCH].max().tolist())) or [0]
    return store.layers(runs[columns.RUN].tolist(), epochs=last)


def has_zeros(spec: SweepSpec) -> bool:
    """Whether L1 acts at any point, so that weights may be exactly 0."""
    return any(point.l1 for point in spec.points)


def zeros_of(runs: pd.DataFrame, layers: pd.DataFrame, epoch: int) -> Zeros:
    """The share of exact zeros among all weights at every point."""
    curves = layer_curves(runs, layers, epoch)
    whole = curves[curves[columns.LAYER] == columns.ALL_WEIGHTS]
    keys = zip(*(whole[name].tolist() for name in columns.point_columns(whole)), strict=True)
    shares = zip(keys, whole[columns.ZERO_SHARE].tolist(), strict=True)
    return {(mode, Point(*numbers)): share for (mode, *numbers), share in shares}


def calibration_of(store: Store, runs: pd.DataFrame) -> pd.DataFrame:
    """The calibration of every point, of the runs that have ended and kept their predictions."""
    scores = store.val_scores(runs[columns.RUN].tolist())
    errors = {run: _calibration_errors(store, run, own) for run, own in scores.items()}
    return calibration_table(runs, errors)


def _calibration_errors(store: Store, run_id: str, scores: ValScores) -> tuple[float, float]:
    """At the last and at the best epoch; NaN where the probabilities are not known."""
    run = store.get(run_id)

    def at(which: Which, epoch: int | None) -> float:
        known = store.probabilities(run_id, which)
        return np.nan if known is None or not epoch else calibration_error(known, scores.correct[epoch - 1])

    return at("last", run.epoch), at("best", run.best_epoch)


def confirmed_figures(found: Confirmed) -> ConfirmedFigures:
    """A confirmation, computed point by point."""
    numbers = range(len(found.points)) if found.seeds else ()
    return ConfirmedFigures(
        found.points,
        found.confirmation.roles,
        tuple(found.figures(number) for number in numbers),
        tuple(found.difference(number) for number in numbers),
        found.openings,
        found.dropped,
        found.confirmation.measure,
        found.train_seeds,
        found.opening,
    )
