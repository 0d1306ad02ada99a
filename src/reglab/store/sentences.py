"""Errors of database drivers and the system as one sentence each, without passwords."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from reglab.errors import StoreError, StoreUnavailable

_LASTING: tuple[tuple[str, str], ...] = (
    (r"not a database", "is not a RegLab store: the file is not an SQLite database"),
    (r"malformed", "is damaged: SQLite says the database image is malformed"),
    (r"readonly|read-only", "cannot be written: it is read-only"),
    (r"already exists", "holds tables of another program under RegLab's names; give RegLab a database of its own"),
    (r"password authentication failed", "refused the user or password; check REGLAB_STORE"),
    (r"no password supplied", "asks for a password; put it into REGLAB_STORE"),
    (r"(database|role) .* does not exist", "has no such database or user; create it or check REGLAB_STORE"),
    (r"permission denied", "does not let this user do that; ask for the rights or check REGLAB_STORE"),
    (r"invalid connection option", "is given an option that PostgreSQL does not know; check REGLAB_STORE"),
)
"""Pattern in a driver's text → the rest of the sentence "The store …", for errors that last."""

_PASSING: tuple[tuple[str, str], ...] = (
    (
        r"disk is full|no space left|quota exceeded",
        "cannot be written: the disk is full; free some space and try again",
    ),
    (r"unable to open", "cannot be opened: the file or its folder is missing or may not be entered"),
    (r"disk i/o error", "cannot be used: the disk reports an input/output error"),
    (r"locked|lock timeout|deadlock", "is busy: another program has been writing to it for too long; try again"),
    (r"resolve|name or service", "cannot be reached: its host name is unknown; check REGLAB_STORE"),
    (r"timeout|timed out", "does not answer; check REGLAB_STORE and that the server runs"),
    (r"connection|terminating", "cannot be reached; check REGLAB_STORE and that the server runs"),
)
"""The same for errors that can pass: they become :class:`StoreUnavailable`."""

_DISK_PASSING = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.ENOENT, errno.ESTALE, errno.EAGAIN})


def where(url: URL) -> str:
    """The store's name, without user and password: "The store /a/b.sqlite" or "The store postgresql://host/db"."""
    if url.get_backend_name() == "sqlite":
        return f"The store {url.database}"
    host = url.host or str(url.query.get("host", "localhost"))
    place = f"{host}:{url.port}" if url.port else host
    return f"The store {url.get_backend_name()}://{place}/{url.database or ''}"


def database_error(place: str, error: BaseException) -> StoreError:
    """A driver's ``error`` as one sentence about ``place``; :class:`StoreUnavailable` where it can pass."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    text = str(cause).strip()
    for kind, known in ((StoreError, _LASTING), (StoreUnavailable, _PASSING)):
        for pattern, meaning in known:
            if re.search(pattern, text, re.IGNORECASE):
                return kind(f"{place} {meaning}.")
    first = text.splitlines()[0].rstrip(".") if text else type(cause).__name__
    return StoreError(f"{place} cannot be used: {first}.")


@contextmanager
def database_errors(place: str) -> Iterator[None]:
    """Raise database errors of the block as :class:`StoreError` with one sentence about ``place``."""
    try:
        yield
    except SQLAlchemyError as error:
        raise database_error(place, error) from None


def disk_error(path: Path, error: OSError) -> StoreError:
    """``error`` on ``path`` as one sentence; :class:`StoreUnavailable` where it can pass, as a full disk does."""
    kind = StoreUnavailable if error.errno in _DISK_PASSING else StoreError
    return kind(disk_sentence(path, error))


def disk_sentence(path: Path, error: OSError) -> str:
    """Why ``path`` cannot be written or read, in one sentence."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"The disk is full: {path.name} was not written; free some space in {path.parent} and try again."
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"{path} may not be written by this user; check the rights of {path.parent}."
    return f"{path} cannot be used: {error.strerror or error}."
