"""Results of a sweep as frames, read and judged once for all sessions that watch it; and as a table, and CSV."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from reglab import columns
from reglab.analysis import Chance, RateCheck, SweepJudgement, judge_sweep, runs_table
from reglab.content import sweep_data
from reglab.content.confirm_text import ConfirmedFigures, newest_of
from reglab.content.epoch_view import COLUMNS, EpochView, Zeros
from reglab.content.sweep_data import common_epoch, confirmed_figures
from reglab.content.sweep_table_text import readable
from reglab.exports.csv import csv_bytes
from reglab.jobs import (
    chance_of,
    current_rate_check,
    labels_at_hand,
    overlap_of,
    read_confirmations,
    read_rate_check,
    sweep_remarks,
)
from reglab.predictions import ValScores
from reglab.states import ACTIVE, FINAL
from reglab.store import Sweep
from reglab.ui.shared.memo import Memo, Readings, epochs_on, frame_bytes, shared_frame
from reglab.ui.shared.services import services
from reglab.ui.shared.ticks import opens_page, session_id
from reglab.ui.sweep.query import ViewState


@dataclass(frozen=True)
class Results:
    """``sweep`` as far as its frames go: a row a run, and the epochs of all runs; equal ``version``: equal frames.

    ``common`` is the newest epoch that all runs which have begun have reached: the newest that can be compared.
    ``chance`` is None where neither its record nor the dataset is known. ``overlap`` is the r of the intervals.
    ``remarks`` are on unusual classes. ``environment`` is that of a run that has one. ``confirming`` is a confirmation
    that waits or trains, or was cut off, ``confirmations`` what those that have ended found, newest first.
    ``checking`` is the newest check of the learning rate, in whatever state.
    """

    version: Hashable
    sweep: Sweep
    runs: pd.DataFrame
    epochs: pd.DataFrame
    common: int
    chance: Chance | None
    overlap: float
    remarks: tuple[str, ...]
    environment: Mapping[str, Any]
    confirming: Sweep | None = None
    confirmations: tuple[ConfirmedFigures, ...] = ()
    checking: Sweep | None = None

    @property
    def ids(self) -> list[str]:
        """The runs."""
        ids: list[str] = self.runs[columns.RUN].tolist()
        return ids

    @property
    def ends(self) -> list[int]:
        """The last epoch of every run that has begun."""
        ends: list[int] = self.epochs.groupby(columns.RUN)[columns.EPOCH].max().tolist()
        return ends


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
        table = runs_table(sweep.spec.lanes(), runs)
        epochs = epochs_on(services().store, runs, before.epochs if before else None)
        remarks = tuple(sweep_remarks(sweep.spec, runs))
        common, overlap = common_epoch(table, epochs), overlap_of(sweep.spec, runs)
        environment = next((run.environment for run in runs if run.environment), {})
        return Results(version, sweep, table, epochs, common, chance_of(runs), overlap, remarks, environment)

    found = _READINGS.take((home, sweep.id), session_id(), opens=opens_page(), facts=facts, version=version, read=read)
    known = services().store.confirmations(sweep.id)
    confirming = next((one for one in known if one.state in ACTIVE or one.resumable), None)
    checking = current_rate_check(services().store, sweep)
    found = replace(found, confirming=confirming, confirmations=_confirmed(sweep, known), checking=checking)
    return replace(found, sweep=sweep) if found.version == version else found


_READINGS: Readings[Results] = Readings(most=24)  # a comparison of regularizers reads eight


_JUDGEMENTS: Memo[SweepJudgement] = Memo(
    most=64 * 2**20, size=lambda found: sum(frame_bytes(each.table) for each in found.by_rule.values())
)


_RATE_CHECKS: Memo[RateCheck | None] = Memo(most=1000, size=lambda found: 1)

_CONFIRMED: Memo[tuple[ConfirmedFigures, ...]] = Memo(most=1000, size=len)


def _confirmed(sweep: Sweep, known: Sequence[Sweep]) -> tuple[ConfirmedFigures, ...]:
    """What the ``known`` confirmations found, newest first, read once for all sessions."""
    ended = tuple((one.id, one.state) for one in known if one.state not in ACTIVE)
    if not ended:
        return ()
    openings = len(services().store.openings(sweep.spec.run.data.name))  # those of other sweeps count, too
    key = (services().store.home, sweep.id, sweep.epochs, ended, openings)
    return _CONFIRMED.get(key, lambda: tuple(map(confirmed_figures, read_confirmations(services().store, sweep.id))))


def openings_of(sweep: Sweep) -> tuple[int, int]:
    """How often the test part of ``sweep`` has been opened, by whichever sweep, and how many images it has."""
    known = next((run.environment for run in services().store.sweep_runs(sweep.id) if run.environment), {})
    every = services().store.openings(sweep.spec.run.data.name)
    mine = [one for one in every if one.test_sha256 == known.get("test_sha256")]
    return len(mine), int(known.get("n_test", 0))


def epoch_view(results: Results, view: ViewState) -> EpochView:
    """The sweep at the epoch, under the rule and in the measure of ``view``.

    A sweep that finished before its last epoch stopped early of its own accord: its verdict is final.
    """
    sweep, measure = results.sweep, view.measure
    epoch = min(view.epoch or results.common, results.common)
    newest, ended = epoch == results.common, sweep.state not in ACTIVE
    source = (results.version, epoch, measure)
    judgement = _JUDGEMENTS.get(source, lambda: _judged(results, COLUMNS[measure], None if newest and ended else epoch))
    rule = view.rule or judgement.declared
    return EpochView(
        sweep.spec,
        judgement,
        rule,
        epoch,
        results.common if sweep.state in ("finished", "diverged") else sweep.epochs,
        training=not ended,
        newest=newest,
        measure=measure,
        zeros=_zeros(results, epoch),
        confirmed=newest_of(results.confirmations),
        confirmations=results.confirmations,
        rate_check=_rate_check(results, judgement) if newest and ended else None,
        source=(*source, rule),
    )


def _judged(results: Results, measure: str, epoch: int | None) -> SweepJudgement:
    """The judgement; the bias is corrected once nothing trains any more, since that reads every prediction."""
    how: dict[str, Any] = {"overlap": results.overlap, "measure": measure, "epoch": epoch, "chance": results.chance}
    scores: Mapping[str, ValScores] = services().store.val_scores(results.ids) if epoch is None else {}
    uneven = bool(scores and results.chance and results.chance.uneven)
    how["labels"] = labels_at_hand(results.sweep.spec.run.data.name) if uneven else None
    return judge_sweep(results.sweep.spec, results.runs, results.epochs, scores=scores, **how)


def _rate_check(results: Results, judgement: SweepJudgement) -> RateCheck | None:
    """What the check of the learning rate says of the choice, once it has ended; read once for all sessions."""
    sweep, check = results.sweep, results.checking
    if check is None or check.state not in FINAL:
        return None

    def read() -> RateCheck | None:
        found = read_rate_check(services().store, sweep, judgement)
        return found and found[1]

    return _RATE_CHECKS.get((results.version, check.id, judgement.measure), read)


def calibration_of(results: Results) -> pd.DataFrame:
    """The calibration of every point, read once for all sessions."""
    read = partial(sweep_data.calibration_of, services().store, results.runs)
    return shared_frame(("calibration", results.version), read)


def layers_at(results: Results, epoch: int) -> pd.DataFrame:
    """The layers of each run at its last epoch up to ``epoch``, read once for all sessions."""
    read = partial(sweep_data.layers_at, services().store, results.runs, results.epochs, epoch)
    return shared_frame(("layers", results.version, epoch), read)


def _zeros(results: Results, epoch: int) -> Zeros:
    """The share of exact zeros among all weights at every point, where L1 acts."""
    if not sweep_data.has_zeros(results.sweep.spec):
        return {}
    return sweep_data.zeros_of(results.runs, layers_at(results, epoch), epoch)


_FIGURES = (columns.VAL_ACC, columns.TRAIN_ACC, columns.GAP_ACC, columns.VAL_LOSS, columns.TRAIN_LOSS, columns.GAP_LOSS)
_CSV = (
    *(columns.N, columns.DIVERGED),
    *(name + suffix for name in (*_FIGURES, *columns.MEMORY) for suffix in ("", columns.SE)),
    *(columns.BALANCED_ACC, columns.AT_EPOCH, columns.DIFFERENCE, columns.LOW, columns.HIGH, columns.PAIRS),
    *(columns.BETTER_IN, columns.P_ADJUSTED, columns.BEST, columns.ONE_SE, columns.ONE_SE_PAIRED, columns.REGIME),
)


def csv_of(view: EpochView) -> bytes:
    """The judged table as CSV, with its epoch rule in every row and the bias-corrected figure in that of the best λ.

    Missing values are empty. Settings other than λ are under their dotted keys.
    """
    table, corrected = view.table, view.judgement.corrected if view.declared else None
    best = table[columns.BEST].to_numpy(np.bool_)
    value = np.where(best, corrected.value if corrected else np.nan, np.nan)
    places = (columns.LAMBDA, columns.SECOND) if view.spec.kind == "setting" else (columns.SECOND,)
    names = dict(zip(places, view.spec.over, strict=False))
    own = table[[*columns.point_columns(table), *_CSV]].rename(columns=names)
    return csv_bytes(own.assign(**{"rule": view.rule, "measure": view.measure, "corrected": value}))


def sweep_table(view: EpochView, height: int) -> None:
    """Draw the table."""
    about = "The sweep as a table: one row for each λ, with means, standard errors and differences to λ = 0"
    st.dataframe(readable(view), hide_index=True, height=height, alt=about)
