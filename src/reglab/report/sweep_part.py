"""A sweep as a part of a report: the page's own verdict, its table and charts, and every condition."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from reglab import columns
from reglab.analysis import RateCheck, SweepJudgement, runs_table
from reglab.charts.sweep_losses import Role
from reglab.content import sweep_charts, sweep_data
from reglab.content.confirm_text import newest_of, table_rows, title_text
from reglab.content.epoch_view import EpochView
from reglab.content.methods_text import methods_text
from reglab.content.run_text import count_of, data_text, model_label
from reglab.content.sweep_table_text import readable
from reglab.content.verdict_details import details_text
from reglab.content.verdict_help import EPOCH_RULES
from reglab.content.verdict_text import verdict_text
from reglab.jobs import (
    chance_of,
    current_rate_check,
    ended_text,
    judge_stored,
    read_confirmations,
    read_rate_check,
    sweep_remarks,
)
from reglab.number_format import exact
from reglab.report.charts import TALL, chart
from reglab.report.document import Chart, Part, Sentence, Table
from reglab.report.origin import environment_table, seed_table, settings_table
from reglab.report.reproduce import sweep_steps
from reglab.settings import Settings
from reglab.states import FINAL
from reglab.store import Run, Store, Sweep
from reglab.sweep import SweepSpec
from reglab.sweep_values import values_text


@dataclass(frozen=True)
class SweepReading:
    """An ended ``sweep`` of ``store``, judged as it declares; frames are read once."""

    store: Store
    sweep: Sweep

    @cached_property
    def runs(self) -> list[Run]:
        return self.store.sweep_runs(self.sweep.id)

    @cached_property
    def lanes(self) -> pd.DataFrame:
        """A row a run."""
        return runs_table(self.sweep.spec.lanes(), self.runs)

    @cached_property
    def epochs(self) -> pd.DataFrame:
        return self.store.epochs([run.id for run in self.runs])

    @cached_property
    def layers(self) -> pd.DataFrame:
        """The layers of each run at its last epoch."""
        return sweep_data.layers_at(self.store, self.lanes, self.epochs, self.common)

    @cached_property
    def common(self) -> int:
        """The newest epoch that can be compared."""
        return sweep_data.common_epoch(self.lanes, self.epochs)

    @cached_property
    def judgement(self) -> SweepJudgement:
        return judge_stored(self.store, self.sweep)

    @cached_property
    def environment(self) -> Mapping[str, Any]:
        """The record of one run: image counts, versions, threads."""
        return next((run.environment for run in self.runs if run.environment), {})

    @cached_property
    def view(self) -> EpochView:
        """The sweep at its newest common epoch, under its declared rule and measure, as its page shows it."""
        sweep, common = self.sweep, self.common
        confirmations = tuple(map(sweep_data.confirmed_figures, read_confirmations(self.store, sweep.id)))
        zeros = sweep_data.zeros_of(self.lanes, self.layers, common) if sweep_data.has_zeros(sweep.spec) else {}
        return EpochView(
            sweep.spec,
            self.judgement,
            self.judgement.declared,
            common,
            common if sweep.state in FINAL else sweep.epochs,
            measure=sweep.spec.measure,
            zeros=zeros,
            confirmed=newest_of(confirmations),
            confirmations=confirmations,
            rate_check=self._rate_check(),
        )

    def _rate_check(self) -> RateCheck | None:
        check = current_rate_check(self.store, self.sweep)
        if check is None or check.state not in FINAL:
            return None
        found = read_rate_check(self.store, self.sweep, self.judgement)
        return found and found[1]


def sweep_part(store: Store, settings: Settings, sweep: Sweep) -> Part:
    """The part of an ended ``sweep``."""
    reading = SweepReading(store, sweep)
    view, spec = reading.view, sweep.spec
    return Part(
        id=sweep.id,
        title=sweep.name,
        state=sweep.label,
        facts=_facts(reading),
        remarks=_remarks(reading),
        verdict=tuple(Sentence(line.text, line.help) for line in verdict_text(view)),
        details=tuple(details_text(view)),
        conditions=_conditions(reading),
        figures=(_table(view), *_confirmations(view)),
        charts=tuple(_charts(reading)),
        legend=(),
        methods=methods_text(view, reading.environment) if reading.environment and view.shown.best else "",
        settings=_settings(spec),
        origin=(seed_table(reading.runs, "Runs and seeds"), environment_table(reading.runs)),
        reproduce=sweep_steps(store, settings, reading.runs, spec, view.shown.best),
    )


def _facts(reading: SweepReading) -> str:
    """Data, CNN and size in one line, with the epochs at which runs stopped early."""
    sweep, spec = reading.sweep, reading.sweep.spec
    ends = [run.epoch for run in reading.runs]
    early = f"ended at {ended_text(sweep, ends)}" if spec.run.train.patience else ""
    size = f"{count_of(len(spec.points), 'point')} × {count_of(spec.repeats, spec.repeated_over)}"
    size += f" × {count_of(len(spec.applies), 'penalty mode')}" if len(spec.applies) > 1 else ""
    images = reading.environment.get("n_train") or spec.run.data.train_size
    parts = (data_text(spec.run, images), model_label(spec.run.model.name), size, f"{sweep.epochs} epochs", early)
    return " · ".join(filter(None, parts))


def _remarks(reading: SweepReading) -> tuple[str, ...]:
    sweep = reading.sweep
    deleted = "This sweep is deleted." if sweep.deleted else ""
    return tuple(
        filter(
            None, (sweep.error or "", deleted, reading.store.missing(sweep), *sweep_remarks(sweep.spec, reading.runs))
        )
    )


def _conditions(reading: SweepReading) -> tuple[str, ...]:
    """What every figure of the part rests on."""
    view, spec, known = reading.view, reading.sweep.spec, reading.environment
    top = "highest" if view.measure == "accuracy" else "lowest"
    images = f"{known['n_val']:,} validation images" if known.get("n_val") else "the validation images"
    chance = chance_of(reading.runs)
    sentences = [
        f"Epoch: {EPOCH_RULES[view.rule]} (rule “{view.rule}”, declared before training); epoch {view.epoch} of "
        f"{view.epochs} is the newest that all runs have.",
        f"Set: {images} unless a figure says otherwise; losses are without the penalty, in eval mode. The test part is "
        "opened by a confirmation alone.",
        f"Repeats: {count_of(spec.repeats, spec.repeated_over)}; ± is one standard error of the mean over them.",
        f"Rule of choice: the λ of the {top} mean validation {view.measure}, λ at chance or with diverged runs left "
        "out.",
    ]
    return (*sentences, f"Chance: {chance.text}.") if chance else tuple(sentences)


def _table(view: EpochView) -> Table:
    shown = readable(view)
    rule = f"Mean ± standard error under the rule “{view.rule}”"
    return Table(rule, tuple(map(str, shown.columns)), tuple(map(tuple, shown.astype(str).to_numpy().tolist())))


def _confirmations(view: EpochView) -> list[Table]:
    """A table for each confirmation with figures, newest first."""
    head = ("Confirmed", "Why", "Validation accuracy", "Test accuracy, 95 % Wilson interval")
    found = [one for one in view.confirmations if one.figures]
    return [
        Table(f"Confirmation: {title_text(one, view.spec.epoch_rule)}", head, tuple(table_rows(view.spec, one)))
        for one in found
    ]


def _charts(reading: SweepReading) -> list[Chart]:
    """The charts of the sweep's page that apply, each with its condition."""
    view, spec, planned = reading.view, reading.sweep.spec, reading.sweep.epochs
    lanes, epochs, over = reading.lanes, reading.epochs, count_of(spec.repeats, spec.repeated_over)
    counted = f"{over}; {EPOCH_RULES[view.rule]}"
    every = f"Every epoch; mean over {over}; without the penalty, in eval mode."

    def made(name: str, figure: Any, condition: str, **look: int) -> Chart:
        return chart(f"{reading.sweep.id}-{name}", figure, condition, **look)

    main = f"Validation images; mean ± one standard error over {counted}."
    found = [made("curve", sweep_charts.main_chart(view), main, height=TALL)]
    if not spec.is_map:
        about = f"Training against validation images, in eval mode, without the penalty; mean over {counted}."
        found.append(made("gap", sweep_charts.gap_chart(view), about))
    roles: tuple[Role, ...] = ("val", "train")
    found += [made(role, sweep_charts.losses_chart(view, lanes, epochs, planned, role), every) for role in roles]
    if spec.is_map:
        return found
    if planned > 1:
        marks = " The marks are the best λ under each epoch rule."
        found.append(made("epochs", sweep_charts.epochs_chart(view, lanes, epochs, planned), every + marks))
    at = f"Every run at its last epoch up to {view.epoch}; {over}."
    found.append(made("weights", sweep_charts.weights_chart(view, lanes, reading.layers, None), at))
    found.append(made("norms", sweep_charts.norms_chart(view, lanes, reading.layers, "norm"), at))
    if sweep_data.has_zeros(spec):
        found.append(made("zeros", sweep_charts.norms_chart(view, lanes, reading.layers, "zeros"), at))
    calibration = sweep_data.calibration_of(reading.store, lanes)
    if calibration[columns.N].any():
        about = f"Validation images; expected calibration error, 15 bins, at the last and at the best epoch; {over}."
        found.append(made("calibration", sweep_charts.calibration_chart(view, calibration, ended=True), about))
    if spec.run.data.has_label_noise:
        about = f"Training images, right and wrong labels apart; mean ± one standard error over {counted}."
        found.append(made("memory", sweep_charts.memorised_chart(view), about))
    return found


def _settings(spec: SweepSpec) -> tuple[Table, ...]:
    """The swept values, and the settings that every run shares."""
    swept = [(axis.key, values_text(axis.values)) for axis in spec.axes]
    modes = [("penalty.apply", ", ".join(spec.applies))] if len(spec.applies) > 1 else []
    ratio = [("L1 ratio", exact(spec.l1_ratio))] if spec.l1_ratio is not None else []
    own = [(f"{spec.repeated_over}s", str(spec.repeats)), ("epoch rule", spec.epoch_rule), ("measure", spec.measure)]
    head = ("Setting", "Value")
    changing = {key for key, _ in [*swept, *modes]} | (
        {"penalty.l1", "penalty.l2"} if spec.kind == "elastic" else set()
    )
    return (
        Table("Swept and declared", head, (*swept, *modes, *ratio, *own)),
        settings_table("Every run", {key: value for key, value in spec.run.flat().items() if key not in changing}),
    )
