"""Sweeps, or groups of runs, as curves over λ beside each other: the mean of one figure with its standard error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from reglab import columns
from reglab.analysis.chance import Chance
from reglab.analysis.paired import PairedDifference, RepeatedFigure
from reglab.analysis.select import HIGHER_IS_BETTER, best_row, chosen
from reglab.analysis.sweep_table import counted, table_of
from reglab.sweep import EpochRule

SERIES_COLUMNS = (columns.RUN, columns.LAMBDA, columns.VALUE, columns.LOW, columns.HIGH, columns.N, columns.BEST)


@dataclass(frozen=True, eq=False)
class LambdaSeries:
    """One curve: ``table`` has SERIES_COLUMNS, a row a λ, RUN being its ``name``; LOW to HIGH is ± one standard error.

    ``best`` is the λ of the best mean (None where nothing has learnt), ``figure`` the measure there, repeat by repeat.
    """

    name: str
    measure: str
    rule: EpochRule
    table: pd.DataFrame
    best: float | None
    figure: RepeatedFigure | None

    def less(self, other: LambdaSeries, overlap: float) -> PairedDifference | None:
        """The figure at this best λ less that at the other's, repeat by repeat; for sweeps over the same repeats.

        Either λ is the best of several on the same images, which no interval allows for.
        """
        if self.figure is None or other.figure is None or len(self.figure.values) != len(other.figure.values):
            return None
        return self.figure.less(other.figure, overlap)


def lambda_series(
    name: str,
    lanes: pd.DataFrame,
    epochs: pd.DataFrame,
    *,
    measure: str,
    rule: EpochRule,
    overlap: float = 0.0,
    chance: Chance | None = None,
) -> LambdaSeries:
    """The curve of ``lanes`` (:data:`reglab.columns.LANE_COLUMNS`) of one penalty mode, each at its epoch by ``rule``.

    ``measure``: VAL_LOSS or VAL_ACC. ``overlap``: r of the interval of the figure at the best λ.
    """
    figures = counted(lanes, epochs, rule=rule)
    table = chosen(table_of(figures), measure, chance)
    row = best_row(table, measure)
    value, error = (table[column].to_numpy(np.float64) for column in (measure, measure + columns.SE))
    shown = {
        columns.RUN: name,
        columns.LAMBDA: table[columns.LAMBDA].to_numpy(np.float64),
        columns.VALUE: value,
        columns.LOW: value - error,
        columns.HIGH: value + error,
        columns.N: table[columns.N].to_numpy(),
        columns.BEST: np.arange(len(table)) == (-1 if row is None else row),
    }
    figure = None
    if row is not None:
        higher = measure in HIGHER_IS_BETTER
        figure = RepeatedFigure.of(figures.of(measure)[row], overlap, higher_is_better=higher)
    best = None if row is None else float(table[columns.LAMBDA].iloc[row])
    return LambdaSeries(name, measure, rule, pd.DataFrame(shown), best, figure)


def lanes_of_runs(runs: Sequence[tuple[str, float, float, float, str, str]]) -> pd.DataFrame:
    """LANE_COLUMNS of runs outside sweeps, from (id, λ of the axis, λ₁, λ₂, penalty mode, state).

    Repeats are counted for each λ.
    """
    repeats: dict[tuple[float, float], int] = {}
    rows = []
    for run, strength, l1, l2, apply, state in runs:
        repeat = repeats[l1, l2] = repeats.get((l1, l2), -1) + 1
        rows.append((run, strength, l1, l2, apply, repeat, state))
    return pd.DataFrame(rows, columns=list(columns.LANE_COLUMNS))
