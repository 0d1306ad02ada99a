"""Operating-system locks on files, which leave no folder behind that was missing.

``FileLock.acquire`` makes the folder of its file. If a home is moved away between the last look at it and the lock, an
empty home stands in its place, and the real one can no longer be moved back.
"""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path

from filelock import FileLock


def file_lock(path: Path) -> FileLock:
    """A lock on ``path`` that any thread of this process may release."""
    return FileLock(path, thread_local=False, poll_interval=0.002)


def acquire(lock: FileLock, timeout: float) -> None:
    """Wait for ``lock``, at most ``timeout`` seconds.

    :raises OSError: its folder is missing, or was moved meanwhile; folders made in its place are removed.
    :raises filelock.Timeout: another process holds the lock.
    """
    path = Path(lock.lock_file)
    before = {folder: _identity(folder) for folder in path.parents}
    lock.acquire(timeout=timeout)
    moved = [folder for folder in path.parents if _identity(folder) != before[folder]]
    if moved:
        lock.release()
        _remove(path, moved)
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path.parent))


def _identity(folder: Path) -> tuple[int, int] | None:
    try:
        found = folder.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def _remove(path: Path, folders: list[Path]) -> None:
    """Remove the lock file and those of ``folders``, innermost first, that hold nothing else."""
    with suppress(OSError):
        if list(path.parent.iterdir()) == [path]:
            path.unlink()
        for folder in folders:
            folder.rmdir()
