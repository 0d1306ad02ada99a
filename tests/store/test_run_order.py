"""The order of the table of runs, made by SQLite and by PostgreSQL."""

from __future__ import annotations

import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.factories import add_run, metrics, spec

from reglab.store import RunOrder, Store
from reglab.store import run_table_columns as t
from reglab.store.run_table import SORTABLE


def add_three(store: Store) -> None:
    """ "Beta" with one epoch, "alpha" (queued) with none, "Éta" with two, of which the last has no finite figures."""
    add_run(store, spec(data__name="mnist"), name="Beta", epochs=[metrics(1, val_acc=0.9, gap_loss=0.3)], tags=["X"])
    add_run(store, spec(model__name="lenet5"), name="alpha", state="queued", tags=["a", "b"])
    last = metrics(2, val_acc=0.95, gap_loss=math.nan, val_loss=math.inf, train_loss=math.nan, total=math.inf)
    add_run(store, spec(penalty__l2=0.5), name="Éta", state="diverged", epochs=[metrics(1, val_acc=0.8), last])


@pytest.mark.parametrize(
    ("column", "descending", "runs"),
    [
        (t.NAME, False, "αβη"),
        (t.NAME, True, "ηβα"),
        (t.BEST_ACC, True, "ηβα"),
        (t.BEST_ACC, False, "βηα"),
        (t.BEST_ACC_EPOCH, False, "βηα"),
        (t.GAP, False, "βηα"),
        (t.GAP, True, "βηα"),
        (t.CURVE, True, "βηα"),
        (t.TOTAL, False, "βηα"),
        (t.STATE, False, "αβη"),
        (t.CREATED, True, "ηαβ"),
        (t.CREATED, False, "βαη"),
        (t.TAGS, True, "βαη"),
        (t.TAGS, False, "αβη"),
        (t.DATASET, True, "βηα"),
        (t.MODEL, False, "αηβ"),
        (t.LAMBDA2, True, "ηαβ"),
        (t.EPOCH, True, "ηβα"),
    ],
)
def test_runs_without_a_value_come_last_and_equal_ones_newest_first(
    store: Store, column: str, descending: bool, runs: str
) -> None:
    add_three(store)
    letters = {"alpha": "α", "Beta": "β", "Éta": "η"}
    found = store.run_table(order=RunOrder(column, descending))["name"]
    assert "".join(letters[name] for name in found) == runs


def test_every_shown_column_sorts_over_all_pages(any_store: Store) -> None:
    add_three(any_store)
    for column in SORTABLE:
        for descending in (False, True):
            order = RunOrder(column, descending)
            pages = [any_store.run_table(order=order, offset=place, limit=1) for place in range(4)]
            assert [len(page) for page in pages] == [1, 1, 1, 0]
            names = pd.concat(pages)["name"].tolist()
            assert names == any_store.run_table(order=order)["name"].tolist()
            assert sorted(names) == ["Beta", "alpha", "Éta"]


def test_clicks_on_a_head_go_one_way_then_the_other_then_back() -> None:
    order, seen = RunOrder(), []
    for _ in range(4):
        order = order.clicked(t.GAP)
        seen.append(str(order))
    assert seen == ["gap_loss", "-gap_loss", "-created", "gap_loss"]


def test_figures_that_should_be_large_start_with_the_largest() -> None:
    assert RunOrder().clicked(t.BEST_ACC) == RunOrder(t.BEST_ACC, True)
    assert RunOrder().clicked(t.CREATED) == RunOrder(t.CREATED, False)
    assert RunOrder().clicked(t.GAP).clicked(t.NAME) == RunOrder(t.NAME, False)


@given(st.sampled_from(SORTABLE), st.booleans())
def test_an_order_survives_the_address(column: str, descending: bool) -> None:
    assert RunOrder.parse(str(RunOrder(column, descending))) == RunOrder(column, descending)


@given(st.text())
def test_any_other_text_is_the_default_order(text: str) -> None:
    assert RunOrder.parse(text) == RunOrder() or text.removeprefix("-") in SORTABLE
