"""Pages of the table of runs against runs written by hand."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import event, update
from tests.factories import add_many, add_run, add_sweep, layer_stats, metrics, spec

from reglab.events import LayerStats
from reglab.store import Ending, RunFilter, RunOrder, Store
from reglab.store import run_table_columns as t
from reglab.store.schema import layers
from reglab.sweep import SweepSpec


def test_a_row_holds_what_the_run_says(any_store: Store) -> None:
    done = [metrics(1, val_acc=0.5), metrics(2, val_acc=0.9), metrics(3, val_acc=0.9, gap_loss=0.25, l1=0.5)]
    run = add_run(any_store, spec(penalty__l1=0.1, penalty__l2=0.03), name="first", epochs=done, tags=["a", "b"])
    table = any_store.run_table()
    assert list(table.columns) == list(t.COLUMNS)
    assert table.loc[0].to_dict() == {
        "run": run.id, "name": "first", "state": "finished", "dataset": "digits", "model": "simple_cnn",
        "penalty": run.penalty, "lambda1": 0.1, "lambda2": 0.03, "epoch": 3, "epochs": 30, "best_val_acc": 0.9,
        "best_val_acc_epoch": 2, "gap_loss": 0.25, "seconds": 1.5, "created": pd.Timestamp(run.created),
        "tags": ["a", "b"], "train_loss": 2 / 3, "l1": 0.5, "l2": 0.1, "total": 2 / 3 + 0.1,
        "last_val_acc": 0.9, "val_acc_at_best": 0.9, "best_val_loss": 1.08, "best_epoch": 3,
        "weight_norm": pytest.approx(norm(3)), "zero_share": 0.0, "test_acc": pytest.approx(math.nan, nan_ok=True),
    }  # fmt: skip


def norm(epoch: int) -> float:
    """√Σw² of all layers after this epoch."""
    return math.hypot(*(layer.l2_norm for layer in layer_stats(epoch)))


def test_zeros_and_norm_are_of_all_weights_after_the_last_epoch(
    any_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stats(epoch: int, seed: int) -> list[LayerStats]:
        return [replace(one, zeros=epoch * one.size // 16) for one in layer_stats(epoch)]

    monkeypatch.setattr("tests.factories.layer_stats", stats)
    done, fresh = add_run(any_store, epochs=4), add_run(any_store, epochs=0, state="failed")
    lost = add_run(any_store, epochs=2)
    with any_store._database.write() as connection:
        layer = (layers.c.run == lost.id) & (layers.c.position == 0)
        connection.execute(update(layers).where(layer).values(l2_norm=math.nan))
    table = any_store.run_table().set_index(t.RUN)
    norms, zeros = table[t.WEIGHT_NORM].to_dict(), table[t.ZERO_SHARE].to_dict()
    nothing = pytest.approx(math.nan, nan_ok=True)
    assert (norms[done.id], zeros[done.id]) == (pytest.approx(norm(4)), 0.25)
    assert (norms[fresh.id], zeros[fresh.id], norms[lost.id]) == (nothing, nothing, nothing)
    assert any_store.run_ids(order=RunOrder(t.WEIGHT_NORM, True)) == [done.id, lost.id, fresh.id]


def test_the_test_accuracy_is_there_where_a_confirmation_has_opened_the_test_part(any_store: Store) -> None:
    add_run(any_store, name="apart")
    sweep = add_sweep(any_store, SweepSpec(run=spec(train__epochs=1), l2=(0.0, 0.1), seeds=1), epochs=1)
    first, second = (run.id for run in any_store.sweep_runs(sweep.id))
    scores = {"test": np.zeros((4, 10), np.float32), "correct": np.array([True, True, True, False])}
    any_store.files(first).save_weights(scores, "test")
    assert any_store.test_accuracies() == {}  # not opened: the file is nobody's business
    any_store.open_test(sweep.id, "digits", "0" * 64, 4)
    assert any_store.test_accuracies() == {first: 0.75}
    any_store.files(second).save_weights({**scores, "correct": np.array([True] * 4)}, "test")
    ids = any_store.run_ids(order=RunOrder(t.TEST_ACC, True))
    assert ids[:2] == [second, first]
    assert any_store.run_ids(order=RunOrder(t.TEST_ACC, False), limit=2) == [first, second]
    assert any_store.run_table(limit=3).set_index(t.RUN)[t.TEST_ACC].loc[first] == 0.75


def test_a_row_holds_the_figures_of_the_best_epoch_beside_the_last(any_store: Store) -> None:
    """The best epoch is that of the lowest validation loss, not that of the highest accuracy."""
    losses, accuracies = (0.9, 0.5, 0.7), (0.6, 0.7, 0.8)
    done = [metrics(e, val_loss=loss, val_acc=acc) for e, loss, acc in zip((1, 2, 3), losses, accuracies, strict=True)]
    run = add_run(any_store, epochs=done)
    row = any_store.run_table().loc[0]
    assert (row[t.LAST_ACC], row[t.ACC_AT_BEST], row[t.BEST_LOSS], row[t.BEST_EPOCH]) == (0.8, 0.7, 0.5, 2)
    assert (row[t.BEST_ACC], row[t.BEST_ACC_EPOCH]) == (0.8, 3)
    assert run.best == (2, 0.5, 0.7, done[1].train_loss, done[1].train_acc)


@pytest.mark.parametrize("figure", [math.nan, math.inf, -math.inf])
def test_a_figure_that_is_not_finite_counts_as_none(store: Store, figure: float) -> None:
    add_run(store, epochs=[metrics(1, val_acc=math.nan, gap_loss=figure)], state="diverged")
    assert store.run_table()[[t.BEST_ACC, t.BEST_ACC_EPOCH, t.GAP]].isna().all(axis=None)


def test_no_runs_make_an_empty_table_with_the_same_types(store: Store) -> None:
    empty = store.run_table()
    add_run(store)
    assert empty.empty
    assert list(empty.dtypes) == list(store.run_table().dtypes)


def test_pages_follow_each_other_and_rows_come_in_the_order_asked_for(store: Store) -> None:
    ids = add_many(store, 25, 2)
    pages = [store.run_table(offset=first, limit=10) for first in (0, 10, 20)]
    assert pd.concat(pages)["run"].tolist() == ids
    assert [run.id for run in store.runs_of(ids[7:3:-1])] == ids[7:3:-1]


def test_a_page_is_few_statements_and_reads_only_its_own_rows(store: Store) -> None:
    add_many(store, 30, 2)
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    event.listen(store._database.engine, "before_cursor_execute", note)
    store.run_table(RunFilter(text="run"), RunOrder(t.GAP), limit=10)
    ids, rows, weights, _opened = (statement for statement in statements if statement.startswith("SELECT"))
    assert "LIMIT" in ids
    assert "spec" not in ids
    assert "runs.id IN" in rows
    assert "layers.run IN" in weights


def test_counts_are_by_state_and_move_when_runs_come_or_end(any_store: Store) -> None:
    add_run(any_store)
    slow = add_run(any_store, state="running")
    first = any_store.count_runs()
    assert (first.states, first.total, first.active) == ({"finished": 1, "running": 1}, 2, 1)
    any_store.add_epochs([(slow.id, metrics(7), [], 7)])
    any_store.set_note(slow.id, "x")
    assert any_store.count_runs() == first
    any_store.finish([Ending(slow.id, "cancelled")])
    second = any_store.count_runs()
    any_store.requeue(slow.id)
    third = any_store.count_runs()
    any_store.create(spec())
    assert len({first.moved, second.moved, third.moved, any_store.count_runs().moved}) == 4


def test_dropped_epochs_no_longer_count_as_the_best(any_store: Store) -> None:
    run = add_run(any_store, state="running", epochs=[metrics(e, val_acc=a) for e, a in ((1, 0.7), (2, 0.7), (3, 0.8))])
    assert (run.best_val_acc, run.best_val_acc_epoch) == (0.8, 3)
    any_store.drop_epochs_after({run.id: 2})
    left = any_store.get(run.id)
    assert (left.best_val_acc, left.best_val_acc_epoch) == (0.7, 1)
    any_store.drop_epochs_after({run.id: 0})
    assert any_store.get(run.id).best_val_acc_epoch is None
    np.testing.assert_array_equal(any_store.run_table()[t.BEST_ACC_EPOCH], [np.nan])
