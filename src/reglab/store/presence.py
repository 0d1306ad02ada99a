"""Signs of life of worker processes on other machines: a session lock in PostgreSQL, which ends with the process.

Lock files (:mod:`reglab.store.owners`) show that on one machine only. Where a worker is lost from sight, what it
trained must not begin elsewhere before it is gone: two processes would write one checkpoint.
"""

from __future__ import annotations

import threading
import time

from sqlalchemy import Connection, text

from reglab.errors import StoreError
from reglab.store.database import Database
from reglab.store.sentences import database_errors

_POLL = 0.2  # seconds between looks at the lock
_ALIVE = "SELECT pg_advisory_lock(hashtextextended(:name, 0))"
_GONE = "SELECT pg_try_advisory_xact_lock(hashtextextended(:name, 0))"
_NOTICE = (  # the server notices within 20 s that the worker's machine is off, or cut off
    "SET tcp_keepalives_idle = 5",
    "SET tcp_keepalives_interval = 5",
    "SET tcp_keepalives_count = 3",
)


def announce(database: Database, name: str) -> Connection:
    """A connection of its own, whose open session says that the process ``name`` is there."""
    if database.sqlite:
        raise StoreError(f"{database.place} cannot be shared by several machines; use PostgreSQL.")
    with database_errors(database.place):
        session = database.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        session.detach()  # so that closing it ends it
        for statement in _NOTICE:
            session.execute(text(statement))
        session.execute(text(_ALIVE), {"name": name})
    return session


def wait_until_gone(database: Database, name: str, seconds: float) -> bool:
    """Whether the process ``name`` has ended, after at most so many ``seconds``; one that was never there has."""
    pause, deadline = threading.Event(), time.monotonic() + seconds
    while not _gone(database, name):
        if time.monotonic() >= deadline:
            return False
        pause.wait(_POLL)
    return True


def _gone(database: Database, name: str) -> bool:
    with database.read() as connection:
        return bool(connection.execute(text(_GONE), {"name": name}).scalar_one())
