"""Bring a store's schema to this version's, once, however many processes start together."""

from __future__ import annotations

import threading
from pathlib import Path

from sqlalchemy import Connection, inspect, text

from reglab.errors import StoreError
from reglab.store.database import Database
from reglab.store.schema import REVISION, VERSION_TABLE
from reglab.store.sentences import said

_ADVISORY_KEY = 0x7265676C6162  # "reglab"
_alembic = threading.Lock()  # alembic.context and alembic.op are one per process


def migrate(database: Database) -> None:
    """Create or upgrade the tables in one transaction; nothing to do for a store at head.

    :raises StoreError: the store is newer than this version, or cannot be changed.
    """
    if database.read_only:
        _check_head(database, database.read_only)
        return
    if not database.sqlite:
        _upgrade(database)
        return
    with said(database.place), database.writer(), database.engine.connect() as connection:
        connection.execution_options(reglab_begin=()).exec_driver_sql("PRAGMA journal_mode = WAL")
    _upgrade(database)


def _check_head(database: Database, read_only: str) -> None:
    """Refuse a store that would have to be changed before it can be read."""
    with database.read() as connection:
        revision = _revision(connection)
    if revision != REVISION:
        older = f"{database.place} has schema {revision}, and this version of RegLab reads {REVISION}"
        raise StoreError(f"{older}; it cannot be upgraded: {read_only}")


def _upgrade(database: Database) -> None:
    with database.read() as connection:
        if _revision(connection) == REVISION:
            return
    with _alembic, database.rebuild() as connection:
        if not database.sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_KEY})
        revision = _revision(connection)
        if revision != REVISION:
            _to_head(connection, revision, database.place)


def _revision(connection: Connection) -> str | None:
    """The revision that the store says it has; None for a new one."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    return connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar_one_or_none()


def _to_head(connection: Connection, revision: str | None, place: str) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))
    config.attributes["connection"] = connection
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if revision is not None and revision not in known:
        raise StoreError(
            f"{place} was written by a newer version of RegLab (schema {revision}, this version knows {REVISION}); "
            "upgrade RegLab."
        )
    command.upgrade(config, "head")
