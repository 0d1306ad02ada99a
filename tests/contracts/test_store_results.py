"""What every store keeps of a training run, on SQLite and on PostgreSQL: progress, epochs, layers, the end."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, replace
from itertools import product

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import update
from tests.factories import layer_stats, metrics
from tests.store.helpers import ENVIRONMENT, NOWHERE, brought_to, running

from reglab import columns
from reglab.errors import StoreError
from reglab.events import EpochMetrics, LayerStats
from reglab.settings import Settings
from reglab.states import State
from reglab.store import Ending, Progress, Store, open_store
from reglab.store.schema import layers as layer_table

ODD_NUMBERS = (math.nan, math.inf, -math.inf, 5e-324, 1.7976931348623157e308, 0.1)


def test_a_run_from_start_to_end(any_store: Store) -> None:
    run = running(any_store)
    any_store.say(run.id, "Downloading mnist (40%)")
    assert any_store.get(run.id).activity == "Downloading mnist (40%)"
    any_store.began({run.id: ENVIRONMENT})
    any_store.add_initial_layers({run.id: layer_stats(0)})
    any_store.progress(run.id, {run.id: Progress(0, 3, 13, 0.25)})
    now = any_store.get(run.id)
    assert (now.epoch, now.step, now.steps, now.seconds, now.activity) == (0, 3, 13, 0.25, None)
    assert (now.device, now.threads, now.environment) == ("cuda:0", 2, json.loads(json.dumps(asdict(ENVIRONMENT))))
    any_store.add_epochs([(run.id, metrics(1), layer_stats(1), 1)])
    any_store.add_epochs([(run.id, metrics(2), layer_stats(2), 2)])
    any_store.progress(run.id, {run.id: Progress(2, 0, 13, 0.5)})
    any_store.finish([Ending(run.id, "finished", weights_path="a/weights.safetensors", weights_sha256="f" * 64)])
    end = any_store.get(run.id)
    assert (end.state, end.epoch, end.best_epoch, end.last, end.seconds) == ("finished", 2, 2, metrics(2), 0.5)
    assert (end.weights_path, end.weights_sha256, end.owner) == ("a/weights.safetensors", "f" * 64, None)
    assert end.started is not None
    assert end.ended is not None
    assert run.created <= end.started <= end.ended


def test_odd_numbers_come_back_bit_for_bit(any_store: Store) -> None:
    run, other = running(any_store), running(any_store)
    for epoch, value in enumerate(ODD_NUMBERS, start=1):
        odd = EpochMetrics(
            epoch,
            **dict.fromkeys((name for name in columns.METRICS if name not in (columns.L1, columns.L2)), value),
            penalties={"l1": value, "l2": value, "other": value},
        )
        any_store.add_epochs([(run.id, odd, [replace(layer_stats(1)[0], l1_norm=value, data_grad=value)], 1)])
        assert repr(any_store.get(run.id).last) == repr(odd)
    any_store.progress(other.id, {other.id: Progress(0, 0, 0, math.nan)})
    frame, layers = any_store.epochs([run.id]), any_store.layers([run.id])
    wanted = np.array(ODD_NUMBERS)
    for name in columns.METRICS:
        np.testing.assert_array_equal(frame[name].to_numpy().view(np.int64), wanted.view(np.int64))
    for name in (columns.L1_NORM, columns.DATA_GRAD):
        np.testing.assert_array_equal(layers[name].to_numpy().view(np.int64), wanted.view(np.int64))
    assert repr(any_store.sparklines([run.id], columns.LR)[run.id]) == repr(list(ODD_NUMBERS))
    assert math.isnan(any_store.get(other.id).seconds)


def test_frames_have_the_shared_columns_and_types(any_store: Store) -> None:
    run = running(any_store)
    any_store.add_epochs([(run.id, metrics(1), layer_stats(1), 1)])
    for ids in ([run.id], [], [NOWHERE]):
        epochs, layers = any_store.epochs(ids), any_store.layers(ids)
        assert tuple(epochs.columns) == columns.EPOCH_COLUMNS
        assert tuple(layers.columns) == columns.LAYER_COLUMNS
        types = {name: str(kind) for name, kind in {**layers.dtypes, **epochs.dtypes}.items()}
        assert all(types[name] == "float64" for name in columns.METRICS)
        assert {types[name] for name in (columns.RUN, columns.LAYER)} == {"str"}
        assert {types[name] for name in (columns.DATA_GRAD, columns.PENALTY_GRAD)} == {"float64"}
        assert {types[name] for name in (columns.EPOCH, columns.SIZE, columns.ZEROS)} == {"int64"}


def test_epochs_come_in_the_order_of_the_runs_asked_for(any_store: Store) -> None:
    runs = [running(any_store) for _ in range(3)]
    for epoch, run in product((1, 2, 3), runs):
        any_store.add_epochs([(run.id, metrics(epoch), [], 1)])
    for ids in ([runs[2].id, runs[0].id], [runs[0].id, runs[2].id]):
        frame = any_store.epochs([*ids, ids[0]], since=1)
        assert list(zip(frame[columns.RUN], frame[columns.EPOCH], strict=True)) == list(product(ids, (2, 3)))


def test_layers_keep_network_order_and_whole_histograms(any_store: Store) -> None:
    run = running(any_store)
    names = ["conv2.weight", "conv10.weight", "a.weight"]
    stats = [replace(layer_stats(1)[0], layer=name, size=2**40 + i) for i, name in enumerate(names)]
    stats[1] = replace(stats[1], counts=np.array([0, 2**62, 5]))
    any_store.add_initial_layers({run.id: stats[:1]})
    any_store.add_initial_layers({run.id: stats})
    frame = any_store.layers([run.id])
    assert list(frame[columns.LAYER]) == names
    assert list(frame[columns.SIZE]) == [2**40, 2**40 + 1, 2**40 + 2]
    for found, wanted in zip(frame[columns.COUNTS], stats, strict=True):
        assert found.dtype == np.int64
        np.testing.assert_array_equal(found, wanted.counts)


def test_the_latest_layers_are_those_of_the_start_and_of_each_runs_newest_epoch(any_store: Store) -> None:
    short, long = running(any_store), running(any_store)
    for run, epochs in ((short, 2), (long, 4)):
        any_store.add_initial_layers({run.id: layer_stats(0)})
        for epoch in range(1, epochs + 1):
            any_store.add_epochs([(run.id, metrics(epoch), layer_stats(epoch), 1)])

    def epochs_of(frame: pd.DataFrame) -> list[tuple[str, int]]:
        return list(frame.groupby([columns.RUN, columns.EPOCH], sort=False).size().index)

    both = [short.id, long.id]
    assert epochs_of(any_store.layers(both, latest=True)) == [
        (short.id, 0), (short.id, 2), (long.id, 0), (long.id, 4),
    ]  # fmt: skip
    assert epochs_of(any_store.layers(both, epochs=[1, 3])) == [(short.id, 1), (long.id, 1), (long.id, 3)]
    assert epochs_of(any_store.layers([short.id], epochs=[1], latest=True)) == [(short.id, e) for e in (0, 1, 2)]
    assert len(any_store.layers(both)) == 2 * (3 + 5)
    assert len(any_store.layers(both, epochs=[])) == 0


def test_the_gradients_are_those_of_all_layers_and_epochs_but_the_first(any_store: Store) -> None:
    first, second = running(any_store), running(any_store)
    for run in (first, second):
        any_store.add_initial_layers({run.id: layer_stats(0)})
        for epoch in (1, 2):
            any_store.add_epochs([(run.id, metrics(epoch), layer_stats(epoch, seed=epoch), 1)])
    for ids in ([second.id, first.id], [], [NOWHERE]):
        gradients, layers = any_store.gradients(ids), any_store.layers(ids, epochs=[1, 2])
        assert tuple(gradients.columns) == columns.GRADIENT_COLUMNS
        pd.testing.assert_frame_equal(gradients, layers[list(columns.GRADIENT_COLUMNS)])
        assert len(gradients) == (8 if first.id in ids else 0)


def test_unknown_gradients_differ_from_zero(any_store: Store) -> None:
    run = running(any_store)
    stats = [replace(layer_stats(1)[0], data_grad=d, penalty_grad=p) for d, p in ((math.nan, 0.0), (0.5, math.inf))]
    any_store.add_epochs([(run.id, metrics(1), stats, 1)])
    with any_store._database.write() as connection:
        connection.execute(update(layer_table).where(layer_table.c.position == 1).values(penalty_grad=None))
    gradients = any_store.gradients([run.id])
    np.testing.assert_array_equal(gradients[columns.DATA_GRAD], [math.nan, 0.5])
    np.testing.assert_array_equal(gradients[columns.PENALTY_GRAD], [0.0, math.nan])


def test_sparklines_are_evenly_spaced_and_end_at_the_last_epoch(any_store: Store) -> None:
    long, empty = running(any_store), running(any_store)
    for epoch in range(1, 24):
        any_store.add_epochs([(long.id, metrics(epoch, val_loss=float(epoch)), [], 1)])
    lines = any_store.sparklines([long.id, empty.id], columns.VAL_LOSS, points=10)
    assert lines == {long.id: [2, 5, 8, 11, 14, 17, 20, 23], empty.id: []}
    assert any_store.sparklines([long.id], columns.VAL_LOSS, points=40)[long.id] == list(range(1, 24))
    with pytest.raises(StoreError, match=r"no column 'val_lss' \(did you mean 'val_loss'\?\)"):
        any_store.sparklines([long.id], "val_lss")


def test_best_figures_pass_over_nan(any_store: Store) -> None:
    run = running(any_store)
    for epoch, (acc, loss) in enumerate([(math.nan, math.nan), (0.5, 0.9), (0.7, 1.1), (0.6, math.inf)], start=1):
        any_store.add_epochs([(run.id, metrics(epoch, val_acc=acc, val_loss=loss), [], min(epoch, 2))])
    best = any_store.get(run.id)
    assert (best.best_val_acc, best.best_val_loss, best.best_epoch) == (0.7, 0.9, 2)


def test_dropping_epochs_counts_the_best_again(any_store: Store) -> None:
    run = running(any_store)
    any_store.add_initial_layers({run.id: layer_stats(0)})
    for epoch in range(1, 8):
        figures = metrics(epoch, val_acc=epoch / 10, val_loss=1 / epoch)
        any_store.add_epochs([(run.id, figures, layer_stats(epoch), epoch)])
    any_store.drop_epochs_after({run.id: 3})
    left = any_store.get(run.id)
    assert (left.epoch, left.best_epoch, left.best_val_acc, left.best_val_loss) == (3, 3, 0.3, 1 / 3)
    assert left.last is not None
    assert (left.last.epoch, any_store.layers([run.id])[columns.EPOCH].max()) == (3, 3)
    any_store.add_epochs([(run.id, metrics(4), layer_stats(4), 4)])
    any_store.drop_epochs_after({run.id: 0})
    start = any_store.get(run.id)
    assert (start.epoch, start.best_epoch, start.best_val_acc, start.best_val_loss, start.last) == (0, *[None] * 4)
    assert set(any_store.layers([run.id])[columns.EPOCH]) == {0}


@pytest.mark.parametrize("epoch", [1, 2])
def test_an_epoch_is_added_once_and_in_order(any_store: Store, epoch: int) -> None:
    run = running(any_store)
    any_store.add_epochs([(run.id, metrics(2), layer_stats(2), 2)])
    with pytest.raises(StoreError, match=f"already has epoch {epoch}"):
        any_store.add_epochs([(run.id, metrics(epoch), layer_stats(epoch), 1)])
    assert list(any_store.epochs([run.id])[columns.EPOCH]) == [2]


def test_an_epoch_whose_histograms_cannot_be_stored_is_not_there_at_all(any_store: Store) -> None:
    run = running(any_store)
    broken: list[LayerStats] = [layer_stats(1)[0], replace(layer_stats(1)[1], layer=None)]  # type: ignore[arg-type]
    with pytest.raises(StoreError):
        any_store.add_epochs([(run.id, metrics(1), broken, 1)])
    assert (len(any_store.epochs([run.id])), len(any_store.layers([run.id]))) == (0, 0)
    assert any_store.get(run.id).epoch == 0


def test_progress_never_changes_how_many_epochs_are_done(any_store: Store) -> None:
    run = running(any_store)
    any_store.add_epochs([(run.id, metrics(1), [], 1)])
    any_store.progress(run.id, {run.id: Progress(5, 3, 13, 2.0)})
    now = any_store.get(run.id)
    assert (now.epoch, now.step, now.seconds, now.last) == (1, 0, 2.0, metrics(1))


@pytest.mark.parametrize("state", ["finished", "failed", "interrupted"])
def test_a_run_that_ended_takes_no_more_results(any_store: Store, state: State) -> None:
    run_id = brought_to(any_store, state)
    with pytest.raises(StoreError, match=f"is {state}: it takes no more results"):
        any_store.add_epochs([(run_id, metrics(1), [], 1)])
    with pytest.raises(StoreError, match=f"is {state}"):
        any_store.finish([Ending(run_id, "failed")])


def test_a_run_takes_no_results_from_a_process_that_does_not_own_it(any_settings: Settings, any_store: Store) -> None:
    run = running(any_store)
    with open_store(any_settings) as other, pytest.raises(StoreError, match="trained by another process"):
        other.progress(run.id, {run.id: Progress(0, 1, 2, 0.1)})
    with pytest.raises(StoreError, match="cannot finish as queued"):
        any_store.finish([Ending(run.id, "queued")])
