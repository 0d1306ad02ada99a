"""Decoded images on the disk: a data set is decoded once, and every process maps the same file.

Images of the data folder of the settings are kept in the home (:func:`reglab.settings.cache_folder`). An entry's name
carries a digest of all that its images follow from: the source files' path, size and times, what the data set says of
itself, and the code of this package. A changed source is therefore another entry. Beyond :data:`LIMIT_BYTES` the
entries that were unused for longest go. Where nothing can be kept, images are decoded, as without a cache.
"""

from __future__ import annotations

import errno
import hashlib
import json
import logging
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeAlias

from filelock import FileLock, Timeout

from reglab.atomic import SUFFIX as TEMPORARY
from reglab.datasets.image_file import FORMAT, Arrays, DamagedFile, read_arrays, write_arrays

LIMIT_BYTES = 2 * 2**30
SPARE_BYTES = 2**30  # of the disk, which the cache leaves to runs
WAIT_S = 60.0  # seconds to wait for another process that decodes the same images
SUFFIX = ".images"
_NAME = re.compile(rf"(?P<dataset>\w+)-(?P<part>(?:pool|test)(?:_\d+px)?)-[0-9a-f]{{32}}{re.escape(SUFFIX)}")
Identity: TypeAlias = tuple[int, ...]
_NOT_KEPT = "Decoded images of %s are not kept in %s: %s"
_BARRED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Slot:
    """Where the images of one part of a data set are kept, the digest of all that they follow from, and the source
    files as they were then.
    """

    folder: Path
    dataset: str
    part: str
    key: str
    sources: tuple[tuple[Path, Identity], ...]

    @property
    def path(self) -> Path:
        return self.folder / f"{self.dataset}-{self.part}-{self.key}{SUFFIX}"

    def unchanged(self) -> bool:
        """Whether the source files still are as they were."""
        return all(_identity(file) == identity for file, identity in self.sources)


@dataclass(frozen=True)
class Kept:
    """One entry of the cache: images ``part`` (pool or test, or resized: pool_64px) of ``dataset``, and when they were
    last used.
    """

    path: Path
    dataset: str
    part: str
    bytes: int
    used: datetime


def slot_for(folder: Path, dataset: str, part: str, files: Sequence[Path], facts: Sequence[Any]) -> Slot:
    """The slot of images that are decoded from ``files``; ``facts`` are what else they follow from.

    :raises OSError: one of ``files`` is not there.
    """
    sources = tuple((file.resolve(), _identity(file)) for file in files)
    text = json.dumps([FORMAT, sys.byteorder, dataset, part, _code(), *facts, sources], default=str)
    return Slot(folder, dataset, part, hashlib.blake2b(text.encode(), digest_size=16).hexdigest(), sources)


def shared(slot: Slot, decode: Callable[[], Arrays], waiting: Callable[[], None]) -> Arrays:
    """The images in ``slot``, mapped; where there are none, those that ``decode`` gives, kept there if possible.

    One process at a time decodes for a slot; ``waiting`` is called before this one waits for another.
    """
    found = _recall(slot, logging.DEBUG)
    if found is not None:
        return found
    with _alone(slot, waiting) as may_write:
        found = _recall(slot, logging.WARNING)  # another process may have put it there meanwhile
        if found is None:
            decoded = decode()
            found = (_keep(slot, decoded) if may_write else None) or decoded
    return found


def kept(folder: Path) -> list[Kept]:
    """The entries in ``folder``, those unused for longest first; none where there is no such folder."""
    try:
        entries = [entry for path in folder.iterdir() if (entry := _entry(path))]
    except FileNotFoundError:
        return []
    return sorted(entries, key=lambda entry: (entry.used, entry.path))


def _entry(path: Path) -> Kept | None:
    named = _NAME.fullmatch(path.name)
    if named is None:
        return None
    try:
        info = path.lstat()
    except FileNotFoundError:
        return None  # another process removed it just now
    return Kept(path, named["dataset"], named["part"], info.st_size, datetime.fromtimestamp(info.st_mtime, UTC))


def clear(folder: Path) -> list[Kept]:
    """Remove every entry in ``folder``, and nothing else; the entries. Processes that use them keep their images.

    :raises OSError: an entry cannot be removed.
    """
    entries = kept(folder)
    for path in (*(entry.path for entry in entries), *folder.glob(f".*{SUFFIX}.*{TEMPORARY}")):
        path.unlink(missing_ok=True)
    return entries


def _identity(file: Path) -> Identity:
    info = file.stat()
    return info.st_size, info.st_mtime_ns, info.st_ctime_ns  # the last also changes where others were set back


@lru_cache(maxsize=1)
def _code() -> str:
    """A digest of this package's code, so that images that an earlier version decoded are not used."""
    digest = hashlib.blake2b(digest_size=16)
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _recall(slot: Slot, level: int) -> Arrays | None:
    """The images in ``slot``, mapped; ``None`` where there are none, which is logged at ``level`` if it is a fault."""
    try:
        found = read_arrays(slot.path, slot.key)
    except FileNotFoundError:
        return None
    except DamagedFile:
        log.log(level, "%s is damaged; its images are decoded anew", slot.path)
        return None
    except OSError as error:
        reason = error.strerror or error
        log.log(level, "%s cannot be read: %s; its images are decoded anew", slot.path, reason)
        return None
    _touch(slot.path)
    return found


def _touch(path: Path) -> None:
    """Note that ``path`` was used now; a home that may only be read stays as it is, and loses no entry either."""
    try:
        os.utime(path)
    except OSError as error:
        log.debug("%s: %s", path, error)


@contextmanager
def _alone(slot: Slot, waiting: Callable[[], None]) -> Iterator[bool]:
    """Hold ``slot`` against other processes; gives ``False`` where that cannot be, so that nothing may be written."""
    lock = FileLock(slot.folder / f".{slot.dataset}-{slot.part}.lock")
    try:
        slot.folder.mkdir(exist_ok=True)  # not the home: one that was moved away could not be moved back
        _acquire(lock, waiting)
    except (OSError, NotImplementedError, Timeout) as error:  # a read-only home, a file system without locks
        _complain(slot, error)
        yield False
        return
    try:
        yield True
    finally:
        lock.release()


def _acquire(lock: FileLock, waiting: Callable[[], None]) -> None:
    try:
        lock.acquire(timeout=0)
    except Timeout:
        waiting()
        lock.acquire(timeout=WAIT_S)


def _keep(slot: Slot, arrays: Arrays) -> Arrays | None:
    """Write ``arrays`` into ``slot`` and map them; ``None`` where that fails, with one line in the log."""
    try:
        for left in slot.folder.glob(f".{slot.dataset}-{slot.part}-*{TEMPORARY}"):
            left.unlink(missing_ok=True)  # of a process that was killed: only who holds the lock writes
        if not slot.unchanged():
            return None  # which of the two was decoded?
        short = _make_room(slot.folder, sum(array.nbytes for array in arrays))
        if short:
            log.info(_NOT_KEPT, slot.dataset, slot.folder, short)
            return None
        write_arrays(slot.path, slot.key, arrays)
    except OSError as error:
        _complain(slot, error)
        return None
    return _recall(slot, logging.WARNING)


def _make_room(folder: Path, size: int) -> str | None:
    """Remove the entries that were unused for longest until another of ``size`` bytes is within the limit.

    Where it is larger than that by itself, or the disk would be nearly full, the reason why it may not be kept.
    """
    if size > LIMIT_BYTES:
        return f"they are larger than the {LIMIT_BYTES >> 20:,} MiB of the cache"
    entries = kept(folder)
    total = sum(entry.bytes for entry in entries) + size
    for entry in entries:
        if total > LIMIT_BYTES:
            entry.path.unlink(missing_ok=True)  # processes that map it keep its pages
            total -= entry.bytes
    if shutil.disk_usage(folder).free < size + SPARE_BYTES:
        return f"less than {SPARE_BYTES >> 20:,} MiB would stay free on the disk"
    return None


def _complain(slot: Slot, error: Exception) -> None:
    """One line; a home that may only be read is no fault."""
    level = logging.INFO if isinstance(error, OSError) and error.errno in _BARRED else logging.WARNING
    reason = getattr(error, "strerror", None) or str(error)
    log.log(level, _NOT_KEPT, slot.dataset, slot.folder, reason)
