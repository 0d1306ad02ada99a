"""Who trains what: each process holds an operating-system lock on a file of its own for as long as it lives.

The system frees the lock when the process ends, however it ends, so a dead owner is known at once, also where process
numbers repeat. Runs on machines that share the database but not the home are judged by their heartbeat.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from filelock import FileLock, Timeout

from reglab.store import locks
from reglab.store.sentences import disk_error


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
