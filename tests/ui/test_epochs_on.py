"""Epochs that are read on from those already known are those of the store, whatever happened in between."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from tests.factories import add_run, layer_stats, metrics

from reglab.store import Run, Store
from reglab.ui.shared.memo import epochs_on


def check(store: Store, runs: Sequence[Run], before: pd.DataFrame | None) -> pd.DataFrame:
    """The epochs read on, which are those that the store has."""
    now = [store.get(run.id) for run in runs]
    found = epochs_on(store, now, before)
    assert_frame_equal(found, store.epochs([run.id for run in runs]))
    return found


def go_on(store: Store, run: Run, *epochs: int) -> None:
    for epoch in epochs:
        store.add_epochs([(run.id, metrics(epoch), layer_stats(epoch), 1)])


def test_runs_that_go_on_at_different_paces(store: Store) -> None:
    first, second, ended = (add_run(store, state=state, epochs=4) for state in ("running", "running", "finished"))
    runs = [second, ended, first]
    known = check(store, runs, None)
    go_on(store, first, 5)
    known = check(store, runs, known)
    go_on(store, first, 6, 7)
    go_on(store, second, 5)
    known = check(store, runs, known)
    assert check(store, runs, known) is known  # nothing new


def test_a_run_before_its_first_epoch(store: Store) -> None:
    run = add_run(store, state="running", epochs=0)
    known = check(store, [run], None)
    go_on(store, run, 1, 2)
    check(store, [run], known)


def test_a_run_that_was_resumed_from_an_earlier_epoch(store: Store) -> None:
    run = add_run(store, state="running", epochs=6)
    known = check(store, [run], None)
    store.drop_epochs_after({run.id: 4})
    check(store, [run], known)


def test_only_new_epochs_are_read(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[list[str], int]] = []
    read = Store.epochs

    def counted(self: Store, run_ids: Sequence[str], *, since: int = 0) -> pd.DataFrame:
        asked.append((list(run_ids), since))
        return read(self, run_ids, since=since)

    runs = [add_run(store, state="running", epochs=6), add_run(store, epochs=2)]
    known = epochs_on(store, runs, None)
    go_on(store, runs[0], 7)
    monkeypatch.setattr(Store, "epochs", counted)
    epochs_on(store, [store.get(run.id) for run in runs], known)
    assert asked == [([runs[0].id], 6)]
