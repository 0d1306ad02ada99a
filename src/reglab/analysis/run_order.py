"""The order of the table of runs: by any column, either way; runs that have no value come last both ways."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from reglab.analysis import runs as t
from reglab.events import STATES

_LARGEST_FIRST = frozenset({t.BEST_ACC, t.SECONDS, t.EPOCH, t.CREATED})
_TEXTS = frozenset({t.NAME, t.DATASET, t.MODEL, t.PENALTY})
COLUMNS = (*t.COLUMNS, t.BEST_ACC_EPOCH, t.CURVE)


@dataclass(frozen=True)
class Order:
    """By which column, and whether the largest (newest, last in the alphabet) comes first."""

    column: str = t.CREATED
    descending: bool = True

    def clicked(self, column: str) -> Order:
        """The order after a click on the head of ``column``: its usual way, then the other one, then the default."""
        usual = Order(column, column in _LARGEST_FIRST)
        if self.column != column:
            return usual
        return Order(column, not self.descending) if self == usual else Order()

    def __str__(self) -> str:
        """For addresses: "gap_loss", or "-gap_loss" for descending."""
        return f"-{self.column}" if self.descending else self.column

    @classmethod
    def parse(cls, text: str) -> Order:
        """What :meth:`__str__` wrote; the default for anything else."""
        column = text.removeprefix("-")
        return cls(column, text.startswith("-")) if column in COLUMNS else cls()


def ordered(table: pd.DataFrame, order: Order) -> pd.DataFrame:
    """The rows of ``table`` in ``order``, numbered from 0; equal ones stay as they are."""
    if table.empty:
        return table
    keys = _keys(table, order.column)
    sorted_keys = keys.sort_values(kind="stable", ascending=not order.descending, na_position="last")
    return table.loc[sorted_keys.index].reset_index(drop=True)


def _keys(table: pd.DataFrame, column: str) -> pd.Series:
    values = table[column]
    if column in _TEXTS:
        return values.str.casefold()
    if column == t.STATE:
        return values.map({state: place for place, state in enumerate(STATES)})
    if column == t.TAGS:
        return values.map(lambda tags: ", ".join(tags).casefold() or None)
    if column == t.CURVE:  # by where the curve ends
        return values.map(lambda losses: losses[-1] if len(losses) else np.nan).astype(np.float64)
    return values
