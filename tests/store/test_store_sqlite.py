"""How SQLite is used: a write-ahead log, immediate write transactions, one writer at a time."""

from __future__ import annotations

import os
import sqlite3

import pytest
from tests.factories import metrics
from tests.store.helpers import running

from reglab.events import Checkpoint
from reglab.settings import Settings
from reglab.spec import RunSpec
from reglab.store import Store, database


@pytest.mark.parametrize(
    ("pragma", "value"),
    [
        ("journal_mode", "wal"),
        ("foreign_keys", 1),
        ("busy_timeout", int(1000 * database.BUSY_SECONDS)),
    ],
)
def test_every_connection_has_its_pragmas(store: Store, pragma: str, value: str | int) -> None:
    with store._database.read() as first, store._database.read() as second:
        for connection in (first, second):
            assert connection.exec_driver_sql(f"PRAGMA {pragma}").scalar_one() == value


@pytest.mark.parametrize(("durable", "synchronous"), [(True, 2), (False, 1)])
def test_only_durable_transactions_wait_for_the_disk(store: Store, durable: bool, synchronous: int) -> None:
    for setting, wanted in ((not durable, 3 - synchronous), (durable, synchronous)):
        with store._database.write(durable=setting) as connection:
            assert connection.exec_driver_sql("PRAGMA synchronous").scalar_one() == wanted


def test_the_log_is_on_disk_before_a_checkpoint(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    sync = os.fsync

    def noted(descriptor: int) -> None:
        synced.append(os.path.realpath(f"/dev/fd/{descriptor}").rpartition("/")[2])
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    run = running(store)
    store.add_epochs([(run.id, metrics(1), [], 1)])
    assert synced == []
    store.files(run.id).save_checkpoint(Checkpoint({}, {"epoch": 1}))
    assert synced[0] == "reglab.sqlite-wal"
    assert synced[1].startswith(".checkpoint")


def test_a_checkpoint_of_a_store_without_a_log(store: Store) -> None:
    run = running(store)
    store.close()
    assert not list(store.home.glob("*-wal"))
    store.files(run.id).save_checkpoint(Checkpoint({}, {"epoch": 1}))
    assert store.files(run.id).has_checkpoint


def test_a_write_transaction_shuts_out_other_writers_from_its_first_moment(settings: Settings, store: Store) -> None:
    other = sqlite3.connect(settings.home / "reglab.sqlite", isolation_level=None, timeout=0)
    with store._database.write(), pytest.raises(sqlite3.OperationalError, match="locked"):
        other.execute("BEGIN IMMEDIATE")
    other.execute("BEGIN IMMEDIATE")
    other.close()


def test_readers_go_on_while_something_is_written(store: Store) -> None:
    run = store.create(RunSpec())
    with store._database.write() as connection:
        connection.exec_driver_sql("UPDATE runs SET name = 'half written'")
        assert store.runs() == [run]
    assert store.get(run.id).name == "half written"


def test_a_block_that_raises_changes_nothing(store: Store) -> None:
    run = store.create(RunSpec())
    with pytest.raises(KeyboardInterrupt), store._database.write() as connection:  # noqa: PT012
        connection.exec_driver_sql("DELETE FROM runs")
        raise KeyboardInterrupt
    assert store.runs() == [run]
