"""Who trains what: each process holds an operating-system lock on a file of its own for as long as it lives.

The system frees the lock when the process ends, however it ends, so a dead owner is known at once, also where process
numbers repeat. A worker process joins the owner that started it with a lock file of its own beside the owner's; the
owner is dead once all of them are free, so that workers that outlive their server by seconds record their ends
undisturbed. Runs on machines that share the database but not the home are judged by their heartbeat.
"""

from __future__ import annotations

import os
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
    joined: bool = False

    def close(self) -> None:
        """Give up the lock: where no process has joined, runs still this owner's count as interrupted from now on."""
        if self.joined and os.name != "nt":  # Windows removes the file with the lock
            Path(self.lock.lock_file).unlink(missing_ok=True)
        self.lock.release()


def register(home: Path) -> Owner:
    """A new owner, its lock held on ``home/owners/<id>.lock``."""
    owner = uuid.uuid4().hex
    return Owner(owner, _held(home, owner))


def join(home: Path, owner: str) -> Owner:
    """This process as one more of the ``owner``, its lock held on ``home/owners/<id>-<random>.lock``."""
    return Owner(owner, _held(home, f"{owner}-{uuid.uuid4().hex}"), joined=True)


def _held(home: Path, name: str) -> FileLock:
    lock = locks.file_lock(folder(home) / f"{name}.lock")
    try:
        folder(home).mkdir(exist_ok=True)
        locks.acquire(lock, 5)
    except (OSError, Timeout) as error:
        cause = error if isinstance(error, OSError) else OSError(0, "its lock is taken")
        raise disk_error(folder(home), cause) from None
    return lock


def folder(home: Path) -> Path:
    """Where the lock files lie."""
    return home / "owners"


@contextmanager
def examined(home: Path, mine: str | None) -> Iterator[tuple[set[str], set[str]]]:
    """(dead, alive) owners with a lock file in this home; the dead ones' files are removed after the block."""
    alive, free = {mine} if mine else set(), list[Path]()
    with ExitStack() as held:
        for path in sorted(folder(home).glob("*.lock")):
            if _owner_of(path) in alive:
                continue
            lock = locks.file_lock(path)
            try:
                locks.acquire(lock, 0)
            except (Timeout, OSError):
                alive.add(_owner_of(path))
                continue
            held.callback(lock.release)
            free.append(path)
        yield {_owner_of(path) for path in free} - alive, alive
        for path in free:
            if _owner_of(path) not in alive:
                with suppress(PermissionError):  # Windows removes no open file; there, releasing the lock removes it
                    path.unlink(missing_ok=True)


def _owner_of(path: Path) -> str:
    return path.stem.partition("-")[0]
