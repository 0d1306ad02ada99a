"""What the tests of kill −9 share: a process that is killed at a given event, and a look at what it left."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sqlite3
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from pathlib import Path

from reglab.store import Store

Train = Callable[[Path, Connection], None]
"""Trains with the home given, and sends the id of what it trains at every event."""


def forkserver() -> ForkServerContext:
    """Children are forked from a server that has loaded torch but runs no thread."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["pytest", "reglab.jobs.sweep_work"])
    return context


def kill_after(context: ForkServerContext, train: Train, home: Path, events: int, seconds: float) -> str:
    """The id of what was trained by a process that was killed ``seconds`` after its event number ``events``."""
    mine, theirs = context.Pipe()
    child = context.Process(target=train, args=(home, theirs))
    child.start()
    theirs.close()
    trained = [mine.recv() for _ in range(events)][-1]
    moment = time.perf_counter() + seconds
    while time.perf_counter() < moment:  # a wait shorter than a sleep can be
        pass
    assert child.pid is not None
    os.kill(child.pid, signal.SIGKILL)
    child.join()
    assert child.exitcode == -signal.SIGKILL
    return str(trained)


def check_files(store: Store) -> None:
    """The database is whole, as SQLite itself sees it in a connection of its own."""
    connection = sqlite3.connect(store.home / "reglab.sqlite")
    try:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    finally:
        connection.close()
