"""How SQLite is used: a write-ahead log, immediate write transactions, one writer at a time."""

from __future__ import annotations

import sqlite3

import pytest

from reglab.settings import Settings
from reglab.spec import RunSpec
from reglab.store import Store, database


@pytest.mark.parametrize(
    ("pragma", "value"),
    [
        ("journal_mode", "wal"),
        ("synchronous", 2),
        ("foreign_keys", 1),
        ("busy_timeout", int(1000 * database.BUSY_SECONDS)),
    ],
)
def test_every_connection_has_its_pragmas(store: Store, pragma: str, value: str | int) -> None:
    with store._database.read() as first, store._database.read() as second:
        for connection in (first, second):
            assert connection.exec_driver_sql(f"PRAGMA {pragma}").scalar_one() == value


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
