"""Reads a SQLite file that this process may not write, without changing or creating anything beside it.

SQLite reads a file in WAL mode together with its log (``-wal``), through an index (``-shm``) that it would have to
create or repair. So there are three ways, and :meth:`ReadOnlyFile.connect` takes the first that works:

- The log is absent or empty: all rows are in the file, which is declared ``immutable``.
- Log and index are there, as while another process has the file open: it is read in place, with all that is added.
- The log has rows and there is no index that can be used, as in a copied home or after a process was killed:
  ``immutable`` would lose the rows of the log. File and log are copied to a private folder, and read there.

Another process can change which one it is, so :meth:`ReadOnlyFile.changed` is asked before every transaction.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import threading
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from reglab.errors import StoreUnavailable
from reglab.store.private import private_folder
from reglab.store.sentences import disk_error

_ATTEMPTS = 5  # copies of a file that another process writes meanwhile


class _Stamp(NamedTuple):
    """What tells one content of a file from another; all 0 for a file that is not there."""

    inode: int
    size: int
    changed: int


class _State(NamedTuple):
    file: _Stamp
    log: _Stamp
    has_index: bool

    @property
    def live(self) -> bool:
        """Whether it can be read in place together with its log."""
        return self.has_index and self.log.size > 0

    @property
    def key(self) -> tuple[object, ...]:
        """What a connection depends on: in place it sees every change by itself."""
        return (self.file.inode, True) if self.live else (*self, False)


class ReadOnlyFile:
    """The SQLite file at ``path``; ``busy`` seconds are waited for its locks."""

    def __init__(self, path: Path, place: str, busy: float) -> None:
        self.path, self.place, self.busy = path, place, busy
        self._lock = threading.Lock()
        self._known: _State | None = None
        self._folder: Path | None = None
        self._copy: tuple[_State, Path] | None = None

    def changed(self) -> bool:
        """Whether connections made before must not be used any more; True once for each change."""
        with self._lock:
            before, self._known = self._known, self._state()
            return before is not None and before.key != self._known.key

    def connect(self) -> sqlite3.Connection:
        """A new connection, on which writing fails."""
        state = self._state()
        if not state.log.size:
            return self._open(self.path, "mode=ro&immutable=1")
        if state.live:
            connection = self._open(self.path, "mode=ro")
            try:
                connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
                return connection
            except sqlite3.OperationalError:  # the index may not be read, or needs a repair
                connection.close()
        with self._lock:
            return self._open(self._copied(), "mode=rw")

    def _open(self, path: Path, mode: str) -> sqlite3.Connection:
        address = f"file:{quote(str(path))}?{mode}"
        connection = sqlite3.connect(address, uri=True, timeout=self.busy, check_same_thread=False)
        connection.execute("PRAGMA query_only = ON")
        return connection

    def _copied(self) -> Path:
        """A copy of the file and its log as they are now, in a private folder.

        :raises StoreUnavailable: another process does not stop writing them, or there is no room for the copy.
        :raises StoreError: one of them may not be read.
        """
        for _ in range(_ATTEMPTS):
            before = self._state()
            if self._copy is not None and self._copy[0] == before:
                return self._copy[1]
            self._folder = self._folder or private_folder()
            target = self._folder / f"{before.file.changed:x}-{before.log.changed:x}-{before.log.size:x}.sqlite"
            self._copy_to(target)
            if self._state() == before:
                self._forget_copy()
                self._copy = before, target
                return target
        raise StoreUnavailable(f"{self.place} is being written by another program just now; try again.")

    def _copy_to(self, target: Path) -> None:
        """Copy file and log, or nothing."""
        try:
            shutil.copyfile(self.path, target)
            shutil.copyfile(_log(self.path), _log(target))
        except OSError as error:
            for path in (target, _log(target)):
                path.unlink(missing_ok=True)
            raise disk_error(target, error) from None

    def _forget_copy(self) -> None:
        """Remove the copy before; connections that still read it keep it until they are closed."""
        if self._copy is not None and os.name != "nt":
            for end in ("", "-wal", "-shm"):
                self._copy[1].with_name(self._copy[1].name + end).unlink(missing_ok=True)

    def _state(self) -> _State:
        index = self.path.with_name(self.path.name + "-shm")
        return _State(_stamp(self.path), _stamp(_log(self.path)), index.exists())


def _log(path: Path) -> Path:
    return path.with_name(path.name + "-wal")


def _stamp(path: Path) -> _Stamp:
    try:
        found = path.stat()
    except FileNotFoundError:
        return _Stamp(0, 0, 0)
    return _Stamp(found.st_ino, found.st_size, found.st_mtime_ns)
