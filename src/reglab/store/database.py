"""Read and write transactions on SQLite or PostgreSQL.

SQLite runs in WAL mode with ``BEGIN IMMEDIATE`` for writes and one writer per file: a thread lock within the process
and a file lock between processes, because SQLite before 3.51.3 can damage a WAL that two connections write or reset at
the same moment. What is committed survives the death of the process. A durable transaction also survives a power cut
(``synchronous = FULL``: it waits for the disk, and takes all before it along); one that is not waits for nothing.

Open connections keep a deleted or moved SQLite file alive, and new ones would create an empty file in its place. A
pinned database therefore compares the file at its path with the one it opened before every transaction.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from filelock import Timeout
from sqlalchemy import URL, Connection, Engine, create_engine, event

from reglab.errors import StoreError, StoreUnavailable
from reglab.store import atomic, locks
from reglab.store.read_only_file import ReadOnlyFile
from reglab.store.sentences import database_errors, disk_error, where

BUSY_SECONDS = 30.0
CONNECT_SECONDS = 5

_writers: dict[Path, threading.Lock] = {}
_writers_guard = threading.Lock()


class Database:
    """An engine and its rules for transactions; safe to share between threads."""

    def __init__(self, url: URL, *, read_only: str | None = None) -> None:
        """``read_only``: why nothing may be written, as a sentence; SQLite's file is then a :class:`ReadOnlyFile`."""
        self.url, self.place, self.read_only = url, where(url), read_only
        self.sqlite = url.get_backend_name() == "sqlite"
        self._file_read = (
            ReadOnlyFile(sqlite_path(url), self.place, BUSY_SECONDS) if self.sqlite and read_only else None
        )
        self.engine = _sqlite_engine(url, self._file_read) if self.sqlite else _postgresql_engine(url, read_only)
        self._turn = _Turn(sqlite_path(url), self.place) if self.sqlite else None
        self._file: tuple[int, int] | None = None

    def pin(self) -> None:
        """From now on, accept only the SQLite file that is there now, and never create another one."""
        if self.sqlite and self._file is None:
            self._file = self._identity()
            event.listen(self.engine, "do_connect", _open_existing)

    def check_file(self) -> None:
        """Raise :class:`StoreUnavailable` where the pinned file was deleted, moved or replaced."""
        if self._file is not None and self._identity() != self._file:
            raise StoreUnavailable(f"{self.place} was replaced by another file; restart RegLab to use that one.")

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that sees one consistent state and changes nothing."""
        self.check_file()
        if self._file_read is not None and self._file_read.changed():
            self.close()
        with database_errors(self.place), self.engine.connect() as connection, connection.begin():
            yield connection

    def check_writable(self) -> None:
        """Raise :class:`StoreError` with the reason where nothing may be written: the one gate of every write."""
        if self.read_only:
            raise StoreError(self.read_only)

    @contextmanager
    def write(self, *, durable: bool = True) -> Iterator[Connection]:
        """A transaction that commits at the end of the block, or changes nothing if the block raises."""
        self.check_writable()
        synchronous = f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}"
        with database_errors(self.place), self.writer(), self.engine.connect() as connection:
            connection.execution_options(reglab_begin=(synchronous, "BEGIN IMMEDIATE"))
            with connection.begin():
                yield connection

    @contextmanager
    def rebuild(self) -> Iterator[Connection]:
        """A durable write transaction for migrations: SQLite can then copy and drop a table without cascading."""
        if not self.sqlite:
            with self.write() as connection:
                yield connection
            return
        begin = ("PRAGMA synchronous = FULL", "PRAGMA foreign_keys = OFF", "BEGIN IMMEDIATE")
        try:
            with database_errors(self.place), self.writer(), self.engine.connect() as connection:
                connection.execution_options(reglab_begin=begin)
                with connection.begin():
                    yield connection
        finally:
            self.close()  # the next connection begins with foreign keys on

    def flush(self) -> None:
        """Wait until everything committed so far is on the disk; PostgreSQL has seen to that already."""
        if not self.sqlite:
            return
        self.check_file()
        path = sqlite_path(self.url)
        log = path.with_name(path.name + "-wal")
        try:
            atomic.sync(log)
        except FileNotFoundError:
            return  # no connection has written since the log was folded into the database, which flushes it
        except OSError as error:
            raise disk_error(log, error) from None

    @contextmanager
    def writer(self) -> Iterator[None]:
        """This file's one place for a writer (SQLite); PostgreSQL orders its writers itself."""
        self.check_file()
        if self._turn is None:
            yield
        else:
            with self._turn.held(self.check_file):
                yield

    def close(self) -> None:
        """Close every idle connection; the database can be used again afterwards."""
        self.engine.dispose()

    def _identity(self) -> tuple[int, int]:
        path = sqlite_path(self.url)
        try:
            found = path.stat()
        except FileNotFoundError:
            raise StoreUnavailable(
                f"{self.place} is no longer there: its file was deleted or moved; put it back, or restart RegLab."
            ) from None
        except OSError as error:
            raise disk_error(path, error) from None
        return found.st_dev, found.st_ino


class _Turn:
    """The right to write one SQLite file, held by one thread of one process at a time."""

    def __init__(self, path: Path, place: str) -> None:
        self.place, self.path = place, path.with_name(path.name + ".lock")
        with _writers_guard:
            self.threads = _writers.setdefault(path.resolve(), threading.Lock())
        self.processes = locks.file_lock(self.path)

    @contextmanager
    def held(self, check_file: Callable[[], None]) -> Iterator[None]:
        if not self.threads.acquire(timeout=BUSY_SECONDS):
            raise StoreUnavailable(
                f"{self.place} is busy: another thread has been writing to it for too long; try again."
            )
        try:
            check_file()  # it may have been moved while another thread was writing
            self._acquire()
            try:
                check_file()  # … or another process
                yield
            finally:
                self.processes.release()
        finally:
            self.threads.release()

    def _acquire(self) -> None:
        try:
            locks.acquire(self.processes, BUSY_SECONDS)
        except Timeout:
            raise StoreUnavailable(
                f"{self.place} is busy: another program has been writing to it for too long; try again."
            ) from None
        except OSError as error:
            raise disk_error(self.path, error) from None


def sqlite_path(url: URL) -> Path:
    """The file behind a SQLite ``url``, which may also be a ``file:`` URI."""
    path = url.database or ""
    return Path(path.removeprefix("file:").partition("?")[0] if path.startswith("file:") else path).absolute()


def _sqlite_engine(url: URL, read_only: ReadOnlyFile | None) -> Engine:
    if read_only is not None:
        engine = create_engine(url, creator=read_only.connect, max_overflow=-1)
    else:
        engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS}, max_overflow=-1)

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None  # the driver would begin transactions by itself, and never IMMEDIATE ones
        connection.execute("PRAGMA foreign_keys = ON")
        connection.create_function("reglab_lower", 1, _lower, deterministic=True)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        for statement in connection.get_execution_options().get("reglab_begin", ("BEGIN",)):
            connection.exec_driver_sql(statement)

    return engine


def _lower(text: bytes | None) -> str | None:
    """Lower case in every script, of any bytes; SQLite's own ``lower`` knows ASCII only."""
    return None if text is None else text.decode(errors="replace").lower()


def _open_existing(_dialect: Any, _record: Any, arguments: list[Any], options: dict[str, Any]) -> None:
    """Have SQLite open the file only where there is one; by default it creates a missing file."""
    name = str(arguments[0])
    uri = name if name.startswith("file:") else f"file:{quote(name)}"
    if "mode=" not in uri.partition("?")[2]:
        uri += ("&" if "?" in uri else "?") + "mode=rw"
    arguments[0], options["uri"] = uri, True


def _postgresql_engine(url: URL, read_only: str | None) -> Engine:
    connect_args: dict[str, Any] = {} if "connect_timeout" in url.query else {"connect_timeout": CONNECT_SECONDS}
    if read_only and "options" not in url.query:
        connect_args["options"] = "-c default_transaction_read_only=on"
    return create_engine(url, connect_args=connect_args, pool_pre_ping=True, max_overflow=-1)
