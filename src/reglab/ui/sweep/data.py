"""Results of a sweep as frames: read and judged once for all sessions that watch it."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace

import pandas as pd

from reglab import columns
from reglab.analysis import Chance, judged_sweep, layer_curves, runs_table
from reglab.jobs import chance_of, data_remarks
from reglab.states import ACTIVE
from reglab.store import Sweep
from reglab.ui.shared.memo import Readings, epochs_on, shared_frame
from reglab.ui.shared.services import services
from reglab.ui.shared.ticks import session_id
from reglab.ui.sweep.query import ViewState
from reglab.ui.sweep.verdict_text import COLUMNS, EpochView, Zeros


@dataclass(frozen=True)
class Results:
    """``sweep`` as far as its frames go: a row a run, and the epochs of all runs; equal ``version``: equal frames.

    ``common`` is the newest epoch that all runs which have begun have reached: the newest that can be compared.
    ``chance`` is None where neither its record nor the dataset is known. ``remarks`` are on unusual classes.
    """

    version: Hashable
    sweep: Sweep
    lanes: pd.DataFrame
    epochs: pd.DataFrame
    common: int
    chance: Chance | None
    remarks: tuple[str, ...]


def results_of(sweep: Sweep) -> Results:
    """Results of ``sweep``, which the caller has just read: of its version, or those that other sessions share."""
    home = services().store.home
    facts = (
        *(sweep.id, sweep.name, sweep.state, sweep.wanted, sweep.error, sweep.deleted, sweep.plan is None),
        *(sweep.has_checkpoint, tuple(sweep.counts.values())),
    )  # shown at once: everything but the progress
    version = (home, facts, sweep.epochs_done, sweep.epoch)

    def read(before: Results | None) -> Results:
        runs = services().store.sweep_runs(sweep.id)
        lanes = runs_table(sweep.spec.lanes(), runs)
        epochs = epochs_on(services().store, runs, before.epochs if before else None)
        remarks = tuple(data_remarks(runs[0]))
        return Results(version, sweep, lanes, epochs, common_epoch(lanes, epochs), chance_of(runs), remarks)

    found = _READINGS.take((home, sweep.id), session_id(), facts=facts, version=version, read=read)
    return replace(found, sweep=sweep) if found.version == version else found


_READINGS: Readings[Results] = Readings(most=8)


def epoch_view(results: Results, view: ViewState) -> EpochView:
    """The sweep at the epoch and in the measure of ``view``.

    A sweep that finished before its last epoch stopped early of its own accord: its verdict is final.
    """
    sweep, measure = results.sweep, view.measure
    epoch = min(view.epoch or results.common, results.common)
    source = (results.version, epoch, measure)
    table = shared_frame(
        ("judged", source),
        lambda: judged_sweep(results.lanes, results.epochs, COLUMNS[measure], epoch, results.chance),
    )
    return EpochView(
        sweep.spec,
        table,
        results.chance,
        epoch,
        results.common if sweep.state in ("finished", "diverged") else sweep.epochs,
        training=sweep.state in ACTIVE,
        newest=epoch == results.common,
        measure=measure,
        zeros=_zeros(results, epoch),
        source=source,
    )


def layers_at(results: Results, epoch: int) -> pd.DataFrame:
    """The layers of each run at its last epoch up to ``epoch``; large, so read only where they are drawn."""

    def read() -> pd.DataFrame:
        before = results.epochs[results.epochs[columns.EPOCH] <= epoch]
        last = sorted(set(before.groupby(columns.RUN)[columns.EPOCH].max().tolist())) or [0]
        return services().store.layers(results.lanes[columns.RUN].tolist(), epochs=last)

    return shared_frame(("layers", results.version, epoch), read)


def common_epoch(lanes: pd.DataFrame, epochs: pd.DataFrame) -> int:
    """The lowest last epoch of the runs that train and have begun; where none trains, the highest of all."""
    if epochs.empty:
        return 0
    last = epochs.groupby(columns.RUN)[columns.EPOCH].max()
    training = lanes.loc[~lanes[columns.STATE].isin(["finished", "diverged"]), columns.RUN]
    begun = last[last.index.isin(training)]
    return int(begun.min() if len(begun) else last.max())


def _zeros(results: Results, epoch: int) -> Zeros:
    """The share of exact zeros among all weights at every point, where L1 acts."""
    if not any(point.l1 for point in results.sweep.spec.points):
        return {}
    curves = layer_curves(results.lanes, layers_at(results, epoch), epoch)
    whole = curves[curves[columns.LAYER] == columns.ALL_WEIGHTS]
    keys = zip(*(whole[name].tolist() for name in (columns.APPLY, columns.LAMBDA1, columns.LAMBDA2)), strict=True)
    return dict(zip(keys, whole[columns.ZERO_SHARE].tolist(), strict=True))
