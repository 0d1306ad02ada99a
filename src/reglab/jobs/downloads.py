"""Downloads of data sets by the server: one thread each, seen by every visitor, gone with the process.

The truth is on the disk: an unfinished download stays there, and the next one resumes it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from reglab.datasets.dataset import Progress
from reglab.datasets.downloads import download
from reglab.errors import RegLabError

log = logging.getLogger(__name__)

State = Literal["running", "done", "failed", "cancelled"]


@dataclass(frozen=True)
class Download:
    """How far the download of data set ``name`` is: what it does in one ``text``, and the ``share`` that is done.

    ``text`` is the reason where it has failed.
    """

    name: str
    state: State = "running"
    text: str = "Starting the download"
    share: float = 0.0


class _Cancelled(Exception):
    """Somebody does not want the download any more."""


@dataclass
class _Thread:
    latest: Download
    cancel: threading.Event = field(default_factory=threading.Event)
    thread: threading.Thread | None = None


class Downloads:
    """The downloads of this process; all methods may be called by any thread."""

    def __init__(self, bring: Callable[[str, Path, Progress], None] = download) -> None:
        self._bring, self._lock, self._known = bring, threading.Lock(), dict[str, _Thread]()

    def start(self, name: str, folder: Path) -> None:
        """Download data set ``name`` into ``folder``, unless that is going on."""
        with self._lock:
            known = self._known.get(name)
            if known is not None and known.latest.state == "running":
                return
            own = self._known[name] = _Thread(Download(name))
            target = threading.Thread(target=self._run, args=(own, folder), name=f"reglab-download-{name}", daemon=True)
            own.thread = target
        target.start()

    def get(self, name: str) -> Download | None:
        """How far it is, or how it ended; None where this process has not downloaded it."""
        with self._lock:
            known = self._known.get(name)
            return None if known is None else known.latest

    def running(self) -> bool:
        """Whether any download is going on."""
        with self._lock:
            return any(known.latest.state == "running" for known in self._known.values())

    def cancel(self, name: str) -> None:
        """Have the download end soon; what arrived of it stays."""
        with self._lock:
            if name in self._known:
                self._known[name].cancel.set()

    def forget(self, name: str) -> None:
        """Forget how the download ended."""
        with self._lock:
            if name in self._known and self._known[name].latest.state != "running":
                del self._known[name]

    def close(self, timeout: float = 2.0) -> None:
        """Cancel every download, and wait a little for them."""
        with self._lock:
            every = list(self._known.values())
        for one in every:
            one.cancel.set()
        for one in every:
            if one.thread is not None:
                one.thread.join(timeout)

    def _run(self, own: _Thread, folder: Path) -> None:
        name = own.latest.name
        try:
            self._bring(name, folder, lambda text, share: self._report(own, text, share))
            self._set(own, replace(own.latest, state="done", share=1.0))
        except _Cancelled:
            self._set(own, replace(own.latest, state="cancelled"))
        except RegLabError as error:
            self._set(own, replace(own.latest, state="failed", text=str(error)))
        except Exception as error:
            log.error("The download of %s failed", name, exc_info=error)
            self._set(own, replace(own.latest, state="failed", text="It failed; the server's log has the details."))

    def _report(self, own: _Thread, text: str, share: float) -> None:
        if own.cancel.is_set():
            raise _Cancelled
        self._set(own, replace(own.latest, text=text, share=share))

    def _set(self, own: _Thread, latest: Download) -> None:
        with self._lock:
            own.latest = latest
