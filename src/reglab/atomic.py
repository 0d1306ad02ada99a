"""Writing files so that a reader finds the old one or the new one whole, whatever moment the power goes.

Errors are the system's own; :mod:`reglab.store.atomic` makes sentences of them.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

SUFFIX = ".tmp"
_WINDOWS = os.name == "nt"
_PATIENCE = 2.0  # seconds that a rename on Windows waits for readers of the file in its place


def write(path: Path, *parts: bytes | memoryview, keep_as: Path | None = None, settled: bool = True) -> None:
    """Make ``parts``, one after another, the content of ``path``: temporary file beside it, flush, rename, flush the
    folder.

    A file already at ``path`` is renamed to ``keep_as`` where that is given, after the new one is whole on disk. The
    folder must be there. Without ``settled``, flushing the folder is left to the next write into it.

    :raises OSError: the old file is still there and no temporary file is left.
    """
    temporary = _temporary(path)
    try:
        _write_whole(temporary, *parts)
        if keep_as is not None and path.exists():
            _rename(path, keep_as)
        _rename(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    if settled and not _WINDOWS:
        sync(path.parent)  # the renames themselves; Windows opens no folders


def link(source: Path, path: Path) -> None:
    """Make ``path`` the file ``source`` under a second name, or a copy of it where the file system has no links.

    Nothing is flushed: the next :func:`write` does that for names and data alike on a file system with a journal.

    :raises OSError: the old file is still there and no temporary file is left.
    """
    temporary = _temporary(path)
    try:
        _link_or_copy(source, temporary)
        _rename(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)  # renaming does nothing where both already are one file


def sync(path: Path) -> None:
    """Wait until what was written to ``path``, a file or a folder's entries, is on the disk."""
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)  # Windows flushes no file opened to read
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _temporary(path: Path) -> Path:
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}{SUFFIX}")


def _rename(source: Path, target: Path) -> None:
    """Give ``source`` the name ``target``, also on Windows, where that fails as long as anyone has ``target`` open."""
    if not _WINDOWS:
        source.replace(target)
        return
    from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

    attempts = Retrying(
        retry=retry_if_exception_type(PermissionError),
        stop=stop_after_delay(_PATIENCE),
        wait=wait_fixed(0.02),
        reraise=True,
    )
    attempts(source.replace, target)


def _link_or_copy(source: Path, path: Path) -> None:
    try:
        os.link(source, path)
    except OSError:
        _write_whole(path, source.read_bytes())


def _write_whole(path: Path, *parts: bytes | memoryview) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
    try:
        for part in parts:
            rest = memoryview(part)
            while rest:
                rest = rest[os.write(descriptor, rest) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
