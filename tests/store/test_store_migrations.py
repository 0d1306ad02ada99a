"""The migrations build exactly the schema, upgrade old stores, and refuse newer ones."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData, Table, insert, inspect, text
from tests.store.helpers import running

from reglab import columns
from reglab.errors import StoreError
from reglab.settings import Settings
from reglab.store import Run, Store, migrations, open_store
from reglab.store.database import Database
from reglab.store.open import store_url
from reglab.store.schema import REVISION, VERSION_TABLE, metadata
from reglab.store.types import pack

FIGURES = [name for name in columns.METRICS if name not in columns.SOMETIMES]  # of every revision
SCRIPTS = Path(migrations.__file__).parent


def config(connection: Any = None) -> Config:
    made = Config()
    made.set_main_option("script_location", str(SCRIPTS))
    made.attributes["connection"] = connection
    return made


def revisions() -> list[str]:
    """Every revision, oldest first."""
    return [script.revision for script in ScriptDirectory.from_config(config()).walk_revisions()][::-1]


def build(settings: Settings, revision: str) -> None:
    """Make a store as the version of ``revision`` left it, with one finished run, an epoch and a layer of it."""
    settings.home.mkdir()
    database = Database(store_url(settings.store))
    with database.write() as connection:
        command.upgrade(config(connection), revision)
        runs = Table("runs", MetaData(), autoload_with=connection)
        values = {"id": "old0000000", "name": "old", "state": "finished", "wanted": "run", "spec": "{}",
                  "dataset": "digits", "model": "simple_cnn", "tags": [], "note": ""}  # fmt: skip
        values |= {"penalty": "none"} if "penalty" in runs.c else {}
        zeros = dict.fromkeys(["l1", "l2", "seconds", "step", "steps"], 0) | {"epoch": 1, "epochs": 1}
        moment = text("CURRENT_TIMESTAMP")
        connection.execute(insert(runs).values(**values, **zeros, created=moment, queued=moment, best_val_acc=0.5))
        epochs = Table("epochs", MetaData(), autoload_with=connection)
        connection.execute(insert(epochs).values(run="old0000000", epoch=1, **dict.fromkeys(FIGURES, 0.5)))
        norms = dict.fromkeys(["l1_norm", "l2_norm", "max_abs", "zero_share", "near_zero_share", "zeros"], 0)
        layers = Table("layers", MetaData(), autoload_with=connection)
        row = {"run": "old0000000", "epoch": 1, "position": 0, "layer": "fc.weight", "size": 7}
        connection.execute(insert(layers).values(**row, **norms, counts=pack(np.array([3, 4]))))
    database.close()


def test_there_is_one_line_of_revisions_and_this_version_is_at_its_head() -> None:
    assert ScriptDirectory.from_config(config()).get_heads() == [REVISION]
    assert revisions()[-1] == REVISION


def test_the_migrated_schema_is_the_metadata(any_store: Store) -> None:
    options = {"version_table": VERSION_TABLE, "compare_type": True, "compare_server_default": True}
    with any_store._database.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection, opts=options), metadata) == []


def test_primary_keys_and_cascades_are_those_of_the_metadata(any_store: Store) -> None:
    """What alembic's comparison does not look at."""
    with any_store._database.read() as connection:
        found = inspect(connection)
        for table in metadata.tables.values():
            assert found.get_pk_constraint(table.name)["constrained_columns"] == [c.name for c in table.primary_key]
            for key in found.get_foreign_keys(table.name):
                assert key["options"] == {"ondelete": "CASCADE"}


@pytest.mark.parametrize("revision", revisions()[:-1])
def test_an_older_store_is_upgraded_with_everything_in_it(new_settings: Settings, revision: str) -> None:
    build(new_settings, revision)
    with open_store(new_settings) as store:
        old = store.get("old0000000")
        assert (old.name, old.state, old.activity) == ("old", "finished", None)
        assert running(store).state == "running"
        layers = store.layers([old.id])
        assert [counts.tolist() for counts in layers[columns.COUNTS]] == [[3, 4]]
        assert layers[[columns.DATA_GRAD, columns.PENALTY_GRAD]].isna().all(axis=None)  # not recorded then
        assert len(store.gradients([old.id])) == 1
        assert (old.sweep, old.lane) == (None, None)
        assert (old.best_val_acc, old.best_val_acc_epoch) == (0.5, 1 if revision < "0005" else None)
        check_epoch(store, old)
        with store._database.read() as connection:
            assert connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalars().all() == [REVISION]


def check_epoch(store: Store, old: Run) -> None:
    """Its figures are there, and what was not measured then is NaN, however it is read."""
    epochs = store.epochs([old.id])
    assert (epochs[FIGURES] == 0.5).all(axis=None)
    assert epochs[[*columns.SOMETIMES]].isna().all(axis=None)
    assert old.last is not None
    assert old.last.lr == 0.5
    for name in columns.SOMETIMES:
        assert math.isnan(getattr(old.last, name))
        assert [math.isnan(value) for value in store.sparklines([old.id], name)[old.id]] == [True]


def test_foreign_keys_hold_in_an_upgraded_store(settings: Settings) -> None:
    """The migration that copies a table does without them, so that nothing cascades from the old one."""
    build(settings, "0003")
    with open_store(settings) as store:
        with store._database.read() as connection:
            assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar_one() == 1
            assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []
        with pytest.raises(StoreError, match="FOREIGN KEY"), store._database.write() as connection:
            connection.exec_driver_sql("UPDATE runs SET sweep = 'nowhere'")
        with store._database.write() as connection:
            connection.exec_driver_sql("DELETE FROM runs")
        assert (len(store.epochs(["old0000000"])), len(store.layers(["old0000000"]))) == (0, 0)


def test_a_newer_store_is_refused_and_left_alone(any_settings: Settings) -> None:
    with open_store(any_settings) as store, store._database.write() as connection:
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '9999'"))
    try:
        with pytest.raises(StoreError) as error:
            open_store(any_settings)
        assert "was written by a newer version of RegLab (schema 9999, this version knows" in str(error.value)
        assert str(error.value).endswith("upgrade RegLab.")
    finally:
        database = Database(store_url(any_settings.store))
        with database.write() as connection:
            connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '{REVISION}'"))
        database.close()


def test_a_migration_that_fails_changes_nothing(new_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    upgrade = command.upgrade

    def fail_at_the_end(made: Config, revision: str) -> None:
        upgrade(made, revision)
        raise StoreError("The power went.")

    monkeypatch.setattr(command, "upgrade", fail_at_the_end)
    with pytest.raises(StoreError, match="The power went"):
        open_store(new_settings)
    monkeypatch.undo()
    database = Database(store_url(new_settings.store))
    with database.read() as connection:
        assert inspect(connection).get_table_names() == []
    database.close()
    open_store(new_settings).close()


def test_opening_a_store_at_head_writes_nothing(settings: Settings, store: Store) -> None:
    store.close()
    before = (settings.home / "reglab.sqlite").read_bytes()
    open_store(settings).close()
    assert (settings.home / "reglab.sqlite").read_bytes() == before
