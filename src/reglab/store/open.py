"""Opens the store of the settings, and brings its schema to this version's, once for all processes."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import URL, Connection, inspect, make_url, text
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from reglab.errors import StoreError, shown
from reglab.settings import Settings
from reglab.store.database import Database, sqlite_path
from reglab.store.private import private_folder
from reglab.store.remote_files import mark_copy
from reglab.store.schema import REVISION, VERSION_TABLE
from reglab.store.sentences import database_errors, disk_error, where
from reglab.store.store import Store

if TYPE_CHECKING:
    from alembic.config import Config

_DRIVERS = {
    "sqlite": "sqlite",
    "sqlite+pysqlite": "sqlite",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}
_ADVISORY_KEY = 0x7265676C6162  # "reglab"
_alembic = threading.Lock()  # alembic.context and alembic.op are one per process
READ_ONLY = "RegLab is read-only here: it shows runs and changes nothing (REGLAB_READ_ONLY)."
_HINT = "write e.g. sqlite:////folder/reglab.sqlite or postgresql+psycopg://user@host/database"


def open_store(settings: Settings) -> Store:
    """The store at ``settings.store``, with its files in ``settings.files_folder``; both are created if missing.

    A home or database that may not be written is opened for reading, as with ``REGLAB_READ_ONLY``: writes raise
    :class:`StoreError`, and nothing is created.

    :raises StoreError: one sentence, without passwords: a wrong URL, a file that is no database, a folder that is
        missing or may not be written, no driver, a server that does not answer within 5 s, or a newer schema.
    """
    url, files = store_url(settings.store), settings.files_folder
    make_home(settings.home, create=not settings.read_only)
    if settings.files_url is None and files != settings.home:
        make_home(files, "REGLAB_FILES", create=not settings.read_only)
    if url.get_backend_name() == "sqlite":
        check_file(url)
    barred = why_read_only(settings, url)
    if settings.files_url is not None:
        files = files if barred is None else private_folder()  # what is fetched from there must lie somewhere
        make_home(files, "REGLAB_FILES")
        mark_copy(files, settings.files_url)
    database = connect(url, barred)
    try:
        migrate(database)
        database.pin()
    except BaseException:
        database.close()
        raise
    return Store(database, files, settings.home)


def store_url(name: str) -> URL:
    """The URL ``name`` with its driver; :class:`StoreError` if RegLab cannot use it."""
    try:
        url = make_url(name)
    except (ArgumentError, ValueError):
        raise StoreError(f"REGLAB_STORE is not a database URL; {_HINT}.") from None
    if url.drivername not in _DRIVERS:
        raise StoreError(f"REGLAB_STORE names {shown(url.drivername)}, which is not supported; {_HINT}.")
    return url.set(drivername=_DRIVERS[url.drivername])


def make_home(home: Path, setting: str = "REGLAB_HOME", *, create: bool = True) -> None:
    """Have the folder of a setting be there, and readable; without ``create`` it has to be."""
    try:
        if create:
            home.mkdir(parents=True, exist_ok=True)
        elif not home.is_dir():
            raise StoreError(f"{setting} {home} is not there, and {READ_ONLY}")
    except FileExistsError:
        raise StoreError(f"{setting} must be a folder, but {home} is a file.") from None
    except OSError as error:
        raise disk_error(home, error) from None
    if not os.access(home, os.R_OK | os.X_OK):
        raise StoreError(f"{setting} {home} may not be read by this user; check its rights.")


def why_read_only(settings: Settings, url: URL) -> str | None:
    """The sentence why nothing may be written, or None: the setting says so, or rights forbid it.

    :raises StoreError: there is no store yet that could be read.
    """
    if settings.read_only:
        return _of_what_is_there(READ_ONLY, url)
    own = settings.files_url is None and settings.files_folder.is_dir()
    return read_only(settings.home, url, settings.files_folder if own else None)


def read_only(home: Path, url: URL, files: Path | None = None) -> str | None:
    """The sentence that this user may not write to a place of the store, or None.

    :raises StoreError: there is no store yet that could be read.
    """
    places = [home, *([] if files is None else [files])]
    if url.get_backend_name() == "sqlite" and not url.query:  # a URI has a mode of its own
        path = sqlite_path(url)
        places += [path.parent, *([path] if path.exists() else [])]
    barred = next((place for place in places if not os.access(place, os.W_OK)), None)
    if barred is None:
        return None
    return _of_what_is_there(
        f"{barred} may not be written by this user; check its rights, or those of REGLAB_HOME.", url
    )


def _of_what_is_there(sentence: str, url: URL) -> str:
    """``sentence``, which is an error where there is no file to be read."""
    if url.get_backend_name() == "sqlite" and not sqlite_path(url).exists():
        raise StoreError(sentence)
    return sentence


def check_file(url: URL) -> None:
    if not url.database or ":memory:" in url.database or "memory" in url.query.get("mode", ""):
        raise StoreError(f"REGLAB_STORE must name a file, because memory is not shared between processes; {_HINT}.")
    path = sqlite_path(url)
    try:
        is_folder, has_folder = path.is_dir(), path.parent.is_dir()
    except OSError as error:
        raise disk_error(path, error) from None
    if is_folder:
        raise StoreError(f"The store {path} is a folder; REGLAB_STORE must name a file in it.")
    if not has_folder:
        raise StoreError(f"The folder {path.parent} of the store is missing; create it or check REGLAB_STORE.")


def connect(url: URL, read_only: str | None) -> Database:
    try:
        return Database(url, read_only=read_only)
    except ImportError:
        how = "install psycopg with: pip install 'reglab[postgres]'"
        raise StoreError(f"{where(url)} needs a driver that is not installed; {how}.") from None
    except (ArgumentError, NoSuchModuleError, TypeError, ValueError):
        raise StoreError(f"REGLAB_STORE is not a database URL that can be used; {_HINT}.") from None


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
    with database_errors(database.place), database.writer(), database.engine.connect() as connection:
        connection.execution_options(reglab_begin=()).exec_driver_sql("PRAGMA journal_mode = WAL")
    _upgrade(database)


def _check_head(database: Database, read_only: str) -> None:
    """Refuse a store that would have to be changed before it can be read."""
    with database.read() as connection:
        revision = recorded_revision(connection)
    if revision != REVISION:
        older = f"{database.place} has schema {revision}, and this version of RegLab reads {REVISION}"
        raise StoreError(f"{older}; it cannot be upgraded: {read_only}")


def _upgrade(database: Database) -> None:
    with database.read() as connection:
        if recorded_revision(connection) == REVISION:
            return
    with _alembic, database.rebuild() as connection:
        if not database.sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_KEY})
        revision = recorded_revision(connection)
        if revision != REVISION:
            _to_head(connection, revision, database.place)


def recorded_revision(connection: Connection) -> str | None:
    """The revision recorded in the store; None for a new one."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    return connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar_one_or_none()


def refuse_newer(revision: str | None, place: str) -> None:
    """Raise :class:`StoreError` where the store's revision is none that this version knows."""
    from alembic.script import ScriptDirectory

    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    if revision is not None and revision not in known:
        newer = f"a newer version of RegLab (schema {revision}, this version knows {REVISION})"
        raise StoreError(f"{place} was written by {newer}; upgrade RegLab.")


def _to_head(connection: Connection, revision: str | None, place: str) -> None:
    from alembic import command

    refuse_newer(revision, place)
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _config() -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))
    return config
