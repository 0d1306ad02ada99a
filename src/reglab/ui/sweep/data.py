"""Results of a sweep as frames, read and judged once for all sessions that watch it; and as a table, and CSV."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from reglab import columns
from reglab.analysis import Chance, RateCheck, SweepJudgement, judge_sweep, layer_curves, runs_table
from reglab.analysis.calibration import calibration_error, calibration_table
from reglab.charts.lambda_axis import lambda_text
from reglab.exports.csv import csv_bytes
from reglab.jobs import (
    Confirmed,
    chance_of,
    current_rate_check,
    data_remarks,
    labels_at_hand,
    overlap_of,
    read_confirmations,
    read_rate_check,
)
from reglab.number_format import NONE, PERCENT, fixed, percent
from reglab.predictions import ValScores, Which
from reglab.states import ACTIVE, FINAL
from reglab.store import Sweep
from reglab.sweep import Point
from reglab.ui.shared.memo import Memo, Readings, epochs_on, frame_bytes, shared_frame
from reglab.ui.shared.services import services
from reglab.ui.shared.ticks import opens_page, session_id
from reglab.ui.sweep.confirm_text import ConfirmedFigures, newest_of
from reglab.ui.sweep.epoch_view import COLUMNS, EpochView, Zeros
from reglab.ui.sweep.query import ViewState
from reglab.ui.sweep.verdict_lines import p_text


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
        remarks = tuple(data_remarks(runs[0]))
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
    return _CONFIRMED.get(key, lambda: tuple(map(_figures_of, read_confirmations(services().store, sweep.id))))


def _figures_of(found: Confirmed) -> ConfirmedFigures:
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
    """The calibration of every point, of the runs that have ended and kept their predictions."""

    def read() -> pd.DataFrame:
        store = services().store
        scores = store.val_scores(results.ids)
        errors = {run: _calibration_errors(run, own) for run, own in scores.items()}
        return calibration_table(results.runs, errors)

    return shared_frame(("calibration", results.version), read)


def _calibration_errors(run_id: str, scores: ValScores) -> tuple[float, float]:
    """At the last and at the best epoch; NaN where the probabilities are not known."""
    run, store = services().store.get(run_id), services().store

    def at(which: Which, epoch: int | None) -> float:
        known = store.probabilities(run_id, which)
        return np.nan if known is None or not epoch else calibration_error(known, scores.correct[epoch - 1])

    return at("last", run.epoch), at("best", run.best_epoch)


def layers_at(results: Results, epoch: int) -> pd.DataFrame:
    """The layers of each run at its last epoch up to ``epoch``; large, so read only where they are drawn."""

    def read() -> pd.DataFrame:
        before = results.epochs[results.epochs[columns.EPOCH] <= epoch]
        last = sorted(set(before.groupby(columns.RUN)[columns.EPOCH].max().tolist())) or [0]
        return services().store.layers(results.runs[columns.RUN].tolist(), epochs=last)

    return shared_frame(("layers", results.version, epoch), read)


def common_epoch(runs: pd.DataFrame, epochs: pd.DataFrame) -> int:
    """The lowest last epoch of the runs that train and have begun; where none trains, the highest of all."""
    if epochs.empty:
        return 0
    last = epochs.groupby(columns.RUN)[columns.EPOCH].max()
    training = runs.loc[~runs[columns.STATE].isin(["finished", "diverged"]), columns.RUN]
    begun = last[last.index.isin(training)]
    return int(begun.min() if len(begun) else last.max())


def _zeros(results: Results, epoch: int) -> Zeros:
    """The share of exact zeros among all weights at every point, where L1 acts."""
    if not any(point.l1 for point in results.sweep.spec.points):
        return {}
    curves = layer_curves(results.runs, layers_at(results, epoch), epoch)
    whole = curves[curves[columns.LAYER] == columns.ALL_WEIGHTS]
    keys = zip(*(whole[name].tolist() for name in columns.point_columns(whole)), strict=True)
    shares = zip(keys, whole[columns.ZERO_SHARE].tolist(), strict=True)
    return {(mode, Point(*numbers)): share for (mode, *numbers), share in shares}


_FIGURES = (columns.VAL_ACC, columns.TRAIN_ACC, columns.GAP_ACC, columns.VAL_LOSS, columns.TRAIN_LOSS, columns.GAP_LOSS)
_CSV = (
    *(columns.N, columns.DIVERGED),
    *(name + suffix for name in (*_FIGURES, *columns.MEMORY) for suffix in ("", columns.SE)),
    *(columns.BALANCED_ACC, columns.AT_EPOCH, columns.DIFFERENCE, columns.LOW, columns.HIGH, columns.PAIRS),
    *(columns.BETTER_IN, columns.P_ADJUSTED, columns.BEST, columns.ONE_SE, columns.ONE_SE_PAIRED, columns.REGIME),
)
_REGIMES = {"fits": "well regularised"}  # as the page writes them, where that differs from the column


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


def readable(view: EpochView) -> pd.DataFrame:
    """The axes, mean ± standard error, difference to λ = 0 and its test, choice and regime; the measure shown first.

    The table of a rule that is not declared has no test.
    """
    spec, table, accuracy = view.spec, view.table, view.measure == "accuracy"
    shown: dict[str, Sequence[str]] = {}
    if len(spec.applies) > 1:
        shown["Penalty mode"] = table[columns.APPLY].tolist()
    names = (columns.LAMBDA1, columns.LAMBDA2) if spec.kind == "grid" else (columns.LAMBDA, columns.SECOND)
    for axis, name in zip(spec.axes, names, strict=False):
        shown[axis.title] = [lambda_text(value) for value in table[name]]
    means = {
        "Validation accuracy": _means(table, columns.VAL_ACC, percent=True),
        "Training accuracy": _means(table, columns.TRAIN_ACC, percent=True),
        "Validation loss": _means(table, columns.VAL_LOSS, percent=False),
        "Training loss": _means(table, columns.TRAIN_LOSS, percent=False),
    }
    first = "Validation accuracy" if accuracy else "Validation loss"
    shown[first] = means.pop(first)
    zero = "λ" if spec.axes[0].setting.is_lambda else spec.symbol
    shown[f"Against {zero} = 0" + (", points" if accuracy else "")] = _differences(table, percent=accuracy)
    if view.declared and spec.repeats > 1:
        shown["Adjusted p"] = [NONE if np.isnan(p) else p_text(p) for p in table[columns.P_ADJUSTED].tolist()]
        shown["Better in"] = _better_in(table)
    choices = zip(table[columns.BEST].tolist(), table[columns.ONE_SE].tolist(), strict=True)
    shown["Choice"] = [", ".join(["best"] * best + ["1-SE"] * one_se) for best, one_se in choices]
    shown["Regime"] = [_REGIMES.get(regime, regime) for regime in table[columns.REGIME].fillna("").tolist()]
    shown |= means
    if table[columns.BALANCED_ACC].notna().any():
        shown["Balanced accuracy"] = [percent(share) for share in table[columns.BALANCED_ACC].tolist()]
    if spec.repeats > 1:
        counts = zip(table[columns.N].tolist(), table[columns.DIVERGED].tolist(), strict=True)
        shown[f"{spec.repeated_over}s".capitalize()] = [
            f"{n}" + (f", {diverged} diverged" if diverged else "") for n, diverged in counts
        ]
    return pd.DataFrame(shown)


def _means(table: pd.DataFrame, name: str, *, percent: bool) -> list[str]:
    scale, digits, unit = (100, 1, PERCENT) if percent else (1, 3, "")
    texts = []
    for mean, error in zip(
        *(scale * table[key].to_numpy(np.float64) for key in (name, name + columns.SE)), strict=True
    ):
        margin = f" ± {fixed(error, digits)}" if np.isfinite(error) else ""
        texts.append(f"{fixed(mean, digits)}{margin}{unit}" if np.isfinite(mean) else NONE)
    return texts


def _better_in(table: pd.DataFrame) -> list[str]:
    """For example "5 of 6"."""
    names = (columns.LAMBDA, columns.BETTER_IN, columns.PAIRS)
    rows = zip(*(table[name].tolist() for name in names), strict=True)
    return [f"{better:.0f} of {pairs:.0f}" if value and pairs else NONE for value, better, pairs in rows]


def _differences(table: pd.DataFrame, *, percent: bool) -> list[str]:
    scale, digits = (100, 1) if percent else (1, 3)
    names = (columns.DIFFERENCE, columns.LOW, columns.HIGH)
    texts = []
    for difference, low, high in zip(*(scale * table[name].to_numpy(np.float64) for name in names), strict=True):
        interval = f" [{fixed(low, digits)}, {fixed(high, digits)}]" if np.isfinite(low) else ""
        texts.append(fixed(difference, digits, sign=True) + interval if np.isfinite(difference) else NONE)
    return [NONE if value == 0 else text for value, text in zip(table[columns.LAMBDA], texts, strict=True)]
