"""Downloads that show how far they are, never hang, and leave nothing half-written.

Files arrive in a scratch folder beside their destination, are checked against the MD5 that torchvision states, and only
then take their place. A lock file lets one process at a time bring one data set.
"""

from __future__ import annotations

import shutil
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from urllib.parse import urlsplit

from filelock import FileLock, Timeout

from reglab._torchvision import load_torchvision
from reglab.datasets.dataset import Progress
from reglab.errors import DataError

SILENCE_S = 20.0  # seconds without a byte after which a connection is given up
SLOWEST = 10_000  # bytes per second, on average, below which a download is given up
WAIT_S = 3600.0  # seconds to wait for another process that brings the same data set
_CHUNK = 2**18


@dataclass(frozen=True)
class Remote:
    """A file on the network: its name, where it may be had, and the MD5 that it must have."""

    name: str
    urls: tuple[str, ...]
    md5: str


class _Failed(Exception):
    """One attempt failed; the text says why."""


@contextmanager
def workshop(name: str, label: str, folder: Path, progress: Progress) -> Iterator[Path]:
    """An empty scratch folder inside ``folder``, held by one process at a time for data set ``name``, gone at the end.

    :raises DataError: where ``folder`` cannot be written, or another process holds it for :data:`WAIT_S`.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / f".{name}.lock")
        _acquire(lock, label, progress)
        try:
            with tempfile.TemporaryDirectory(prefix=_emptied(folder, name), dir=folder) as scratch:
                yield Path(scratch)
        finally:
            lock.release()
    except OSError as error:
        reason = error.strerror or str(error)
        raise DataError(
            f"{label} cannot be put into {folder}: {reason}. Make room there, or set REGLAB_DATA to another folder."
        ) from error


def fetch(
    label: str, remotes: Sequence[Remote], into: Path, megabytes: float, by_hand: Path, progress: Progress
) -> None:
    """Bring every one of ``remotes``, ``megabytes`` in all, into the folder ``into``, each with the right MD5.

    :raises DataError: what failed, and that the files can be put into ``by_hand`` instead.
    """
    finished = 0
    for remote in remotes:

        def report(received: int, before: int = finished) -> None:
            done = (before + received) / 1e6
            progress(f"Downloading {label}: {done:.1f} of {megabytes:.1f} MB", min(1.0, done / megabytes))

        faults = _fetch_one(remote, into / remote.name, int(2e6 * megabytes), report)
        if faults:
            names = " and ".join(each.name for each in remotes)
            raise DataError(
                f"{label} could not be downloaded: {remote.name} from {', from '.join(faults)}. "
                f"Check the network and try again, or put {names} into {by_hand}."
            )
        finished += (into / remote.name).stat().st_size


def is_original(file: Path, md5: str) -> bool:
    """Whether ``file`` exists and has this MD5, by torchvision's own check."""
    return bool(load_torchvision().datasets.utils.check_integrity(file, md5))


def _emptied(folder: Path, name: str) -> str:
    """The prefix of scratch folders for ``name``, those of processes that were killed removed."""
    prefix = f".{name}.scratch-"
    for left in folder.glob(f"{prefix}*"):
        shutil.rmtree(left)
    return prefix


def _acquire(lock: FileLock, label: str, progress: Progress) -> None:
    deadline = time.monotonic() + WAIT_S
    while True:
        try:
            lock.acquire(timeout=0.5)
        except Timeout:
            progress(f"Waiting for another download of {label}", 0.0)
            if time.monotonic() > deadline:
                raise DataError(f"Another process has not finished downloading {label}; try again later.") from None
        else:
            return


def _fetch_one(remote: Remote, target: Path, most: int, report: Callable[[int], None]) -> list[str]:
    """Why no mirror gave the file; nothing if one did."""
    faults = []
    for url in remote.urls:
        try:
            _copy(url, target, most, report)
            if is_original(target, remote.md5):
                return []
            faults.append(f"{urlsplit(url).netloc}: it arrived damaged (its MD5 differs)")
        except _Failed as failure:
            faults.append(f"{urlsplit(url).netloc}: {failure}")
    return faults


def _copy(url: str, target: Path, most: int, report: Callable[[int], None]) -> None:
    start, received = time.monotonic(), 0
    with target.open("wb") as file:
        for chunk in _chunks(url):
            file.write(chunk)
            received += len(chunk)
            report(received)
            if received > most:
                raise _Failed("it is larger than it should be")
            if time.monotonic() - start > SILENCE_S + received / SLOWEST:
                raise _Failed("it comes too slowly")


def _chunks(url: str) -> Iterator[bytes]:
    request = urllib.request.Request(url, headers={"User-Agent": "reglab"})
    try:
        with urllib.request.urlopen(request, timeout=SILENCE_S) as response:
            while chunk := response.read1(_CHUNK):
                yield chunk
    except (OSError, HTTPException) as error:
        raise _Failed(_reason(error)) from error


def _reason(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"HTTP status {error.code}"
    cause = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(cause, TimeoutError):
        return f"no answer within {SILENCE_S:g} s"
    return getattr(cause, "strerror", None) or str(cause) or type(cause).__name__
