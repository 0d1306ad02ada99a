"""The order of the table of runs."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.analysis.test_run_table import WHEN, Record
from tests.factories import metrics

from reglab.analysis import Order, ordered, table_of_runs, with_curves
from reglab.analysis import runs as t
from reglab.analysis.run_order import COLUMNS

TABLE = with_curves(
    table_of_runs(
        [
            Record(id="a", name="Beta", best_val_acc=0.9, last=metrics(1, gap_loss=0.3), tags=("x",), seconds=5),
            Record(id="b", name="alpha", best_val_acc=None, state="queued", created=WHEN + timedelta(hours=1)),
            Record(id="c", name="gamma", best_val_acc=0.95, last=metrics(1, gap_loss=-0.1), state="diverged"),
        ]
    ),
    {"a": [2.0, 1.0], "c": [3.0, 0.5]},
    {"a": 7, "c": 2},
)


@pytest.mark.parametrize(
    ("column", "descending", "runs"),
    [
        (t.NAME, False, "bac"),
        (t.NAME, True, "cab"),
        (t.BEST_ACC, True, "cab"),
        (t.BEST_ACC, False, "acb"),
        (t.BEST_ACC_EPOCH, False, "cab"),
        (t.GAP, False, "cab"),
        (t.STATE, False, "bac"),
        (t.CREATED, True, "bac"),
        (t.CURVE, False, "cab"),
        (t.TAGS, True, "abc"),
        (t.SECONDS, False, "abc"),
        (t.DATASET, True, "abc"),
    ],
)
def test_runs_without_a_value_come_last_and_equal_ones_stay(column: str, descending: bool, runs: str) -> None:
    rows = ordered(TABLE, Order(column, descending))
    assert "".join(rows[t.RUN]) == runs
    assert rows.index.tolist() == [0, 1, 2]


@pytest.mark.parametrize("column", COLUMNS)
def test_every_column_sorts_without_losing_a_run(column: str) -> None:
    for descending in (False, True):
        assert sorted(ordered(TABLE, Order(column, descending))[t.RUN]) == ["a", "b", "c"]
        assert ordered(TABLE.iloc[:0], Order(column, descending)).empty


def test_clicks_on_a_head_go_one_way_then_the_other_then_back() -> None:
    order, seen = Order(), []
    for _ in range(4):
        order = order.clicked(t.GAP)
        seen.append(str(order))
    assert seen == ["gap_loss", "-gap_loss", "-created", "gap_loss"]


def test_figures_that_should_be_large_start_with_the_largest() -> None:
    assert Order().clicked(t.BEST_ACC) == Order(t.BEST_ACC, True)
    assert Order().clicked(t.CREATED) == Order(t.CREATED, False)
    assert Order().clicked(t.GAP).clicked(t.NAME) == Order(t.NAME, False)


@given(st.sampled_from(COLUMNS), st.booleans())
def test_an_order_survives_the_address(column: str, descending: bool) -> None:
    assert Order.parse(str(Order(column, descending))) == Order(column, descending)


@given(st.text())
def test_any_other_text_is_the_default_order(text: str) -> None:
    assert Order.parse(text) == Order() or text.removeprefix("-") in COLUMNS
