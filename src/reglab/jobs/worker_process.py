"""A worker process: ``python -m reglab.jobs.worker_process`` trains what its server asks for, over a pipe.

The server decides when it ends. Where the server is gone, which closes the pipe, the worker checkpoints what it trains
and leaves; one that cannot within :data:`GRACE` seconds is ended by its own reader.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import BinaryIO

import psutil

from reglab.errors import RegLabError
from reglab.jobs.messages import Message, Sender, error_facts, received, settings_of

GRACE = 30.0
"""Seconds in which a worker whose server is gone ends what it does."""

_NICER = 10  # steps of niceness below the server, whose pages come first

log = logging.getLogger(__name__)


class Mail:
    """The messages of the server, read by a thread: those that end work at the next step set an event at once."""

    def __init__(self) -> None:
        self.closing, self.leaving, self.giving = threading.Event(), threading.Event(), threading.Event()
        self._messages: SimpleQueue[Message | None] = SimpleQueue()
        self._guard = threading.Lock()

    def read(self, stream: BinaryIO) -> None:
        """Take messages until the server is gone."""
        for message in received(stream):
            with self._guard:
                self._heed(message)
                self._messages.put(message)
        self.close()

    def _heed(self, message: Message) -> None:
        match message:
            case {"do": "close"}:
                self.closing.set()
            case {"do": "leave"}:
                self.leaving.set()
            case {"do": "give", "all": True}:
                self.giving.set()
            case {"do": "sweep"}:
                self.leaving.clear()
                self.giving.clear()

    def close(self) -> None:
        """As the message ``close``; may be called from a signal handler."""
        self.closing.set()
        self._messages.put(None)

    def next(self) -> Message | None:
        """The next message; None once there is no more to come."""
        return self._seen(self._messages.get())

    def waiting(self) -> Message | None:
        """The next message if there is one."""
        with self._guard, suppress(Empty):
            return self._seen(self._messages.get_nowait())
        return None

    def _seen(self, message: Message | None) -> Message | None:
        """Note that the training thread heeds a request for groups; its event was to end the step before."""
        if message is not None and message["do"] == "give":
            self.giving.clear()
        return message


def main() -> None:
    """Serve the server on the other end of standard input and output."""
    source, sink = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what libraries print goes to the log
    with Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    mail, left = Mail(), threading.Event()
    _take_signals(mail)
    _yield_to_pages()
    threading.Thread(target=_listen, args=(source, mail, left), name="reglab-server", daemon=True).start()
    logging.basicConfig(format=f"%(asctime)s reglab worker {os.getpid()}: %(message)s", level=logging.WARNING)
    try:
        _serve(mail, Sender(sink))
        status = 0
    except BaseException:
        log.critical("The worker process ends", exc_info=True)
        status = 1
    left.set()
    logging.shutdown()
    os._exit(status)  # nothing is left to do, and taking torch down takes a while


def _listen(source: BinaryIO, mail: Mail, left: threading.Event) -> None:
    mail.read(source)
    if not left.wait(GRACE):
        os._exit(1)


def _take_signals(mail: Mail) -> None:
    """The server decides about the keyboard; a signal to this process alone makes it checkpoint and leave."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for name in ("SIGTERM", "SIGHUP", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), lambda number, frame: mail.close())


def _yield_to_pages() -> None:
    """Let the server's pages come first, and let the kernel end a worker first when memory runs out."""
    process = psutil.Process()
    lower = getattr(psutil, "BELOW_NORMAL_PRIORITY_CLASS", None)  # on Windows, which has no niceness
    with suppress(psutil.Error, OSError):
        process.nice(min(19, process.nice() + _NICER) if lower is None else lower)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("500", encoding="ascii")


def _serve(mail: Mail, tell: Sender) -> None:
    """Open the store, then do one job after the other."""
    first = mail.next()
    if first is None or first["do"] == "close":
        return
    from reglab.jobs.worker_jobs import WorkerJobs  # slow to import: the reader hears the server meanwhile

    try:
        jobs = WorkerJobs.opened(settings_of(first["settings"]), first["owner"], mail, tell, first.get("name"))
    except RegLabError as error:
        tell(**error_facts(error))
        return
    with jobs.store:
        tell(ready=os.getpid())
        while not mail.closing.is_set() and (message := mail.next()) is not None:
            if message["do"] in ("train", "plan", "sweep", "predict", "noise"):  # others are about a sweep that is over
                tell(**jobs.answer(message))


if __name__ == "__main__":
    main()
