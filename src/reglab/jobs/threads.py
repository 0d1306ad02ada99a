"""Runs in background threads of this process: a queue in the store, as many at once as there are slots.

Threads, not processes: torch releases the interpreter lock in its kernels, and two single-thread trainings side by side
outrun one with two threads. The store is the truth; this class holds only the threads themselves.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass

from reglab.errors import RegLabError
from reglab.jobs.work import Worker
from reglab.settings import Settings
from reglab.spec import RunSpec
from reglab.store import Run, Store
from reglab.training import check

log = logging.getLogger(__name__)

_POLL = 0.5  # seconds between looks at the queue when nobody rings
_RECOVER = 5.0  # seconds between looks for runs whose process has died


@dataclass(frozen=True)
class Worked:
    """A thread and the run it trains."""

    run_id: str
    thread: threading.Thread


class ThreadRunner:
    """Takes queued runs from the store, oldest first, and trains up to ``settings.slots`` of them at once."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self.store, self.settings = store, settings
        self._owner = store.owner()
        self._closing, self._bell = threading.Event(), threading.Event()
        self._working: list[Worked] = []
        self._unrecorded: dict[str, str] = {}
        self._supervisor = threading.Thread(target=self._supervise, name="reglab-supervisor", daemon=True)
        store.recover()
        self._supervisor.start()

    def submit(
        self, spec: RunSpec, *, name: str | None = None, key: str | None = None, group: str | None = None
    ) -> Run:
        """Queue a run of ``spec``; a second call with the same ``key`` returns the first run.

        :raises SpecError: where the spec cannot be trained.
        """
        check(spec)
        run = self.store.create(spec, name=name, key=key, group=group)
        self._bell.set()
        return run

    def stop(self, run_id: str) -> None:
        """Ask a running run to stop with a checkpoint; a queued one is cancelled at once."""
        self.store.request_stop(run_id)
        self._bell.set()

    def resume(self, run_id: str) -> Run:
        """Queue a stopped, interrupted or failed run again; it goes on from its last checkpoint."""
        self.store.requeue(run_id)
        self._bell.set()
        return self.store.get(run_id)

    def position(self, run_id: str) -> int | None:
        """The run's place in the queue, from 1; ``None`` where it does not wait."""
        waiting = [run.id for run in self.store.queue()]
        return waiting.index(run_id) + 1 if run_id in waiting else None

    def alive(self) -> bool:
        """Whether queued runs will be taken up."""
        return self._supervisor.is_alive() and not self._closing.is_set()

    def close(self, timeout: float = 8.0) -> None:
        """Checkpoint every running run, leave it interrupted, and end the threads; at most ``timeout`` seconds."""
        self._closing.set()
        self._bell.set()
        deadline = time.monotonic() + timeout
        for thread in [self._supervisor, *(worked.thread for worked in self._working)]:
            thread.join(max(0.0, deadline - time.monotonic()))

    def _supervise(self) -> None:
        recovered = time.monotonic()
        while not self._closing.is_set():
            try:
                if time.monotonic() - recovered >= _RECOVER:
                    recovered = time.monotonic()
                    self.store.recover()
                self._record_failures()
                self._take_up()
            except RegLabError:
                log.exception("The queue cannot be read; trying again")
            self._bell.wait(_POLL)
            self._bell.clear()

    def _record_failures(self) -> None:
        """Tell the store of runs that ended while it could not be written, a full disk say."""
        for run_id in list(self._unrecorded):
            self.store.finish(run_id, "failed", error=self._unrecorded[run_id])
            del self._unrecorded[run_id]

    def _take_up(self) -> None:
        """Start a thread for each queued run that finds a free slot."""
        self._working = [worked for worked in self._working if worked.thread.is_alive()]
        free = self.settings.slots - len(self._working)
        for run in self.store.queue()[:free] if free > 0 else []:
            if self.store.claim(run.id, self._owner):
                thread = threading.Thread(target=self._work, args=(run.id,), name=f"reglab-{run.id}", daemon=True)
                self._working.append(Worked(run.id, thread))
                thread.start()

    def _work(self, run_id: str) -> None:
        try:
            Worker(self.store, self.settings, self.store.get(run_id), self._closing.is_set).work()
        except RegLabError as error:
            log.exception("Run %s could not be recorded", run_id)
            self._unrecorded[run_id] = str(error)
        finally:
            self._bell.set()
