"""What a sweep has come to, as frames: read when it has moved on, judged when the epoch or the measure changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st

from reglab import columns
from reglab.analysis import Chance, judged_path, lanes_table, layer_paths
from reglab.charts.gap import Measure
from reglab.jobs import chance_of, data_remarks
from reglab.store import Sweep
from reglab.ui.live_words import ACTIVE
from reglab.ui.path.moment import Moment
from reglab.ui.path.verdict_words import Zeros
from reglab.ui.services import services

VAL: Mapping[Measure, str] = {"accuracy": columns.VAL_ACC, "loss": columns.VAL_LOSS}


@dataclass(frozen=True)
class Results:
    """Frames of a sweep as ``at`` says it stood: a row a lane, and the epochs of all lanes.

    ``common`` is the newest epoch that all lanes which have begun have reached: what may be compared. ``chance`` is the
    accuracy of guessing; ``None`` where neither its record nor the data set is known. ``remarks`` name unusual classes.
    """

    at: tuple[Any, ...]
    lanes: pd.DataFrame
    epochs: pd.DataFrame
    common: int
    chance: Chance | None
    remarks: tuple[str, ...]


@dataclass(frozen=True)
class Shown:
    """The path at one epoch, judged by one measure."""

    source: tuple[Any, ...]
    moment: Moment
    table: pd.DataFrame


def results_of(sweep: Sweep) -> Results:
    """Read again only when the sweep has moved on: every moment spent here is one in which nothing trains."""
    at = (sweep.id, sweep.epochs_done, sweep.epoch, tuple(sweep.counts.values()))
    kept: Results | None = st.session_state.get("path_results")
    if kept is None or kept.at != at:
        runs = services().store.sweep_runs(sweep.id)
        lanes = lanes_table(sweep.spec.lanes(), runs)
        epochs = services().store.epochs([run.id for run in runs])
        kept = Results(at, lanes, epochs, common_epoch(lanes, epochs), chance_of(runs), tuple(data_remarks(runs[0])))
        st.session_state["path_results"] = kept
    return kept


def shown_at(sweep: Sweep, results: Results, epoch: int | None, measure: Measure) -> Shown:
    """The path at ``epoch``, or at the newest common one."""
    at = min(epoch or results.common, results.common)
    source = (results.at, at, measure)
    kept: Shown | None = st.session_state.get("path_shown")
    if kept is None or kept.source != source:
        table = judged_path(results.lanes, results.epochs, VAL[measure], at, results.chance)
        kept = Shown(source, _moment(sweep, at, results.common), table)
        st.session_state["path_shown"] = kept
    return kept


def layers_at(results: Results, epoch: int) -> pd.DataFrame:
    """The layers of each lane at its last epoch up to ``epoch``; large, so only for those who draw them."""
    source = (results.at, epoch)
    kept: tuple[tuple[Any, ...], pd.DataFrame] | None = st.session_state.get("path_layers")
    if kept is None or kept[0] != source:
        before = results.epochs[results.epochs[columns.EPOCH] <= epoch]
        last = sorted(set(before.groupby(columns.RUN)[columns.EPOCH].max().tolist())) or [0]
        kept = (source, services().store.layers(results.lanes[columns.RUN].tolist(), epochs=last))
        st.session_state["path_layers"] = kept
    return kept[1]


def zeros_at(sweep: Sweep, results: Results, epoch: int) -> Zeros:
    """The share of exact zeros among all weights at every point; only where L1 may make some."""
    if not any(point.l1 for point in sweep.spec.points):
        return {}
    whole = layer_paths(results.lanes, layers_at(results, epoch), epoch)
    whole = whole[whole[columns.LAYER] == columns.ALL_KERNELS]
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


def _moment(sweep: Sweep, epoch: int, newest: int) -> Moment:
    """A sweep that finished before its last epoch stopped early of its own accord: nothing is missing."""
    over = sweep.state in ("finished", "diverged")
    return Moment(epoch, newest if over else sweep.epochs, sweep.state in ACTIVE, epoch == newest)
