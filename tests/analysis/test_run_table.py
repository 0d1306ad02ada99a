"""The table of runs against rows written by hand."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.factories import metrics

from reglab.analysis import first_highest, table_of_runs, with_curves
from reglab.analysis import runs as t
from reglab.analysis.runs import finite
from reglab.events import EpochMetrics

WHEN = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Record:
    """A run as the table sees it."""

    id: str = "a1"
    name: str = "first"
    state: str = "finished"
    dataset: str = "digits"
    model: str = "simple_cnn"
    penalty: str = "L2"
    l1: float = 0.0
    l2: float = 0.03
    epoch: int = 6
    epochs: int = 30
    best_val_acc: float | None = 0.925
    last: EpochMetrics | None = None
    seconds: float = 72.4
    created: datetime = WHEN
    tags: tuple[str, ...] = ()
    note: str = ""


def test_a_row_holds_what_the_run_says() -> None:
    last = metrics(6, gap_loss=0.25)
    table = table_of_runs([Record(last=last, tags=("a", "b"), note="why"), Record(id="b2", name="second")])
    assert list(table.columns) == list(t.COLUMNS)
    assert table.loc[0].to_dict() == {
        "run": "a1", "name": "first", "state": "finished", "dataset": "digits", "model": "simple_cnn", "penalty": "L2",
        "lambda1": 0.0, "lambda2": 0.03, "epoch": 6, "epochs": 30, "best_val_acc": 0.925, "gap_loss": 0.25,
        "seconds": 72.4, "created": pd.Timestamp(WHEN), "tags": ["a", "b"], "note": "why",
        "train_loss": 2 / 6, "l1": 0.0, "l2": 0.1, "total": 2 / 6 + 0.1,
    }  # fmt: skip
    assert table[t.GAP].isna().tolist() == [False, True]


@pytest.mark.parametrize("figure", [None, math.nan, math.inf, -math.inf])
def test_a_figure_that_is_not_finite_counts_as_none(figure: float | None) -> None:
    last = None if figure is None else metrics(1, gap_loss=figure)
    table = table_of_runs([Record(best_val_acc=figure, last=last)])
    assert table[[t.BEST_ACC, t.GAP]].isna().all(axis=None)


def test_no_runs_make_an_empty_table_with_the_same_types() -> None:
    empty, full = table_of_runs([]), table_of_runs([Record()])
    assert empty.empty
    assert list(empty.dtypes) == list(full.dtypes)


def test_curves_join_by_run_and_leave_the_table_as_it_was() -> None:
    table = table_of_runs([Record(), Record(id="b2"), Record(id="c3", epoch=0)])
    joined = with_curves(table, {"b2": [3.0, 1.0], "a1": [2.0]}, {"a1": 4})
    assert joined[t.CURVE].tolist() == [[2.0], [3.0, 1.0], []]
    np.testing.assert_array_equal(joined[t.BEST_ACC_EPOCH], [4, np.nan, np.nan])
    assert t.CURVE not in table


@given(st.lists(st.floats()))
def test_finite_values_keep_their_order(values: list[float]) -> None:
    kept = finite(values)
    assert kept == [value for value in values if math.isfinite(value)]


@pytest.mark.parametrize(
    ("values", "epoch"), [([0.1, 0.9, 0.9], 2), ([math.nan, 0.5], 2), ([0.5], 1), ([], None), ([math.nan], None)]
)
def test_the_first_highest_value_counts_from_one(values: list[float], epoch: int | None) -> None:
    assert first_highest(values) == epoch
