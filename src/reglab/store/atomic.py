"""Atomic writes (:mod:`reglab.atomic`) whose errors are one sentence each."""

from __future__ import annotations

import logging
from pathlib import Path

from reglab import atomic
from reglab.atomic import SUFFIX, sync
from reglab.store.sentences import disk_error, disk_sentence

__all__ = ["SUFFIX", "clear", "link", "sync", "write"]

log = logging.getLogger(__name__)


def write(path: Path, data: bytes | memoryview, keep_as: Path | None = None, *, settled: bool = True) -> None:
    """Make ``data`` the content of ``path``: temporary file beside it, flush to disk, rename, flush the folder.

    A file already at ``path`` is renamed to ``keep_as`` where that is given, after the new one is whole on disk. The
    folder must be there. Without ``settled``, flushing the folder is left to the next write into it.

    :raises StoreError: one sentence; the old file is still there and no temporary file is left.
    """
    try:
        atomic.write(path, data, keep_as=keep_as, settled=settled)
    except OSError as error:
        raise disk_error(path, error) from None


def link(source: Path, path: Path) -> None:
    """Make ``path`` the file ``source`` under a second name, or a copy of it where the file system has no links.

    :raises StoreError: one sentence; the old file is still there and no temporary file is left.
    """
    try:
        atomic.link(source, path)
    except OSError as error:
        raise disk_error(path, error) from None


def clear(folder: Path) -> None:
    """Remove temporary files that a killed process left in ``folder``; one that has to stay does no harm."""
    for path in folder.glob(f".*{SUFFIX}"):
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            log.warning("%s", disk_sentence(path, error))
