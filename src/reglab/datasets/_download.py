"""Downloads that show how far they are, never hang, resume, and leave nothing that could be taken for whole.

Files arrive as ``NAME.part`` in a hidden folder inside the data folder, are checked against the MD5 that torchvision
states, and only then get their name and place. What was cut off stays there, and the next download asks the server for
the rest alone. A lock file lets one process at a time bring one data set.
"""

from __future__ import annotations

import shutil
import time
import urllib.error
import urllib.request
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from filelock import FileLock, Timeout

from reglab._torchvision import load_torchvision
from reglab.datasets.dataset import Progress
from reglab.errors import DataError

SILENCE_S = 20.0  # seconds without a byte after which a connection is given up
SLOWEST = 10_000  # bytes per second, on average, below which a download is given up
WAIT_S = 3600.0  # seconds to wait for another process that brings the same data set
PART = ".part"
"""Ending of a file that is not there whole yet."""

_CHUNK = 2**18
_BEAT_S, _WINDOW = 0.5, 12  # seconds between two readings of the pace, and readings that it is taken over
_NO_SUCH_RANGE = 416


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
    """A scratch folder inside ``folder``, held by one process at a time for data set ``name``, gone at the end.

    Where the block fails or is cut off, unfinished downloads stay in it for the next one, and nothing else.

    :raises DataError: where ``folder`` cannot be written, or another process holds it for :data:`WAIT_S`.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock, scratch = FileLock(folder / f".{name}.lock"), unfinished_folder(folder, name)
        _acquire(lock, label, progress)
        try:
            _keep_unfinished(scratch)
            scratch.mkdir(exist_ok=True)
            yield scratch
            shutil.rmtree(scratch)
        finally:
            _keep_unfinished(scratch)
            lock.release()
    except OSError as error:
        reason = error.strerror or str(error)
        raise DataError(
            f"{label} cannot be put into {folder}: {reason}. Make room there, or set REGLAB_DATA to another folder."
        ) from error


def unfinished_folder(folder: Path, name: str) -> Path:
    """Where the unfinished downloads of data set ``name`` are, if there are any."""
    return folder / f".{name}.unfinished"


def unfinished_bytes(folder: Path, name: str) -> int:
    """How many bytes of a download that did not end are there."""
    return sum(file.stat().st_size for file in unfinished_folder(folder, name).glob(f"*{PART}"))


def fetch(
    label: str, remotes: Sequence[Remote], into: Path, megabytes: float, by_hand: Path, progress: Progress
) -> None:
    """Bring every one of ``remotes``, ``megabytes`` in all, into the folder ``into``, each with the right MD5.

    :raises DataError: what failed, and that the files can be put into ``by_hand`` instead.
    """
    finished, pace = 0, _Pace()
    for remote in remotes:
        part = _part(into, remote)

        def report(received: int, before: int = finished) -> None:
            done = (before + received) / 1e6
            text = f"Downloading {label}: {done:.1f} of {megabytes:.1f} MB{pace.text(done, megabytes)}"
            progress(text, min(1.0, done / megabytes))

        faults = _fetch_one(remote, part, int(2e6 * megabytes), report)
        if faults:
            names = " and ".join(each.name for each in remotes)
            raise DataError(
                f"{label} could not be downloaded: {remote.name} from {', from '.join(faults)}. "
                f"Check the network and try again, or put {names} into {by_hand}."
            )
        finished += part.stat().st_size
    for remote in remotes:
        _part(into, remote).replace(into / remote.name)


def is_original(file: Path, md5: str) -> bool:
    """Whether ``file`` exists and has this MD5, by torchvision's own check."""
    return bool(load_torchvision().datasets.utils.check_integrity(file, md5))


def _keep_unfinished(scratch: Path) -> None:
    """Delete what is in ``scratch`` but unfinished downloads; the folder too, where there are none.

    Folders of earlier versions, which a killed process left, go as well.
    """
    name = scratch.name.removesuffix(".unfinished")
    for left in (*scratch.parent.glob(f"{name}.scratch-*"), *scratch.glob("*")):
        if left.is_dir():
            shutil.rmtree(left)
        elif left.suffix != PART or not left.stat().st_size:
            left.unlink()
    if scratch.is_dir() and not any(scratch.iterdir()):
        scratch.rmdir()


def _part(into: Path, remote: Remote) -> Path:
    return into / f"{remote.name}{PART}"


class _Pace:
    """How fast a download is, over its last seconds."""

    def __init__(self) -> None:
        self.seen: deque[tuple[float, float]] = deque(maxlen=_WINDOW)

    def text(self, done: float, megabytes: float) -> str:
        """For example ", 1.2 MB/s, 4 s left"; nothing before a second has passed."""
        now = time.monotonic()
        if not self.seen or now - self.seen[-1][0] >= _BEAT_S:
            self.seen.append((now, done))
        before, then = self.seen[0]
        if now - before < _BEAT_S or done <= then:
            return ""
        rate = (done - then) / (now - before)
        left = max(megabytes - done, 0) / rate
        wait = f"{left:.0f} s" if left < 90 else f"{left / 60:.0f} min"
        return f", {rate:.1f} MB/s, {wait} left"


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


def _fetch_one(remote: Remote, part: Path, most: int, report: Callable[[int], None]) -> list[str]:
    """Why no mirror gave the file; nothing if one did."""
    if part.exists() and is_original(part, remote.md5):
        return []
    faults = []
    for url in remote.urls:
        try:
            resumed = _copy(url, part, most, report)
            if not is_original(part, remote.md5) and resumed:
                part.unlink()  # its beginning may be of another file
                _copy(url, part, most, report)
            if is_original(part, remote.md5):
                return []
            part.unlink()
            faults.append(f"{urlsplit(url).netloc}: it arrived damaged (its MD5 differs)")
        except _Failed as failure:
            faults.append(f"{urlsplit(url).netloc}: {failure}")
    return faults


def _copy(url: str, part: Path, most: int, report: Callable[[int], None]) -> bool:
    """Download what ``part`` lacks, all of it where the server sends everything; whether it had a beginning."""
    before = part.stat().st_size if part.exists() else 0
    with _opened(url, before) as answer:
        resumed = before > 0 and answer.headers.get("Content-Range", "").startswith(f"bytes {before}-")
        received, length = (before if resumed else 0), answer.headers.get("Content-Length", "")
        whole = received + int(length) if length.isdecimal() else None
        start, first = time.monotonic(), received
        with part.open("ab" if resumed else "wb") as file:
            for chunk in _chunks(answer):
                file.write(chunk)
                file.flush()  # what was reported is there after a kill
                received += len(chunk)
                report(received)
                if received > most:
                    file.truncate(0)
                    raise _Failed("it is larger than it should be")
                if time.monotonic() - start > SILENCE_S + (received - first) / SLOWEST:
                    raise _Failed("it comes too slowly")
    if whole is not None and received < whole:
        raise _Failed(f"the connection broke off after {received:,} of {whole:,} bytes")
    return resumed


@contextmanager
def _opened(url: str, before: int) -> Iterator[Any]:
    """The answer of the server, to be read from byte ``before`` where it can do so."""
    headers = {"User-Agent": "reglab", **({"Range": f"bytes={before}-"} if before else {})}
    try:
        answer = urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=SILENCE_S)
    except urllib.error.HTTPError as error:
        if not before or error.code != _NO_SUCH_RANGE:
            raise _Failed(_reason(error)) from error
        with _opened(url, 0) as whole:
            yield whole
        return
    except (OSError, HTTPException) as error:
        raise _Failed(_reason(error)) from error
    with answer:
        yield answer


def _chunks(answer: Any) -> Iterator[bytes]:
    try:
        while chunk := answer.read1(_CHUNK):
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
