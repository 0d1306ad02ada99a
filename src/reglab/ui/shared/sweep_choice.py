"""What a finished sweep chooses by its declared measure and epoch rule; computed once for all visitors."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd

from reglab import columns
from reglab.analysis import best_row, chosen, runs_table, sweep_table
from reglab.content.verdict_lines import named_point
from reglab.jobs import chance_of
from reglab.number_format import PERCENT, fixed, percent
from reglab.store import Store, Sweep
from reglab.sweep import Point, SweepSpec
from reglab.ui.shared.memo import shared_frame


@dataclass(frozen=True)
class Choice:
    """The chosen ``point`` of a sweep, "λ₂ = 0.03", with means over its repeats and a standard error, NaN of one."""

    point: str
    loss: float
    accuracy: float
    error: float
    condition: str

    @property
    def text(self) -> str:
        """For example "λ₂ = 0.03: 90.4 ± 0.4 % (loss, last)"."""
        figure = percent(self.accuracy)
        if math.isfinite(self.error):
            figure = f"{figure.removesuffix(PERCENT)} ± {percent(self.error)}"
        return f"{self.point}: {figure} ({self.condition})"

    @property
    def brief(self) -> str:
        """For example "λ₂ = 0.03 (loss 0.312, 90.4 %)"."""
        return f"{self.point} (loss {fixed(self.loss, 3)}, {percent(self.accuracy)})"


def choice_of(store: Store, sweep: Sweep) -> Choice | None:
    """The point that ``sweep`` chooses as it declared; None where no point has learnt.

    :raises RegLabError: one of its runs cannot be read, or its dataset is unknown here.
    """
    measure = columns.MEASURES[sweep.spec.measure]

    def judged() -> pd.DataFrame:
        runs = store.sweep_runs(sweep.id)
        epochs = store.epochs([run.id for run in runs])
        means = sweep_table(runs_table(sweep.spec.lanes(), runs), epochs, rule=sweep.spec.epoch_rule)
        return chosen(means, measure, chance=chance_of(runs))

    table = shared_frame(("best", store.home, sweep.id, sweep.epochs), judged)
    best = best_row(table, measure)
    return None if best is None else _choice(sweep.spec, table.iloc[best])


def _choice(spec: SweepSpec, row: pd.Series) -> Choice:
    point = Point(*(float(row[name]) for name in columns.point_columns(row.index)[1:]))
    loss, accuracy = float(row[columns.VAL_LOSS]), float(row[columns.VAL_ACC])
    condition = f"{spec.measure}, {spec.epoch_rule}"
    return Choice(named_point(spec, point), loss, accuracy, float(row[columns.VAL_ACC + columns.SE]), condition)
