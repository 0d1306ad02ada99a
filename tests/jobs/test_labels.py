"""Chance by a run's recorded labels, and for runs of earlier versions by the data set."""

from __future__ import annotations

from dataclasses import replace

from tests.factories import spec

from reglab.analysis import Chance
from reglab.events import Environment
from reglab.jobs import chance_of, chance_of_run, data_remarks
from reglab.store import Run, Store

OLD = Environment("cpu", 1, {"torch": "2.13.0"}, 1568, 400, 530)


def begun(store: Store, environment: Environment, **changes: object) -> Run:
    run = store.create(spec(**changes), owner=store.owner())
    store.began({run.id: environment})
    return store.get(run.id)


def test_recorded_labels_count(store: Store) -> None:
    counts = (103, *[48] * 9)
    run = begun(store, replace(OLD, train_labels=(40,) * 10, val_labels=counts))
    assert chance_of_run(run) == Chance(10, 535, 103 / 535)
    assert data_remarks(run) == []


def test_without_a_record_the_data_set_tells(store: Store) -> None:
    assert chance_of_run(begun(store, OLD)) == Chance(10, 530)
    assert chance_of_run(store.create(spec())) == Chance(10, 539)
    assert chance_of_run(store.create(spec(data__train_size=5_000))) is None  # the data set has no such size
    assert data_remarks(begun(store, OLD)) == []


def test_of_an_unknown_data_set_nothing_is_known(store: Store) -> None:
    run = begun(store, OLD, data__name="gone")
    assert chance_of_run(run) is None
    assert chance_of([run]) is None


def test_the_strictest_repeat_counts(store: Store) -> None:
    runs = [begun(store, replace(OLD, val_labels=(n, *[50] * 9))) for n in (50, 55)]
    assert chance_of(runs) == Chance(10, 505, 55 / 505)
