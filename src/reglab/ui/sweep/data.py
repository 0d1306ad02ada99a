"""What a sweep has come to, as frames: read and judged once for all sessions that watch it."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace

import pandas as pd

from reglab import columns
from reglab.analysis import Chance, judged_sweep, layer_curves, runs_table
from reglab.charts.gap import Measure
from reglab.jobs import chance_of, data_remarks
from reglab.store import Sweep
from reglab.ui.shared.memo import Readings, epochs_on, shared_frame
from reglab.ui.shared.services import services
from reglab.ui.shared.tables import ACTIVE
from reglab.ui.shared.ticks import session_id
from reglab.ui.sweep.epoch_view import EpochView
from reglab.ui.sweep.verdict_text import Zeros

VAL: Mapping[Measure, str] = {"accuracy": columns.VAL_ACC, "loss": columns.VAL_LOSS}


@dataclass(frozen=True)
class Results:
    """``sweep`` as far as the frames go: a row a lane, and the epochs of all lanes; ``version`` says how far that is.

    ``common`` is the newest epoch that all lanes which have begun have reached: what may be compared. ``chance`` is the
    accuracy of guessing; ``None`` where neither its record nor the data set is known. ``remarks`` name unusual classes.
    """

    version: Hashable
    sweep: Sweep
    lanes: pd.DataFrame
    epochs: pd.DataFrame
    common: int
    chance: Chance | None
    remarks: tuple[str, ...]


@dataclass(frozen=True)
class Shown:
    """The path at one epoch, judged by one measure; equal ``source`` means an equal table."""

    source: Hashable
    moment: EpochView
    table: pd.DataFrame


def results_of(sweep: Sweep) -> Results:
    """Results of ``sweep``, which the caller has just read: of its version, or those that other sessions share."""
    home, facts = services().store.home, _facts(sweep)
    version = (home, facts, sweep.epochs_done, sweep.epoch)
    found = _READINGS.take(
        (home, sweep.id), session_id(), facts=facts, version=version, read=lambda before: _read(sweep, version, before)
    )  # fmt: skip
    return replace(found, sweep=sweep) if found.version == version else found


def _facts(sweep: Sweep) -> Hashable:
    """What is shown at once: all but how far the training is."""
    return (
        sweep.id, sweep.name, sweep.state, sweep.wanted, sweep.error, sweep.deleted, sweep.plan is None,
        sweep.has_checkpoint, tuple(sweep.counts.values()),
    )  # fmt: skip


def _read(sweep: Sweep, version: Hashable, before: Results | None) -> Results:
    runs = services().store.sweep_runs(sweep.id)
    lanes = runs_table(sweep.spec.lanes(), runs)
    epochs = epochs_on(services().store, runs, before.epochs if before else None)
    common = common_epoch(lanes, epochs)
    return Results(version, sweep, lanes, epochs, common, chance_of(runs), tuple(data_remarks(runs[0])))


_READINGS: Readings[Results] = Readings(most=8)


def shown_at(results: Results, epoch: int | None, measure: Measure) -> Shown:
    """The path at ``epoch``, or at the newest common one."""
    at = min(epoch or results.common, results.common)
    source = (results.version, at, measure)
    table = shared_frame(("judged", source), lambda: judged_sweep(
        results.lanes, results.epochs, VAL[measure], at, results.chance
    ))  # fmt: skip
    return Shown(source, _moment(results.sweep, at, results.common), table)


def layers_at(results: Results, epoch: int) -> pd.DataFrame:
    """The layers of each lane at its last epoch up to ``epoch``; large, so only for those who draw them."""

    def read() -> pd.DataFrame:
        before = results.epochs[results.epochs[columns.EPOCH] <= epoch]
        last = sorted(set(before.groupby(columns.RUN)[columns.EPOCH].max().tolist())) or [0]
        return services().store.layers(results.lanes[columns.RUN].tolist(), epochs=last)

    return shared_frame(("layers", results.version, epoch), read)


def zeros_at(sweep: Sweep, results: Results, epoch: int) -> Zeros:
    """The share of exact zeros among all weights at every point; only where L1 may make some."""
    if not any(point.l1 for point in sweep.spec.points):
        return {}
    whole = layer_curves(results.lanes, layers_at(results, epoch), epoch)
    whole = whole[whole[columns.LAYER] == columns.ALL_WEIGHTS]
    names = (columns.APPLY, columns.LAMBDA1, columns.LAMBDA2, columns.ZERO_SHARE)
    return {
        (apply, l1, l2): share for apply, l1, l2, share in zip(*(whole[name].tolist() for name in names), strict=True)
    }


def common_epoch(lanes: pd.DataFrame, epochs: pd.DataFrame) -> int:
    """The lowest last epoch of the lanes that train and have begun; where none trains, the highest of all."""
    if epochs.empty:
        return 0
    last = epochs.groupby(columns.RUN)[columns.EPOCH].max()
    training = lanes.loc[~lanes[columns.STATE].isin(["finished", "diverged"]), columns.RUN]
    begun = last[last.index.isin(training)]
    return int(begun.min() if len(begun) else last.max())


def _moment(sweep: Sweep, epoch: int, newest: int) -> EpochView:
    """A sweep that finished before its last epoch stopped early of its own accord: nothing is missing."""
    over = sweep.state in ("finished", "diverged")
    return EpochView(epoch, newest if over else sweep.epochs, sweep.state in ACTIVE, epoch == newest)
