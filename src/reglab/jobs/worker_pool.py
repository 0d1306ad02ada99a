"""Worker processes of a server: started when first needed, kept warm, ended when idle for long."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import torch

from reglab.errors import RegLabError
from reglab.jobs.pace import TICK
from reglab.jobs.patience import Outages, Patience
from reglab.jobs.work import Halt, Halted, Job
from reglab.jobs.worker_handle import WorkerHandle, WorkerProcess
from reglab.machine import available_memory
from reglab.settings import Settings
from reglab.spec import RunSpec
from reglab.states import State
from reglab.store import Ending, Run, Store

WARM = 300.0
"""Seconds for which an idle worker is kept."""

STARTING = "Starting a worker process"
"""What fails where no worker can start."""

LEAVING = 6.0
"""Seconds in which busy workers checkpoint and leave at the end; Docker kills all of them after ten."""

_MEMORY = 500 * 2**20  # bytes that a further worker needs before it trains


class WorkerPool:
    """At most ``settings.slots`` worker processes, fewer where memory is short; safe to share between threads."""

    one_machine = True
    """Whether the workers share one memory."""

    retries = 0
    """How often a group of a sweep goes on with another worker after one that had begun it was lost."""

    def __init__(
        self, settings: Settings, owner: str, outages: Outages, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.settings, self.owner, self.outages, self._clock = settings, owner, outages, clock
        self._guard = threading.Condition()
        self._idle: list[WorkerHandle] = []
        self._busy: set[WorkerHandle] = set()
        self._starting = 0
        self._leaving: list[WorkerHandle] = []
        self._closing = False
        self._devices = devices(settings.device)

    @property
    def workers(self) -> list[WorkerHandle]:
        """Every worker that has not been asked to leave."""
        with self._guard:
            return [*self._idle, *self._busy]

    @contextmanager
    def worker(
        self, wanted: Callable[[], Halt | None], waiting: Callable[[], None] = lambda: None
    ) -> Iterator[WorkerHandle]:
        """A worker for one job; ``waiting()`` is called where none is at hand.

        :raises Halted: ``wanted()`` before there was one.
        :raises WorkerLost: none can be started.
        """
        worker = self._taken() or self._first(wanted, waiting)
        try:
            yield worker
        finally:
            self._put_back(worker)

    def _first(self, wanted: Callable[[], Halt | None], waiting: Callable[[], None]) -> WorkerHandle:
        waiting()
        while True:
            if halt := ("interrupted" if self._closing else wanted()):
                raise Halted(halt)
            if worker := self._taken():
                return worker
            with self._guard:
                may_start = self._may_start()
                if may_start:
                    self._starting += 1
                else:
                    self._guard.wait(TICK)
            if may_start:
                return self._assigned(self._start(wanted))

    def _taken(self) -> WorkerHandle | None:
        """An idle worker, now busy."""
        with self._guard:
            while self._idle:
                worker = self._idle.pop()
                if worker.alive:
                    self._busy.add(worker)
                    return self._assigned(worker)
                worker.end(0.0)
        return None

    def _assigned(self, worker: WorkerHandle) -> WorkerHandle:
        """The worker with the device on which the fewest others train."""
        with self._guard:
            used = Counter(one.device for one in self._busy if one is not worker)
            worker.device = min(self._devices, key=lambda device: used[device])
        return worker

    def _may_start(self) -> bool:
        count = len(self._idle) + len(self._busy) + self._starting
        return count < self.settings.slots and (count == 0 or self._has_room())

    def _has_room(self) -> bool:
        return available_memory() >= _MEMORY

    def _new(self) -> WorkerHandle:
        return WorkerProcess(self.settings, self.owner, self.outages)

    def _start(self, wanted: Callable[[], Halt | None] = lambda: None) -> WorkerHandle:
        """A new worker, counted as busy."""
        try:
            worker = self._spawned()
            if self._closing:
                worker.kill()
            self._await(worker, wanted)
        except Halted:
            raise
        except Exception as error:
            if self._closing:
                raise Halted("interrupted") from None
            self.outages.begin(STARTING, error)
            raise
        self.outages.end(STARTING)
        return worker

    def _spawned(self) -> WorkerHandle:
        worker = None
        try:
            worker = self._new()
            return worker
        finally:
            with self._guard:
                self._starting -= 1
                self._busy |= set() if worker is None else {worker}

    def _await(self, worker: WorkerHandle, wanted: Callable[[], Halt | None]) -> None:
        try:
            worker.wait(lambda: "interrupted" if self._closing else wanted())
        except BaseException:
            with self._guard:
                self._busy.discard(worker)
                self._guard.notify_all()
            worker.end(0.0)
            raise

    def start(self) -> None:
        """Start a worker and keep it idle, where there is room for one.

        :raises WorkerLost: it cannot be started.
        """
        with self._guard:
            if self._closing or not self._may_start():
                return
            self._starting += 1
        with suppress(Halted):  # it closes meanwhile
            self._put_back(self._start())

    def warm(self, count: int) -> list[threading.Thread]:
        """Start workers in the background until there are ``count``, or as many as there is room for."""
        with self._guard:
            missing = count - len(self._idle) - len(self._busy) - self._starting
        starters = [threading.Thread(target=self._start_quietly, daemon=True) for _ in range(missing)]
        for starter in starters:
            starter.start()
        return starters

    def _start_quietly(self) -> None:
        with suppress(RegLabError):  # the first job tries again, and says why
            self.start()

    def _put_back(self, worker: WorkerHandle) -> None:
        """Keep the worker for the next job; one that is gone, or still at its job after an error, leaves."""
        with self._guard:
            self._busy.discard(worker)
            if worker.busy or self._closing or not worker.alive:
                worker.close()
                self._leaving.append(worker)
            else:
                worker.idle_since = self._clock()
                self._idle.append(worker)
            self._guard.notify_all()

    def end_idle(self) -> None:
        """Have workers leave that have been idle for :data:`WARM` seconds; forget those that are gone."""
        with self._guard:
            cold = [worker for worker in self._idle if self._clock() - worker.idle_since >= WARM or not worker.alive]
            self._idle = [worker for worker in self._idle if worker not in cold]
            for worker in cold:
                worker.close()
            self._leaving += cold
            gone = [worker for worker in self._leaving if not worker.alive]
            self._leaving = [worker for worker in self._leaving if worker not in gone]
        for worker in gone:
            worker.end(0.0)

    def begin_to_close(self) -> None:
        """Have all workers checkpoint and leave; no more are started."""
        with self._guard:
            self._closing = True
            for worker in [*self._idle, *self._busy]:
                if worker.ready:
                    worker.close()
                else:
                    worker.kill()
            self._leaving, self._idle = [*self._leaving, *self._idle], []
            self._guard.notify_all()

    def kill_busy(self) -> None:
        """End workers that are still at their jobs; the threads that drive them record it."""
        with self._guard:
            for worker in self._busy:
                worker.kill()

    def close(self, timeout: float) -> None:
        """Wait until all workers are gone; kill them after ``timeout`` seconds."""
        self.begin_to_close()
        deadline = self._clock() + timeout
        with self._guard:
            left, self._leaving = [*self._leaving, *self._busy], []
        for worker in left:
            worker.end(deadline - self._clock())


def open_pool(store: Store, settings: Settings, outages: Outages) -> WorkerPool | None:
    """The workers that ``settings`` name, none of them started; None where all is kept in this process.

    :raises RegLabError: there is no Ray, or its cluster cannot train the runs of this store.
    """
    if settings.on_ray:
        from reglab.jobs.ray_pool import RayPool  # which needs an extra dependency

        return RayPool.connected(store, settings, outages)
    return WorkerPool(settings, store.owner().id, outages) if settings.runner == "process" else None


@contextmanager
def workers(
    store: Store, settings: Settings, closing: Callable[[], bool], warm: int = 0
) -> Iterator[WorkerPool | None]:
    """The worker processes of a command, gone after the block; None where ``settings`` keep all in one process.

    ``warm`` of them are started at once. When ``closing()`` they checkpoint and leave, or are killed.
    """
    pool, done = open_pool(store, settings, Outages()), threading.Event()
    if pool is None:
        yield None
        return
    watch = threading.Thread(target=_close_when, args=(pool, closing, done), daemon=True)
    watch.start()
    starters = pool.warm(warm)
    try:
        yield pool
    finally:
        done.set()
        pool.close(1.0)
        for helper in (watch, *starters):
            helper.join()


def _close_when(pool: WorkerPool, closing: Callable[[], bool], done: threading.Event) -> None:
    while not closing():
        if done.wait(TICK):
            return
    pool.begin_to_close()
    if not done.wait(LEAVING):
        pool.kill_busy()


def devices(name: str) -> list[str]:
    """The devices over which runs are spread: all visible GPUs where none is named, else the one named."""
    count = torch.cuda.device_count() if name in ("auto", "cuda") else 0
    return [f"cuda:{index}" for index in range(count)] if count > 1 else [name]


@dataclass
class RunInWorker(Job):
    """Has a worker process train one claimed run, and records what the worker cannot."""

    store: Store
    settings: Settings
    run: Run
    pool: WorkerPool
    closing: Callable[[], bool] = lambda: False
    outages: Outages = field(default_factory=Outages)

    def __post_init__(self) -> None:
        self.patience = Patience(f"Run {self.run.id}", self._leaving, self.outages)

    @property
    def _id(self) -> str:
        return self.run.id

    @property
    def _spec(self) -> RunSpec:
        return self.run.spec

    def _train(self) -> None:
        with self.pool.worker(self._wanted, self._say_waiting) as worker:
            worker.train(self.run.id)

    def _say_waiting(self) -> None:
        self.patience(self.store.say, self.run.id, "Waiting for a worker process")

    def _ending(self, state: State, error: str | None = None) -> Ending:
        return Ending(self.run.id, state, error=error)

    def _end(self, state: State, error: str | None = None) -> None:
        ending = self._ending(state, error)
        self.patience.once(lambda: self.store.get(self.run.id).state == state, self.store.finish, [ending])
