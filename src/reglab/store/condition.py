"""What the store of the settings is like, found out without creating or upgrading it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL, Connection, func, select, text

from reglab.settings import Settings
from reglab.store.database import Database, sqlite_path
from reglab.store.open import check_file, connect, recorded_revision, refuse_newer, store_url, why_read_only
from reglab.store.schema import REVISION, runs
from reglab.store.sentences import where


@dataclass(frozen=True)
class Condition:
    """``revision`` is that of the schema, ``bytes`` the size of the database, ``runs`` how many it holds, deleted ones
    included (``None`` while its schema is another version's). ``barred`` is the sentence why nothing can be written.
    """

    place: str
    there: bool
    revision: str | None = None
    bytes: int = 0
    runs: int | None = None
    barred: str | None = None

    @property
    def outdated(self) -> bool:
        """Whether opening it brings its schema to this version's."""
        return self.revision != REVISION


def condition(settings: Settings) -> Condition:
    """The condition of the store.

    :raises StoreError: one sentence, without passwords: the store cannot be opened, or is a newer version's.
    """
    url = store_url(settings.store)
    sqlite = url.get_backend_name() == "sqlite"
    if sqlite and not _file_is_there(url, settings.home):
        if settings.home.is_dir():
            why_read_only(settings, url)  # raises where it cannot be created
        return Condition(where(url), there=False)
    database = connect(url, why_read_only(settings, url))
    try:
        database.pin()
        with database.read() as connection:
            return _look(database, connection)
    finally:
        database.close()


def _file_is_there(url: URL, home: Path) -> bool:
    """Whether SQLite's file is there; a folder that is missing is the home's own, which is created, or an error."""
    path = sqlite_path(url)
    if path.parent == home and not home.exists():
        return False
    check_file(url)
    return path.exists()


def _look(database: Database, connection: Connection) -> Condition:
    revision = recorded_revision(connection)
    refuse_newer(revision, database.place)
    count = connection.execute(select(func.count()).select_from(runs)).scalar_one() if revision == REVISION else None
    size = _sqlite_size(database.url) if database.sqlite else _postgresql_size(connection)
    barred = database.read_only if database.sqlite else _barred(connection, upgraded=revision == REVISION)
    return Condition(database.place, True, revision, size, count, barred)


def _sqlite_size(url: URL) -> int:
    """The file and its write-ahead log."""
    path = sqlite_path(url)
    files = (path, path.with_name(path.name + "-wal"))
    return sum(file.stat().st_size for file in files if file.exists())


def _postgresql_size(connection: Connection) -> int:
    return int(connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one())


def _barred(connection: Connection, *, upgraded: bool) -> str | None:
    """Why this user cannot write to the PostgreSQL database."""
    if connection.execute(text("SELECT pg_is_in_recovery()")).scalar_one():
        return "the server is a replica, which can only be read; name the primary server in REGLAB_STORE."
    right = "has_table_privilege('runs', 'INSERT')" if upgraded else "has_schema_privilege(current_schema(), 'CREATE')"
    if not connection.execute(text(f"SELECT {right}")).scalar_one():
        return "this database user lacks the right to write; grant it, or name another user in REGLAB_STORE."
    return None
