"""Opening the store that the settings name."""

from __future__ import annotations

import os
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from reglab.errors import StoreError, shown
from reglab.settings import Settings
from reglab.store.database import Database, sqlite_path
from reglab.store.migrate import migrate
from reglab.store.sentences import disk_error, where
from reglab.store.store import Store

_DRIVERS = {
    "sqlite": "sqlite",
    "sqlite+pysqlite": "sqlite",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}
_HINT = "write e.g. sqlite:////folder/reglab.sqlite or postgresql+psycopg://user@host/database"


def open_store(settings: Settings) -> Store:
    """The store at ``settings.store``, with its files under ``settings.home``; both are created where missing.

    The schema is brought to this version's, in one transaction, also when several processes start together. A home or
    database that is there but may not be written is opened for reading: whatever writes raises :class:`StoreError`.

    :raises StoreError: one sentence, without passwords: a wrong URL, a file that is no database, a folder that is
        missing or may not be written, no driver, a server that does not answer within 5 s, or a newer schema.
    """
    url = store_url(settings.store)
    _make_home(settings.home)
    if url.get_backend_name() == "sqlite":
        _check_file(url)
    database = _database(url, _read_only(settings.home, url))
    try:
        migrate(database)
        database.pin()
    except BaseException:
        database.close()
        raise
    return Store(database, settings.home)


def store_url(text: str) -> URL:
    """The URL in ``text`` with its driver; :class:`StoreError` where it is none that RegLab can use."""
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise StoreError(f"REGLAB_STORE is not a database URL; {_HINT}.") from None
    if url.drivername not in _DRIVERS:
        raise StoreError(f"REGLAB_STORE names {shown(url.drivername)}, which is not supported; {_HINT}.")
    return url.set(drivername=_DRIVERS[url.drivername])


def _make_home(home: Path) -> None:
    try:
        home.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise StoreError(f"REGLAB_HOME must be a folder, but {home} is a file.") from None
    except OSError as error:
        raise disk_error(home, error) from None
    if not os.access(home, os.R_OK | os.X_OK):
        raise StoreError(f"REGLAB_HOME {home} may not be read by this user; check its rights.")


def _read_only(home: Path, url: URL) -> str | None:
    """Why nothing may be written, in a sentence; None where everything may.

    :raises StoreError: where there is no store yet that could be read.
    """
    places = [home]
    if url.get_backend_name() == "sqlite" and not url.query:  # a URI has a mode of its own
        path = sqlite_path(url)
        places += [path.parent, *([path] if path.exists() else [])]
    barred = next((place for place in places if not os.access(place, os.W_OK)), None)
    if barred is None:
        return None
    sentence = f"{barred} may not be written by this user; check its rights, or those of REGLAB_HOME."
    if url.get_backend_name() == "sqlite" and not sqlite_path(url).exists():
        raise StoreError(sentence)
    return sentence


def _check_file(url: URL) -> None:
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


def _database(url: URL, read_only: str | None) -> Database:
    try:
        return Database(url, read_only=read_only)
    except ImportError:
        raise StoreError(
            f"{where(url)} needs a driver that is not installed; install psycopg with: pip install 'reglab[postgres]'."
        ) from None
    except (ArgumentError, NoSuchModuleError, TypeError, ValueError):
        raise StoreError(f"REGLAB_STORE is not a database URL that can be used; {_HINT}.") from None
