"""Trains the runs of a claim, as many at once as there are slots."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property

from reglab.jobs import Worker
from reglab.jobs.patience import Patience
from reglab.jobs.work import Job
from reglab.jobs.worker_pool import RunInWorker, WorkerPool
from reglab.lessons.claim import GROUP, Claim, Trial
from reglab.lessons.standing import Standing, index, standing
from reglab.settings import Settings
from reglab.store import Run, Store

_POLL = 0.3  # seconds between looks at a run that another process trains


@dataclass(frozen=True)
class Trainer:
    """Trains trials until ``closing()`` in workers of the ``pool``, or threads; ``report`` receives runs that ended."""

    store: Store
    settings: Settings
    closing: Callable[[], bool]
    report: Callable[[Run], None]
    pool: WorkerPool | None = None

    def test(self, claim: Claim, seeds: tuple[int, ...]) -> Standing:
        """Train what is missing until the claim can be judged, or nothing more can be trained."""
        found = self._standing(claim, seeds)
        while (missing := [trial for trial, run in found.runs.items() if not _ended(run)]) and not self.closing():
            self.train(missing)
            found = self._standing(claim, seeds)
        return found

    @cached_property
    def _patience(self) -> Patience:
        return Patience("The runs of a claim", self.closing)

    def _standing(self, claim: Claim, seeds: tuple[int, ...]) -> Standing:
        return self._patience(lambda: standing(self.store, index(self.store), claim, seeds))

    def train(self, trials: Iterable[Trial]) -> None:
        """Train the trials; wait for those that another process trains."""
        lock = threading.Lock()

        def work(trial: Trial) -> None:
            if self.closing():
                return
            run = self._patience(self._take, trial)
            if run.state == "running" and run.owner == self.store.owner().id:
                self._job(run).work()
            self._wait(run.id)
            with lock:
                self.report(self._patience(self.store.get, run.id))

        own = self.settings if self.pool is None else self.pool.settings
        with ThreadPoolExecutor(own.slots) as pool:
            list(pool.map(work, trials))

    def _job(self, run: Run) -> Job:
        if self.pool is None:
            return Worker(self.store, self.settings, run, closing=self.closing)
        return RunInWorker(self.store, self.settings, run, self.pool, self.closing)

    def _take(self, trial: Trial) -> Run:
        """The trial's run, restored if deleted; this process owns it unless it has ended or another one trains it."""
        store = self.store
        run = store.create(trial.spec, name=trial.name, key=trial.key, group=GROUP, owner=store.owner())
        if run.deleted is not None:
            store.restore([run.id])
            run = store.get(run.id)
        if run.resumable:
            store.take_over(run.id, store.owner())
        return store.get(run.id)

    def _wait(self, run_id: str) -> None:
        while self._patience(self.store.get, run_id).state in ("queued", "running") and not self.closing():
            time.sleep(_POLL)
            self._patience(self.store.recover)


def _ended(run: Run | None) -> bool:
    return run is not None and (run.state in ("finished", "diverged") or (run.state == "failed" and not run.resumable))
