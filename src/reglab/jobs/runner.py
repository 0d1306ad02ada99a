"""The queue: has runs and sweeps trained in the background, as many at once as there are slots.

A sweep uses every slot that no single run needs, and always one, so a run that is queued beside a sweep begins at once
if there are two slots. Sweeps are trained one after another.

Each job has a thread of this process, which drives worker processes: threads share one interpreter, and two trainings
of small networks side by side in it are no faster than one. With ``REGLAB_RUNNER=thread`` the thread itself trains.
The store holds the queues; this class holds only the threads and the workers.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Literal, TypeVar, overload

from reglab.datasets import look_in, pinned
from reglab.errors import RegLabError, RunLost, StoreUnavailable, UnknownRun, WorkerLost
from reglab.jobs.capacity import check_run, check_sweep
from reglab.jobs.noise import NoiseAnswer, NoiseRequest, accuracy_under_noise
from reglab.jobs.patience import Outages, Patience, sentence
from reglab.jobs.predicting import Answer, PredictionRequest, predict
from reglab.jobs.sweep_work import SweepWorker
from reglab.jobs.work import Halted, train_run
from reglab.jobs.worker_handle import WorkerHandle
from reglab.jobs.worker_pool import LEAVING, STARTING, RunInWorker, WorkerPool, open_pool
from reglab.settings import Settings
from reglab.spec import RunSpec
from reglab.store import Confirmation, Ending, Run, Store, Sweep, UnreadableRow
from reglab.sweep import SweepSpec

log = logging.getLogger(__name__)

T = TypeVar("T")

_POLL = 0.5  # seconds between rounds of the supervisor when nothing wakes it
_RECOVER = 5.0  # seconds between looks for runs whose process has died
STALLED = 10.0
"""Seconds without a round after which the supervisor counts as stalled."""

DAY = 24 * 3600.0  # seconds
AT_ONCE = 20
"""Deleted runs that one step of housekeeping removes, so that the queue never waits for it."""


@dataclass(frozen=True)
class Worked:
    """A thread and the run or sweep that it trains; ``what`` names it in messages."""

    id: str
    what: str
    thread: threading.Thread


class Runner:
    """Trains up to ``settings.slots`` queued runs, oldest first, or a sweep and fewer runs.

    The supervisor survives every exception: each step of a round fails by itself, and taking up the queue comes first.
    """

    def __init__(self, store: Store, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        self.store, self.outages = store, Outages()
        self._clock, self._beat, self._recovered, self._started = clock, clock(), clock(), clock()
        self._owner = store.owner()
        look_in(settings.data)
        self.pool = open_pool(store, settings, self.outages)
        self.settings = settings if self.pool is None else self.pool.settings
        # one more process, of this machine: while all slots train, a page would wait for minutes
        alone = replace(settings, slots=1, runner="process")
        self._predictor = WorkerPool(alone, self._owner.id, Outages()) if self.pool else None
        self._closing, self._bell = threading.Event(), threading.Event()
        self._working: list[Worked] = []
        self._sweep: Worked | None = None
        self._unrecorded: dict[str, Callable[[], None]] = {}
        self._housekeeping = Housekeeping(store, settings)
        self._supervisor = threading.Thread(target=self._supervise, name="reglab-supervisor", daemon=True)
        self._try("Looking for lost runs", store.recover)
        self._supervisor.start()

    @overload
    def submit(
        self, spec: RunSpec, *, name: str | None = None, key: str | None = None, group: str | None = None
    ) -> Run: ...

    @overload
    def submit(
        self,
        spec: SweepSpec,
        *,
        name: str | None = None,
        key: str | None = None,
        confirmation: Confirmation | None = None,
    ) -> Sweep: ...

    def submit(
        self,
        spec: RunSpec | SweepSpec,
        *,
        name: str | None = None,
        key: str | None = None,
        group: str | None = None,
        confirmation: Confirmation | None = None,
    ) -> Run | Sweep:
        """Queue a run or a sweep; a second call with the same ``key`` returns the first one.

        :raises SpecError: it cannot be trained, or memory or disk are too small.
        :raises QueueFull: too many epochs would then wait.
        """
        job: Run | Sweep
        if isinstance(spec, RunSpec):
            check_run(spec, self.settings)
            job = self.store.create(pinned(spec), name=name, key=key, group=group, queue_limit=self.settings.queue)
        else:
            check_sweep(spec, self.settings)
            limit = self.settings.queue
            job = self.store.create(pinned(spec), name=name, key=key, queue_limit=limit, confirmation=confirmation)
        self._bell.set()
        return job

    def stop(self, job_id: str) -> None:
        """Ask a running job to stop with a checkpoint; a queued one is cancelled at once."""
        self.store.request_stop(job_id)
        self._bell.set()

    def resume(self, job_id: str) -> Run | Sweep:
        """Queue a stopped, interrupted or failed job again, from its last checkpoint."""
        self.store.requeue(job_id, queue_limit=self.settings.queue)
        self._bell.set()
        return self.store.find(job_id)

    def extend(self, job_id: str, epochs: int) -> Run | Sweep:
        """Queue an ended job again, to go on to ``epochs`` epochs in all."""
        job = self.store.extend(job_id, epochs, queue_limit=self.settings.queue)
        self._bell.set()
        return job

    def predict(self, request: PredictionRequest) -> Answer:
        """What stored runs predict, computed in a worker process of its own, or here with ``REGLAB_RUNNER=thread``.

        :raises RegLabError: the process cannot be started, or ended.
        """
        here = partial(predict, self.store, self.settings, request)
        return self._predicted(here, lambda worker: worker.predict(request))

    def accuracy_under_noise(self, request: NoiseRequest) -> NoiseAnswer:
        """Accuracies of stored runs on noisy images, computed as :meth:`predict` does."""
        here = partial(accuracy_under_noise, self.store, self.settings, request)
        return self._predicted(here, lambda worker: worker.classify_noisy(request))

    def _predicted(self, here: Callable[[], T], there: Callable[[WorkerHandle], T]) -> T:
        if self._predictor is None:
            return here()
        try:
            with self._predictor.worker(lambda: "interrupted" if self._closing.is_set() else None) as worker:
                return there(worker)
        except Halted:
            raise WorkerLost("The server is closing; try again once it is back.") from None

    def warm_predictor(self) -> None:
        """Start that process in the background, so that the first prediction is quick."""
        if self._predictor is not None:
            self._predictor.warm(1)

    def position(self, job_id: str, kind: Literal["run", "sweep"] = "run") -> int | None:
        """The job's place in the queue of its kind, from 1; ``None`` if it does not wait."""
        waiting = self.store.waiting(kind)
        return waiting.index(job_id) + 1 if job_id in waiting else None

    def alive(self) -> bool:
        """Whether queued runs will be taken up."""
        return self._supervisor.is_alive() and not self._closing.is_set()

    def trouble(self) -> str | None:
        """The sentence why runs cannot be trained or recorded now, or ``None``; never blocks."""
        if not self.alive():
            return "The runner has stopped: queued runs are not taken up; restart the server."
        silent = self._clock() - self._beat
        if silent > STALLED:
            return f"The runner has made no round for {silent:.0f} s: queued runs are not taken up."
        reason, ended = self.outages.reason, list(self._unrecorded)
        if reason is not None and ended:
            these = f"{ended[0]} has" if len(ended) == 1 else f"{len(ended)} runs have"
            return f"{these} ended, but this cannot be recorded. {reason}"
        if reason is not None and any(worked.what in self.outages for worked in self._all):
            return f"Training waits. {reason}"
        return reason

    @property
    def _all(self) -> list[Worked]:
        return [*self._working, *([self._sweep] if self._sweep is not None else [])]

    def close(self, timeout: float = LEAVING) -> None:
        """Checkpoint every running run, leave it interrupted, and end threads and workers within ``timeout`` seconds.

        A worker that has not left by then is killed, which takes up to a second more.
        """
        self._closing.set()
        self._bell.set()
        deadline = time.monotonic() + timeout
        for pool in filter(None, (self.pool, self._predictor)):
            pool.begin_to_close()
        self._supervisor.join(timeout)  # from here on nothing more is taken up
        self._join(deadline)
        if self.pool is not None:
            self.pool.kill_busy()
            self._join(time.monotonic() + 1.0)
            self.pool.close(max(0.5, deadline - time.monotonic()))
        if self._predictor is not None:
            self._predictor.kill_busy()
            self._predictor.close(max(0.5, deadline - time.monotonic()))

    def _join(self, deadline: float) -> None:
        for worked in self._all:
            worked.thread.join(max(0.0, deadline - time.monotonic()))

    def _supervise(self) -> None:
        while not self._closing.is_set():
            self._round()
            self._bell.wait(_POLL)
            self._bell.clear()

    def _round(self) -> None:
        """Take up the queue, then do everything else."""
        self._take_up()
        self._record_failures()
        if self._clock() - self._recovered >= _RECOVER:
            self._recovered = self._clock()
            self._try("Looking for lost runs", self.store.recover)
        self._try("Checking the store", self.store.check)
        self._try("Removing old files", self._housekeeping.step)
        for pool in filter(None, (self.pool, self._predictor)):
            self._try("Ending idle workers", pool.end_idle)
        self._beat = self._clock()

    def _try(self, what: str, step: Callable[[], object]) -> None:
        """Do ``step``; its failure is noted and stops nothing else."""
        try:
            step()
        except Exception as error:
            self.outages.begin(what, error)
        else:
            self.outages.end(what)

    def _record_failures(self) -> None:
        """Record runs that ended while the store could not be written, each by itself."""
        for what, record in list(self._unrecorded.items()):
            try:
                record()
            except (RunLost, UnknownRun) as error:
                log.warning("The end of %s is not recorded: %s", what, error)
            except Exception as error:
                self.outages.begin(what, error)
                continue
            self._forget(what)

    def _forget(self, what: str) -> None:
        self._unrecorded.pop(what, None)
        self.outages.end(what)

    def _take_up(self) -> None:
        """Nothing is taken up while no worker can start: it would only fail."""
        if self.pool is not None and STARTING in self.outages:
            if self._clock() - self._started < _RECOVER:
                return
            self._started = self._clock()
            self._try(STARTING, self.pool.start)
            if STARTING in self.outages:
                return
        self._try("Taking up sweeps", self._take_up_sweep)
        self._try("Taking up runs", self._take_up_runs)

    def _take_up_sweep(self) -> None:
        """Start a thread for the longest waiting sweep, if none is trained and a slot is free."""
        self._working = [worked for worked in self._working if worked.thread.is_alive()]
        if self._sweep is not None and self._sweep.thread.is_alive():
            return
        self._sweep = None
        if len(self._working) < self.settings.slots:
            for sweep_id in self._claim(self.store.waiting("sweep"), self._read_whole, 1):
                self._sweep = self._start(f"Sweep {sweep_id}", sweep_id, self._work_sweep)

    def _read_whole(self, sweep_id: str) -> None:
        self.store.sweep(sweep_id)
        self.store.sweep_runs(sweep_id)

    def _take_up_runs(self) -> None:
        """Start a thread for each queued run that finds a free slot."""
        free = self.settings.slots - len(self._working) - (self._sweep is not None)
        if free > 0:
            here = {worked.id for worked in self._working}  # a lost run that was queued again may still be here
            waiting = [run_id for run_id in self.store.waiting() if run_id not in here]
            for run_id in self._claim(waiting, self.store.get, free):
                self._working.append(self._start(f"Run {run_id}", run_id, self._work))

    def _claim(self, waiting: list[str], read: Callable[[str], object], most: int) -> Iterator[str]:
        """Claim at most ``most`` of ``waiting``; one that fails does not block the others.

        What cannot be read, for instance because a newer version wrote it, stays queued.
        """
        failure: Exception | None = None
        for one in waiting:
            try:
                read(one)
                claimed = self.store.claim(one, self._owner)
            except StoreUnavailable:
                raise
            except UnreadableRow:
                continue
            except Exception as error:
                failure = error
                continue
            if claimed:
                yield one
                most -= 1
            if not most:
                break
        if failure is not None:
            raise failure

    def _start(self, what: str, one: str, work: Callable[[str], None]) -> Worked:
        self._forget(what)  # an unrecorded failure of before it was queued again
        target = partial(self._guarded, what, one, work)
        thread = threading.Thread(target=target, name=f"reglab-{one}", daemon=True)
        try:
            thread.start()
        except RuntimeError as error:  # the system has no thread left
            self._note_failure(what, one, error)
            raise
        return Worked(one, what, thread)

    def _note_failure(self, what: str, one: str, error: Exception) -> None:
        self._unrecorded[what] = partial(self.store.finish, [Ending(one, "failed", error=sentence(error))])

    def _guarded(self, what: str, one: str, work: Callable[[str], None]) -> None:
        """``work`` on a run or sweep; if it cannot record the end, the supervisor records a failure later."""
        try:
            work(one)
        except Exception as error:
            self.outages.begin(what, error)
            self._note_failure(what, one, error)
        else:
            self.outages.end(what)
        finally:
            self._bell.set()

    def _work(self, run_id: str) -> None:
        if self.pool is None:
            train_run(self.store, self.settings, run_id, self._closing.is_set, self.outages)
            return
        run = Patience(f"Run {run_id}", self._closing.is_set, self.outages)(self.store.get, run_id)
        RunInWorker(self.store, self.settings, run, self.pool, self._closing.is_set, self.outages).work()

    def _work_sweep(self, sweep_id: str) -> None:
        sweep = Patience(f"Sweep {sweep_id}", self._closing.is_set, self.outages)(self.store.sweep, sweep_id)
        closing, share = self._closing.is_set, self._share
        SweepWorker(self.store, self.settings, sweep, closing, share, outages=self.outages, pool=self.pool).work()

    def _share(self) -> int:
        """Threads or workers that a sweep may use: those that no single run needs."""
        return self.settings.slots - sum(worked.thread.is_alive() for worked in self._working)


class Housekeeping:
    """Removes runs deleted longer ago than the undo period, and second checkpoints of runs that have ended."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self.store, self.period = store, timedelta(days=settings.undo_days)
        self._due = time.monotonic()

    def step(self) -> None:
        """Remove up to :data:`AT_ONCE` runs, when that is due: at start, then once a day until nothing is left."""
        if time.monotonic() < self._due:
            return
        self._due = time.monotonic() + DAY
        try:
            gone = self.store.purge(self.period, limit=AT_ONCE)
            if len(gone) == AT_ONCE:
                self._due = time.monotonic()  # there may be more
            else:
                self.store.drop_second_checkpoints()
        except RegLabError as error:
            log.warning("Old files could not be removed: %s", error)
            return
        if gone:
            log.info("Removed %s for good, deleted more than %s ago", ", ".join(gone), self.period)
