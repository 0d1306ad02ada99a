"""The runs of a report that are no sweep: their stories, figures, curves, differences and origin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from reglab import columns
from reglab.analysis.run_differences import RunDifferences
from reglab.charts import (
    RunStyle,
    accuracy_chart,
    gap_chart,
    gradient_share_chart,
    loss_chart,
    loss_split_chart,
    style_runs,
    weights_chart,
)
from reglab.charts.base import MOST_NAMED
from reglab.content.difference_text import with_change
from reglab.content.run_text import common_facts, equal_ratios_are_rest, facts, identity_of, labels, learnt_nothing
from reglab.content.several_runs import story_of_several
from reglab.content.story import LABELS, headline, story, without_penalty
from reglab.jobs import data_remarks, machine_remark
from reglab.jobs.run_comparing import AT_BEST, caveats, compare_runs
from reglab.report.charts import TALL, chart, without_legend
from reglab.report.document import Chart, Part, Sentence, Table
from reglab.report.origin import environment_table, seed_table, settings_table, value_text
from reglab.report.page import unmarked
from reglab.report.reproduce import run_steps
from reglab.settings import Settings
from reglab.store import Run, Store

COMPARED = ("val_acc", "val_loss", "gap_loss", AT_BEST + "val_acc", AT_BEST + "val_loss")
"""Figures of the table of differences."""

MOST_SETTINGS = 6
"""Settings beside each other in a table: more would be wider than a sheet of paper."""

_HEADS: Mapping[str, str] = {
    "val_acc": "Val. accuracy",
    "val_loss": "Val. loss",
    "gap_loss": "Gap in loss",
    AT_BEST + "val_acc": "Val. accuracy, best epoch",
    AT_BEST + "val_loss": "Val. loss, best epoch",
}


@dataclass(frozen=True)
class RunsReading:
    """Ended ``runs`` of ``store``; frames are read once."""

    store: Store
    runs: tuple[Run, ...]

    @cached_property
    def ids(self) -> list[str]:
        return [run.id for run in self.runs]

    @cached_property
    def names(self) -> Mapping[str, str]:
        """The short name of each run, as in legends."""
        return labels(self.runs)

    @cached_property
    def styles(self) -> dict[str, RunStyle]:
        return style_runs(identity_of(run, self.names[run.id]) for run in self.runs)

    @cached_property
    def epochs(self) -> pd.DataFrame:
        return self.store.epochs(self.ids)

    @cached_property
    def layers(self) -> pd.DataFrame:
        """The layers at the start and at the last epoch."""
        return self.store.layers(self.ids, latest=True)

    @property
    def planned(self) -> int:
        """The last epoch on the axes."""
        return max(run.epoch for run in self.runs)


def runs_part(store: Store, settings: Settings, runs: tuple[Run, ...]) -> Part:
    """The part of ended ``runs``."""
    reading, alone = RunsReading(store, runs), runs[0] if len(runs) == 1 else None
    return Part(
        id="runs",
        title=alone.name if alone else f"{len(runs)} runs",
        state=alone.label if alone else "",
        facts=facts(alone) if alone else common_facts(runs),
        remarks=_remarks(reading),
        verdict=tuple(_stories(reading)),
        details=(),
        conditions=_conditions(reading),
        figures=(_headlines(reading), *_differences(reading)),
        charts=tuple(_charts(reading)),
        legend=tuple(reading.styles.values()) if len(runs) > MOST_NAMED else (),
        methods="",
        settings=_settings(runs),
        origin=(seed_table(runs, "Runs and seeds"), environment_table(runs)),
        reproduce=run_steps(store, settings, runs),
    )


def _remarks(reading: RunsReading) -> tuple[str, ...]:
    """What is unusual: errors, deleted runs, missing files, uneven data, other machines; each with its run."""
    found = []
    for run in reading.runs:
        own = [run.error or "", "This run is deleted." if run.deleted else "", reading.store.missing(run) or ""]
        own += [*data_remarks(run), machine_remark(run) or ""]
        name = f"{reading.names[run.id]}: " if len(reading.runs) > 1 else ""
        found += [f"{name}{sentence}" for sentence in filter(None, own)]
    return (*found, *(caveats(reading.runs) if len(reading.runs) > 1 else ()))


def _stories(reading: RunsReading) -> list[Sentence]:
    """The sentences of the live view: of one run, of two, or of several together and each of them."""
    runs = reading.runs
    names = {run: unmarked(name) for run, name in reading.names.items()}
    several = [Sentence(text)] if len(runs) > 1 and (text := story_of_several(runs, names)) else []
    if several and len(runs) == 2:
        return several
    found = [(run, _story(reading.store, run)) for run in runs]
    if len(runs) == 1:
        return [Sentence(text) for _, text in found if text]
    return several + [Sentence(text, about=reading.names[run.id]) for run, text in found if text]


def _story(store: Store, run: Run) -> str:
    bare = without_penalty(run.spec)
    baseline = store.run_with(bare) if bare != run.spec else None
    return story(run, baseline) or learnt_nothing(run)


def _headlines(reading: RunsReading) -> Table:
    """A row a run: the three pairs of figures of the live view."""
    rows = []
    for run in reading.runs:
        layers = reading.layers[reading.layers[columns.RUN] == run.id]
        pairs = (pair.value for pair in headline(run, layers))
        rows.append((reading.names[run.id], run.label, f"{run.epoch} of {run.epochs}", *pairs))
    about = "Figures on the validation images; best is the epoch of the lowest validation loss"
    return Table(about, ("Run", "State", "Epochs", *LABELS), tuple(rows))


def _differences(reading: RunsReading) -> list[Table]:
    """The figures of runs with the change against the first one, and the settings in which they differ."""
    if len(reading.runs) < 2:
        return []
    found = compare_runs(reading.runs)
    rows = [
        (reading.names[one.run], *(with_change(name, one.figures[name], one.changes[name]) for name in COMPARED))
        for one in found.runs
    ]
    first = reading.names[found.baseline]
    about = f"Differences: last epoch unless the head says best; in brackets the change against {first}"
    figures = Table(about, ("Run", *(_HEADS[name] for name in COMPARED)), tuple(rows))
    keys = found.settings
    groups = [keys[at : at + MOST_SETTINGS] for at in range(0, len(keys), MOST_SETTINGS)]
    return [figures, *(_differing(reading, found, group) for group in groups)]


def _differing(reading: RunsReading, found: RunDifferences, keys: Sequence[str]) -> Table:
    """The settings ``keys`` of each run."""
    rows = [(reading.names[one.run], *(value_text(one.settings[key]) for key in keys)) for one in found.runs]
    return Table("Settings that differ", ("Run", *keys), tuple(rows))


def _settings(runs: Sequence[Run]) -> tuple[Table, ...]:
    """The settings that all runs share; those that differ are in the table of differences."""
    every = [run.spec.flat() for run in runs]
    shared = {key: value for key, value in every[0].items() if all(own.get(key) == value for own in every)}
    return (settings_table("Settings of every run" if len(runs) > 1 else "Settings", shared),)


def _conditions(reading: RunsReading) -> tuple[str, ...]:
    """What every figure of the part rests on."""
    known = next((run.environment for run in reading.runs if run.environment), {})
    images = f"{known['n_val']:,} validation images" if known.get("n_val") else "validation images"
    if len({(run.environment or {}).get("n_val") for run in reading.runs}) > 1:
        images = "validation images of each run"
    return (
        "Epoch: the last one, or where a figure says best, that of the lowest validation loss.",
        f"Set: the {images} unless a figure says otherwise; losses are without the penalty, in eval mode. The test "
        "part is opened by a confirmation alone.",
        "Repeats: one seed a run. Another seed can move an accuracy by points; a λ sweep repeats runs over seeds.",
        "Rule: nothing is chosen or tested here.",
    )


def _charts(reading: RunsReading) -> list[Chart]:
    """The charts of the live view, each with its condition."""
    styles, epochs, planned = reading.styles, reading.epochs, reading.planned
    both = "Training and validation images, in eval mode, every epoch; one seed a run."

    def made(name: str, figure: Any, condition: str, **look: int) -> Chart:
        return chart(f"runs-{name}", without_legend(figure, styles), condition, **look)

    rests = all(map(equal_ratios_are_rest, (run.spec for run in reading.runs)))
    ratios = gradient_share_chart(reading.store.gradients(reading.ids), styles, None, planned=planned, rests=rests)
    losses = f"{both} Without the penalty, but for J."
    minimised = "Training images, in eval mode, every epoch: J and its parts; one seed a run."
    return [
        made("loss", loss_chart(epochs, styles, planned=planned), losses, height=TALL),
        made("accuracy", accuracy_chart(epochs, styles, planned=planned), both, height=TALL),
        made("gap", gap_chart(epochs, styles, planned=planned), f"{both} Losses without the penalty."),
        made("objective", loss_split_chart(epochs, styles, planned=planned), minimised),
        made(
            "weights",
            weights_chart(reading.layers, styles),
            "All weights at the start and after the last epoch; one seed a run.",
        ),
        made("ratio", ratios, "Gradients of penalty and data, averaged over the steps of each epoch; one seed a run."),
    ]
