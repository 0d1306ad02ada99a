"""What a database driver or the system says, as one sentence for the person in front of it; never a password."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from reglab.errors import StoreError

_KNOWN: tuple[tuple[str, str], ...] = (
    ("not a database", "is not a RegLab store: the file is not an SQLite database"),
    ("malformed", "is damaged: SQLite says the database image is malformed"),
    ("disk is full", "cannot be written: the disk is full; free some space and try again"),
    ("no space left", "cannot be written: the disk is full; free some space and try again"),
    ("readonly", "cannot be written: it is read-only"),
    ("read-only", "cannot be written: it is read-only"),
    ("unable to open", "cannot be opened: its folder is missing or may not be written"),
    ("locked", "is busy: another program has been writing to it for too long; try again"),
    ("already exists", "holds tables of another program under RegLab's names; give RegLab a database of its own"),
    ("password authentication failed", "refused the user or password; check REGLAB_STORE"),
    ("no password supplied", "asks for a password; put it into REGLAB_STORE"),
    ("does not exist", "has no such database or user; create it or check REGLAB_STORE"),
    ("permission denied", "does not let this user do that; ask for the rights or check REGLAB_STORE"),
    ("timeout", "does not answer; check REGLAB_STORE and that the server runs"),
    ("connection", "cannot be reached; check REGLAB_STORE and that the server runs"),
    ("resolve", "cannot be reached: its host name is unknown; check REGLAB_STORE"),
    ("server closed", "closed the connection; check that the server runs"),
    ("terminating", "closed the connection; check that the server runs"),
)


def where(url: URL) -> str:
    """The store in words, without user and password: "The store /a/b.sqlite" or "The store postgresql://host/db"."""
    if url.get_backend_name() == "sqlite":
        return f"The store {url.database}"
    place = f"{url.host or 'localhost'}:{url.port}" if url.port else url.host or "localhost"
    return f"The store {url.get_backend_name()}://{place}/{url.database or ''}"


def sentence(place: str, error: BaseException) -> str:
    """``place`` and what is wrong with it, from the driver's ``error``."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    text = str(cause).strip()
    for clue, meaning in _KNOWN:
        if clue in text.lower():
            return f"{place} {meaning}."
    first = text.splitlines()[0].rstrip(".") if text else type(cause).__name__
    return f"{place} cannot be used: {first}."


@contextmanager
def said(place: str) -> Iterator[None]:
    """Database errors of the block as :class:`StoreError` with one sentence about ``place``."""
    try:
        yield
    except SQLAlchemyError as error:
        raise StoreError(sentence(place, error)) from None


def disk_sentence(path: Path, error: OSError) -> str:
    """Why ``path`` cannot be written or read, in one sentence."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"The disk is full: {path.name} was not written; free some space in {path.parent} and try again."
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"{path} may not be written by this user; check the rights of {path.parent}."
    return f"{path} cannot be used: {error.strerror or error}."
