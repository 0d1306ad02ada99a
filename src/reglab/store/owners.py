"""Who trains what: each process holds an operating-system lock on a file of its own for as long as it lives.

The system frees the lock when the process ends, however it ends, so a dead owner is known at once, also where process
numbers repeat. Runs on machines that share the database but not the home are judged by their heartbeat.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from sqlalchemy import Connection, select, update

from reglab.errors import StoreError
from reglab.store import locks
from reglab.store.reading import Decoder, Field, raw
from reglab.store.schema import runs, sweeps
from reglab.store.sentences import disk_error
from reglab.store.states import now

STALE = timedelta(seconds=60)
LOST = "The process that trained this {} ended without warning; resume it to go on from its last checkpoint."


@dataclass(frozen=True)
class Owner:
    """A living process that trains runs: ``id`` names it, and its lock is held until :meth:`close` or its end."""

    id: str
    lock: FileLock = field(repr=False, compare=False)

    def close(self) -> None:
        """Give up the lock: runs still marked as this owner's count as interrupted from now on."""
        self.lock.release()


def register(home: Path) -> Owner:
    """A new owner, its lock held on ``home/owners/<id>.lock``."""
    owner = uuid.uuid4().hex
    lock = locks.file_lock(folder(home) / f"{owner}.lock")
    try:
        folder(home).mkdir(exist_ok=True)
        locks.acquire(lock, 5)
    except (OSError, Timeout) as error:
        cause = error if isinstance(error, OSError) else OSError(0, "its lock is taken")
        raise disk_error(folder(home), cause) from None
    return Owner(owner, lock)


def folder(home: Path) -> Path:
    """Where the lock files lie."""
    return home / "owners"


@contextmanager
def examined(home: Path, mine: str | None) -> Iterator[tuple[set[str], set[str]]]:
    """(dead, alive) owners with a lock file in this home; the dead ones' files are removed after the block."""
    dead, alive = set(), {mine} if mine else set()
    with ExitStack() as held:
        for path in sorted(folder(home).glob("*.lock")):
            if path.stem in alive:
                continue
            lock = locks.file_lock(path)
            try:
                locks.acquire(lock, 0)
            except (Timeout, OSError):
                alive.add(path.stem)
                continue
            held.callback(lock.release)
            dead.add(path.stem)
        yield dead, alive
        for owner in dead:
            with suppress(PermissionError):  # Windows removes no open file; there, releasing the lock removes it
                (folder(home) / f"{owner}.lock").unlink(missing_ok=True)


def running(connection: Connection) -> list[str]:
    """Ids of the runs in state running."""
    return list(connection.execute(select(runs.c.id).where(runs.c.state == "running")).scalars())


def interrupt_lost(connection: Connection, dead: set[str], alive: set[str]) -> dict[str, str | None]:
    """Mark running runs interrupted whose owner is dead, or unknown here and silent for over 60 s; id → sweep's id."""
    query = select(runs.c.id, runs.c.sweep, runs.c.owner, raw(runs.c.heartbeat)).where(runs.c.state == "running")
    moment, heartbeat = now(), Decoder(connection.dialect, {"heartbeat": Field(runs.c.heartbeat.type)})
    lost = {
        row.id: row.sweep
        for row in connection.execute(query.order_by(runs.c.id).with_for_update())
        if row.owner in dead or (row.owner not in alive and _silent(heartbeat, row.heartbeat, moment))
    }
    values = {"state": "interrupted", "error": LOST.format("run"), "owner": None, "ended": moment}
    connection.execute(update(runs).where(runs.c.id.in_(lost), runs.c.state == "running").values(values))
    mark = update(sweeps).where(sweeps.c.id.in_({sweep for sweep in lost.values() if sweep is not None}))
    connection.execute(mark.values(error=LOST.format("sweep"), activity=None))
    return lost


def _silent(decoder: Decoder, heartbeat: Any, moment: datetime) -> bool:
    """Whether the last sign of life is too old, or there was none; never where it cannot be read."""
    try:
        last = decoder.decode((heartbeat,))["heartbeat"]
    except StoreError:
        return False
    return last is None or moment - last > STALE
