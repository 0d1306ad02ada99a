"""Writing many runs in one transaction, on SQLite and on PostgreSQL: the same as one by one, all or nothing."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import update
from tests.factories import layer_stats, metrics
from tests.store.helpers import ENVIRONMENT, NOWHERE, counted_statements, running

from reglab import columns
from reglab.errors import StoreError, UnknownRun
from reglab.events import EpochMetrics, LayerStats
from reglab.settings import Settings
from reglab.store import Ending, EpochEntry, Run, Store, open_store
from reglab.store.schema import epochs as epoch_table

NAMES = ("epoch", "best_epoch", "best_val_acc", "best_val_acc_epoch", "best_val_loss", "step", "last", "state")
ODD = (math.nan, math.inf, 0.75)


def both(store: Store) -> tuple[list[str], list[str]]:
    """Three runs to write one by one, and three to write together."""
    ids = [running(store).id for _ in range(6)]
    return ids[:3], ids[3:]


def figures(lane: int, epoch: int) -> EpochMetrics:
    return metrics(epoch, val_loss=ODD[(lane + epoch) % 3], val_acc=0.1 * lane + 0.01 * epoch, flipped_acc=ODD[lane])


def entries(ids: list[str], epoch: int) -> list[EpochEntry]:
    return [(run_id, figures(i, epoch), layer_stats(epoch, seed=i), epoch) for i, run_id in enumerate(ids)]


def same(store: Store, ones: list[str], others: list[str]) -> bool:
    """Whether the runs have the same figures, epochs and layers, NaN included."""

    def standing(run: Run) -> str:
        return repr([getattr(run, name) for name in NAMES])

    assert [standing(store.get(one)) for one in ones] == [standing(store.get(other)) for other in others]
    names = dict(zip(others, ones, strict=True))
    read: tuple[Callable[[list[str]], pd.DataFrame], ...] = (store.epochs, store.layers)
    for frames in read:
        theirs = frames(others)
        theirs[columns.RUN] = theirs[columns.RUN].map(names).astype("str")
        mine = frames(ones)
        if columns.COUNTS in mine:
            for frame in (mine, theirs):
                frame[columns.COUNTS] = [tuple(counts) for counts in frame[columns.COUNTS]]
        pd.testing.assert_frame_equal(mine, theirs)
    return True


def test_epochs_of_many_runs_are_those_added_one_by_one(any_store: Store) -> None:
    alone, together = both(any_store)
    for epoch in (1, 2, 3):
        for run_id, one, layers, best in entries(alone, epoch):
            any_store.add_epochs([(run_id, one, layers, best)])
        any_store.add_epochs(entries(together, epoch))
    assert same(any_store, alone, together)
    assert len(any_store.epochs(together)) == 9


def test_several_epochs_of_a_run_may_come_together(any_store: Store) -> None:
    alone, together = both(any_store)
    for epoch in (1, 2):
        any_store.add_epochs(entries(alone, epoch))
    any_store.add_epochs([*entries(together, 1), *entries(together, 2)])
    assert same(any_store, alone, together)
    with pytest.raises(StoreError, match="already has epoch 4"):
        any_store.add_epochs([*entries(together, 4), *entries(together, 4)])
    assert same(any_store, alone, together)


def test_dropping_epochs_of_many_runs_at_once(any_store: Store) -> None:
    alone, together = both(any_store)
    kept = (3, 1, 0)
    for epoch in (1, 2, 3):
        any_store.add_epochs([*entries(alone, epoch), *entries(together, epoch)])
    for run_id, epoch in zip(alone, kept, strict=True):
        any_store.drop_epochs_after({run_id: epoch})
    any_store.drop_epochs_after(dict(zip(together, kept, strict=True)))
    assert same(any_store, alone, together)
    assert [any_store.get(run_id).epoch for run_id in together] == list(kept)


def test_the_start_of_many_runs(any_store: Store) -> None:
    alone, together = both(any_store)
    for i, run_id in enumerate(alone):
        any_store.began({run_id: replace(ENVIRONMENT, n_train=i)})
        any_store.add_initial_layers({run_id: layer_stats(0, seed=i)})
    any_store.began({run_id: replace(ENVIRONMENT, n_train=i) for i, run_id in enumerate(together)})
    for seed in (9, 0):  # a second time replaces the first
        any_store.add_initial_layers({run_id: layer_stats(0, seed + i) for i, run_id in enumerate(together)})
    assert same(any_store, alone, together)
    for one, other in zip(map(any_store.get, alone), map(any_store.get, together), strict=True):
        assert (one.environment, one.device, one.threads) == (other.environment, other.device, other.threads)
    started = any_store.get(together[0]).started
    any_store.began(dict.fromkeys(together, ENVIRONMENT))
    assert started is not None
    assert any_store.get(together[0]).started == started


def test_the_end_of_many_runs(any_store: Store) -> None:
    _, (first, second, third) = both(any_store)
    any_store.say(first, "Saving")
    any_store.finish(
        [
            Ending(first, "finished", f"{first}/weights.safetensors", "f" * 64),
            Ending(second, "diverged", error="The loss was no longer a finite number."),
        ]
    )
    one, two, three = (any_store.get(run_id) for run_id in (first, second, third))
    assert (one.state, one.weights_path, one.weights_sha256) == ("finished", f"{first}/weights.safetensors", "f" * 64)
    assert (two.state, two.error, two.weights_path) == ("diverged", "The loss was no longer a finite number.", None)
    assert (one.owner, one.activity, one.error, three.state) == (None, None, None, "running")
    assert one.ended is not None


@pytest.mark.parametrize("problem", ["unknown", "ended", "foreign", "queued"])
def test_one_run_that_takes_no_results_refuses_all(any_settings: Settings, any_store: Store, problem: str) -> None:
    good = running(any_store).id
    with open_store(any_settings) as other:
        bad = running(other).id if problem == "foreign" else running(any_store).id
        if problem == "unknown":
            bad = NOWHERE
        elif problem != "foreign":
            any_store.finish([Ending(bad, "cancelled")])
            if problem == "queued":
                any_store.requeue(bad)
        pair = [good, bad]
        calls: list[Callable[[], Any]] = [lambda: any_store.finish([Ending(one, "finished") for one in pair])]
        if problem != "queued":
            calls += [
                lambda: any_store.add_epochs([(one, metrics(1), layer_stats(1), 1) for one in pair]),
                lambda: any_store.began(dict.fromkeys(pair, ENVIRONMENT)),
                lambda: any_store.add_initial_layers(dict.fromkeys(pair, layer_stats(0))),
                lambda: any_store.drop_epochs_after(dict.fromkeys(pair, 0)),
            ]
        before = any_store.get(good)
        for call in calls:
            with pytest.raises(UnknownRun if problem == "unknown" else StoreError):
                call()
        assert any_store.get(good) == before
        assert (len(any_store.epochs([good])), len(any_store.layers([good]))) == (0, 0)


def test_histograms_that_cannot_be_stored_leave_no_epoch_of_any_run(any_store: Store) -> None:
    _, together = both(any_store)
    broken: list[LayerStats] = [replace(layer_stats(1)[0], layer=None)]  # type: ignore[arg-type]
    with pytest.raises(StoreError):
        any_store.add_epochs([*entries(together, 1)[:2], (together[2], metrics(1), broken, 1)])
    assert (len(any_store.epochs(together)), len(any_store.layers(together))) == (0, 0)
    assert {any_store.get(run_id).epoch for run_id in together} == {0}


def test_nothing_to_write_is_fine(any_store: Store) -> None:
    any_store.add_epochs([])
    any_store.began({})
    any_store.add_initial_layers({})
    any_store.drop_epochs_after({})
    any_store.finish([])


def test_the_statements_do_not_grow_with_the_runs(any_store: Store) -> None:
    ids = [running(any_store).id for _ in range(9)]
    counts = []
    for some in (ids[:1], ids[1:]):
        with counted_statements(any_store) as sent:
            any_store.began(dict.fromkeys(some, ENVIRONMENT))
            any_store.drop_epochs_after(dict.fromkeys(some, 0))
            any_store.add_initial_layers(dict.fromkeys(some, layer_stats(0)))
            any_store.add_epochs([(run_id, metrics(1), layer_stats(1), 1) for run_id in some])
            any_store.finish([Ending(run_id, "finished") for run_id in some])
        counts.append(len(sent))
    assert counts[0] == counts[1]


def test_how_labels_are_learnt_is_kept_and_unknown_where_nobody_measured_it(any_store: Store) -> None:
    run = running(any_store)
    values = (0.0, 1.0, math.nan, math.inf, 0.1)
    for epoch, value in enumerate(values, start=1):
        any_store.add_epochs([(run.id, metrics(epoch, **dict.fromkeys(columns.MEMORY, value)), [], 1)])
    with any_store._database.write() as connection:
        old = epoch_table.c.epoch == 5
        connection.execute(update(epoch_table).where(old).values(dict.fromkeys(columns.MEMORY)))
    wanted = [*values[:4], math.nan]
    for name in columns.MEMORY:
        np.testing.assert_array_equal(any_store.epochs([run.id])[name], wanted)
        assert repr(any_store.sparklines([run.id], name)[run.id]) == repr(wanted)
    last = any_store.get(run.id).last
    assert last is not None
    assert math.isnan(last.clean_acc + last.flipped_acc + last.true_acc)
