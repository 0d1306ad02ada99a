"""The winners of a map: the best point in every row and column, which tell whether the choice on one axis depends on
the other, as the best λ on the learning rate.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from reglab import columns
from reglab.analysis.chance import Chance
from reglab.analysis.select import best_of, can_be_best, rows_by_mode, scores
from reglab.sweep import Point


@dataclass(frozen=True)
class Winner:
    """The best point of penalty mode ``apply`` with the value ``held`` on the other axis, and its ``mean``."""

    apply: str
    held: float
    point: Point
    mean: float


@dataclass(frozen=True)
class Winners:
    """``by_second``: the best first value (λ) for each second value; ``by_first``: the best second for each first.

    The first axis of a grid is λ₁, the second λ₂. Values at which no point can be best are left out.
    """

    by_second: tuple[Winner, ...]
    by_first: tuple[Winner, ...]

    def moved(self, best: Point) -> tuple[Winner, ...]:
        """The winners by the second axis with another first value than ``best``: where its choice would differ."""
        grid = best.second is None
        return tuple(
            one for one in self.by_second if (one.point.l1 != best.l1 if grid else one.point.value != best.value)
        )


def winners_of(table: pd.DataFrame, measure: str = columns.VAL_ACC, chance: Chance | None = None) -> Winners:
    """The winners of a judged ``table`` by ``measure``, each chosen as the best point of all is."""
    first, second = (columns.LAMBDA, columns.SECOND) if columns.SECOND in table else (columns.LAMBDA1, columns.LAMBDA2)
    return Winners(_along(table, measure, chance, second), _along(table, measure, chance, first))


def _along(table: pd.DataFrame, measure: str, chance: Chance | None, held: str) -> tuple[Winner, ...]:
    eligible, (score, between_equals) = can_be_best(table, measure, chance), scores(table, measure)
    values, found = table[held].to_numpy(np.float64), []
    for rows in rows_by_mode(table):
        for value in np.unique(values[rows]):
            candidates = rows[(values[rows] == value) & eligible[rows]]
            if len(candidates):
                top = best_of(candidates, score, between_equals)
                point = Point(*(float(table[name].iloc[top]) for name in columns.point_columns(table)[1:]))
                mode, mean = str(table[columns.APPLY].iloc[top]), float(table[measure].iloc[top])
                found.append(Winner(mode, float(value), point, mean))
    return tuple(found)
