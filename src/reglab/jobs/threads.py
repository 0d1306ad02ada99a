"""Runs and sweeps in background threads of this process: queues in the store, as many at once as there are slots.

A sweep uses every slot that no single run needs, and always one; so a run that is started beside a sweep begins at
once, unless there is one slot alone. Sweeps are trained one after another.

Threads, not processes: torch releases the interpreter lock in its kernels, and two single-thread trainings side by side
outrun one with two threads. The store is the truth; this class holds only the threads themselves.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from reglab.errors import RegLabError
from reglab.jobs.capacity import check_run, check_sweep
from reglab.jobs.housekeeping import Housekeeping
from reglab.jobs.sweep_work import SweepWorker
from reglab.jobs.work import Worker
from reglab.settings import Settings
from reglab.spec import RunSpec
from reglab.store import Run, Store, Sweep
from reglab.sweep import SweepSpec

log = logging.getLogger(__name__)

_POLL = 0.5  # seconds between looks at the queue when nobody rings
_RECOVER = 5.0  # seconds between looks for runs whose process has died


@dataclass(frozen=True)
class Worked:
    """A thread and the run or sweep that it trains."""

    id: str
    thread: threading.Thread


class ThreadRunner:
    """Takes queued runs from the store, oldest first, and trains up to ``settings.slots`` of them at once, or a sweep
    and the fewer.
    """

    def __init__(self, store: Store, settings: Settings) -> None:
        self.store, self.settings = store, settings
        self._owner = store.owner()
        self._closing, self._bell = threading.Event(), threading.Event()
        self._working: list[Worked] = []
        self._sweep: Worked | None = None
        self._unrecorded: dict[str, Callable[[], None]] = {}
        self._housekeeping = Housekeeping(store, settings)
        self._supervisor = threading.Thread(target=self._supervise, name="reglab-supervisor", daemon=True)
        store.recover()
        self._supervisor.start()

    def submit(
        self, spec: RunSpec, *, name: str | None = None, key: str | None = None, group: str | None = None
    ) -> Run:
        """Queue a run of ``spec``; a second call with the same ``key`` returns the first run.

        :raises SpecError: where the spec cannot be trained, or memory or disk are too small.
        :raises QueueFull: where too many epochs would then wait.
        """
        check_run(spec, self.settings)
        run = self.store.create(spec, name=name, key=key, group=group, queue_limit=self.settings.queue)
        self._bell.set()
        return run

    def stop(self, run_id: str) -> None:
        """Ask a running run to stop with a checkpoint; a queued one is cancelled at once."""
        self.store.request_stop(run_id)
        self._bell.set()

    def resume(self, run_id: str) -> Run:
        """Queue a stopped, interrupted or failed run again; it goes on from its last checkpoint."""
        self.store.requeue(run_id, queue_limit=self.settings.queue)
        self._bell.set()
        return self.store.get(run_id)

    def submit_sweep(self, spec: SweepSpec, *, name: str | None = None, key: str | None = None) -> Sweep:
        """Queue a sweep; a second call with the same ``key`` returns the first sweep.

        :raises SpecError: where a lane cannot be trained, or memory or disk are too small.
        :raises QueueFull: where too many epochs would then wait.
        """
        check_sweep(spec, self.settings)
        sweep = self.store.create_sweep(spec, name=name, key=key, queue_limit=self.settings.queue)
        self._bell.set()
        return sweep

    def stop_sweep(self, sweep_id: str) -> None:
        """Ask a running sweep to stop with a checkpoint; a queued one is cancelled at once."""
        self.store.request_stop_sweep(sweep_id)
        self._bell.set()

    def resume_sweep(self, sweep_id: str) -> Sweep:
        """Queue a stopped, interrupted or failed sweep again; its lanes go on from their last checkpoints."""
        self.store.requeue_sweep(sweep_id, queue_limit=self.settings.queue)
        self._bell.set()
        return self.store.sweep(sweep_id)

    def sweep_position(self, sweep_id: str) -> int | None:
        """The sweep's place in the queue of sweeps, from 1; ``None`` where it does not wait."""
        waiting = [sweep.id for sweep in self.store.sweep_queue()]
        return waiting.index(sweep_id) + 1 if sweep_id in waiting else None

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
        self._supervisor.join(timeout)  # from here on nothing more is taken up
        for worked in [*self._working, *([self._sweep] if self._sweep else [])]:
            worked.thread.join(max(0.0, deadline - time.monotonic()))

    def _supervise(self) -> None:
        recovered = time.monotonic()
        while not self._closing.is_set():
            try:
                if time.monotonic() - recovered >= _RECOVER:
                    recovered = time.monotonic()
                    self.store.recover()
                self._record_failures()
                self._take_up()
                self._housekeeping.step()
            except RegLabError:
                log.exception("The queue cannot be read; trying again")
            self._bell.wait(_POLL)
            self._bell.clear()

    def _record_failures(self) -> None:
        """Tell the store of runs that ended while it could not be written, a full disk say."""
        for one, record in list(self._unrecorded.items()):
            record()
            del self._unrecorded[one]

    def _take_up(self) -> None:
        """Start a thread for the longest waiting sweep, and one for each queued run that finds a free slot."""
        self._working = [worked for worked in self._working if worked.thread.is_alive()]
        if self._sweep is None or not self._sweep.thread.is_alive():
            self._sweep = self._next_sweep()
        free = self.settings.slots - len(self._working) - (self._sweep is not None)
        for run in self.store.queue()[:free] if free > 0 else []:
            if self.store.claim(run.id, self._owner):
                self._working.append(self._start(run.id, self._work, self.store.finish))

    def _next_sweep(self) -> Worked | None:
        if len(self._working) >= self.settings.slots:
            return None
        waiting = self.store.sweep_queue()[:1]
        taken = [sweep for sweep in waiting if self.store.claim_sweep(sweep.id, self._owner)]
        return self._start(taken[0].id, self._work_sweep, self.store.finish_sweep) if taken else None

    def _start(self, one: str, work: Callable[[str], None], finish: Callable[..., None]) -> Worked:
        thread = threading.Thread(target=self._guarded, args=(one, work, finish), name=f"reglab-{one}", daemon=True)
        thread.start()
        return Worked(one, thread)

    def _guarded(self, one: str, work: Callable[[str], None], finish: Callable[..., None]) -> None:
        """``work`` on a run or sweep; where the store takes no results, ``finish`` tells it later that this failed."""
        try:
            work(one)
        except RegLabError as error:
            log.exception("%s could not be recorded", one)
            self._unrecorded[one] = partial(finish, one, "failed", error=str(error))
        finally:
            self._bell.set()

    def _work(self, run_id: str) -> None:
        Worker(self.store, self.settings, self.store.get(run_id), self._closing.is_set).work()

    def _work_sweep(self, sweep_id: str) -> None:
        SweepWorker(self.store, self.settings, self.store.sweep(sweep_id), self._closing.is_set, self._share).work()

    def _share(self) -> int:
        """Threads that a sweep may use: those that no single run needs."""
        return self.settings.slots - sum(worked.thread.is_alive() for worked in self._working)
