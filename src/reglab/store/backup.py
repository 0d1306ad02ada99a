"""A copy of a home, made while it is in use: the database and the files of its runs, fit to be a home itself.

Files are copied first: a checkpoint may be older than the database, whose later epochs are then trained again, but
never newer. Weights that were saved meanwhile are copied after the database, which may name them.
"""

from __future__ import annotations

import os
import secrets
import shutil
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from reglab.errors import StoreError
from reglab.store import atomic
from reglab.store.database import Database
from reglab.store.files import NEWEST, PREVIOUS, RunFiles, is_plain
from reglab.store.remote_files import files_in, without_secrets
from reglab.store.sentences import database_error, disk_error

NAME = "reglab.sqlite"


@dataclass
class Copied:
    """How many files were copied, of how many bytes; ``inodes`` keeps hard links as such."""

    files: int = 0
    bytes: int = 0
    left_out: list[str] = field(default_factory=list)
    inodes: dict[tuple[int, int], Path] = field(default_factory=dict, repr=False)


def back_up(database: Database, home: Path, ids: Callable[[], Iterable[str]], target: Path) -> Copied:
    """Make ``target`` a home with the runs and sweeps ``ids``, as it is found then; data sets are not copied.

    :raises StoreError: the store is no SQLite file, or ``target`` is there already, lies in the home, or cannot be
        written; nothing is left of it then.
    """
    _check(database, home, target)
    partial, copied = target.with_name(f".{target.name}.{secrets.token_hex(4)}.partial"), Copied()
    try:
        partial.mkdir(parents=True)
        try:
            _copy_files(home, ids(), partial, copied)
            _copy_database(database, partial / NAME)
            _copy_files(home, ids(), partial, copied, skip=(NEWEST, PREVIOUS))
            partial.rename(target)
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise
    except OSError as error:
        raise disk_error(target, error) from None
    copied.files, copied.bytes = copied.files + 1, copied.bytes + (target / NAME).stat().st_size
    return copied


def _check(database: Database, home: Path, target: Path) -> None:
    if not database.sqlite:
        raise StoreError(
            f"{database.place} is backed up with PostgreSQL's own tool: copy the folder {home} first, and then run "
            "pg_dump --format=custom --file=reglab.dump with the database's name."
        )
    if (url := files_in(home).url) is not None:
        raise StoreError(
            f"The files of runs lie at {without_secrets(url)} (REGLAB_FILES): back them up there, and the database "
            "with its own tool."
        )
    if target.is_relative_to(home):
        raise StoreError(f"A backup in {home} itself would be lost with it; name a folder elsewhere.")
    if os.path.lexists(target):
        raise StoreError(f"{target} is there already; name a new folder.")


def _copy_files(home: Path, ids: Iterable[str], target: Path, copied: Copied, skip: tuple[str, ...] = ()) -> None:
    """What cannot be read is left out, and named; ids that name no folder of the home have no files."""

    def leave_out(error: OSError) -> None:
        if not isinstance(error, FileNotFoundError) and str(error.filename) not in copied.left_out:
            copied.left_out.append(str(error.filename))

    for one in filter(is_plain, ids):
        for path in _files_in(RunFiles(home, one).folder, leave_out):
            if path.name not in skip:
                try:
                    _copy(path, target / path.relative_to(home), copied)
                except PermissionError as error:
                    leave_out(error)


def _files_in(folder: Path, barred: Callable[[OSError], None]) -> Iterator[Path]:
    """Every file below ``folder`` but links and temporary ones; ``barred`` hears of folders that cannot be read."""
    for root, _folders, names in os.walk(folder, onerror=barred):
        paths = (Path(root, name) for name in sorted(names) if not name.endswith(atomic.SUFFIX))
        yield from (path for path in paths if not path.is_symlink())


def _copy(source: Path, target: Path, copied: Copied) -> None:
    """Copy one file, unless it is there already or a newer one has just taken its place."""
    if target.exists():
        return
    try:
        info = source.stat()
        inode = (info.st_dev, info.st_ino)
        target.parent.mkdir(parents=True, exist_ok=True)
        if inode in copied.inodes:
            atomic.link(copied.inodes[inode], target)
        else:
            shutil.copyfile(source, target)
            atomic.sync(target)
            copied.bytes += info.st_size
    except FileNotFoundError:
        return
    copied.inodes[inode] = target
    copied.files += 1


def _copy_database(database: Database, target: Path) -> None:
    """SQLite's online backup: one consistent state, while others read and write; checked afterwards."""
    try:
        with database.engine.connect() as connection, closing(sqlite3.connect(target)) as copy:
            source = connection.connection.driver_connection
            assert isinstance(source, sqlite3.Connection)
            source.backup(copy)
            found = copy.execute("PRAGMA integrity_check").fetchone()[0]
    except sqlite3.Error as error:
        raise database_error(database.place, error) from None
    if found != "ok":
        raise StoreError(f"{database.place} is damaged, so it was not backed up; see reglab check.")
    atomic.sync(target)
