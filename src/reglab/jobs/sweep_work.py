"""One sweep from start to end: a plan, then groups of lanes that advance side by side on threads or worker processes.

The group that is furthest behind goes first, so that all λ advance together and the U-curve forms live.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial

from reglab.datasets import prepare
from reglab.errors import WorkerLost
from reglab.jobs.pace import TICK, Pace
from reglab.jobs.patience import Outages, Patience
from reglab.jobs.sweep_groups import Groups
from reglab.jobs.sweep_part import SweepPartWorker
from reglab.jobs.sweep_plan import Plan, make_plan
from reglab.jobs.sweep_workers import GroupWorkers
from reglab.jobs.work import Halt, Job
from reglab.jobs.worker_pool import WorkerPool
from reglab.settings import Settings
from reglab.spec import RunSpec
from reglab.states import State
from reglab.store import Ending, Store, Sweep
from reglab.training import choose_device, denormals_flushed

log = logging.getLogger(__name__)


@dataclass
class SweepWorker(Job):
    """Trains one claimed sweep in ``share()`` worker processes of the ``pool``, or threads without one; at least one.

    ``tick`` is called once a tick; ``listen``, without a pool, receives each group after an epoch.
    """

    store: Store
    settings: Settings
    sweep: Sweep
    closing: Callable[[], bool] = lambda: False
    share: Callable[[], int] | None = None
    listen: Callable[[SweepPartWorker], None] = lambda part: None
    tick: Callable[[], None] = lambda: None
    outages: Outages = field(default_factory=Outages)
    pool: WorkerPool | None = None
    groups: Groups | GroupWorkers | None = None  # once there is a plan
    _halt: Halt | None = None
    _at_work: int = 0
    _began: float = field(default_factory=time.monotonic)
    pace: Pace = field(default_factory=Pace)

    def __post_init__(self) -> None:
        self.patience = Patience(f"Sweep {self.sweep.id}", self._leaving, self.outages)

    @property
    def _id(self) -> str:
        return self.sweep.id

    @property
    def _spec(self) -> RunSpec:
        return self.sweep.spec.run

    @property
    def seconds(self) -> float:
        """Training time by the clock, over all resumes."""
        return self.sweep.seconds + time.monotonic() - self._began

    def plan(self) -> Plan:
        """A new plan, timed here and now, and recorded."""
        for data in dict.fromkeys(lane.run.data for lane in self.sweep.spec.lanes()):
            prepare(data, self.settings.data, self._report)
        self.patience(self.store.say, self.sweep.id, "Timing fused against one by one")
        with denormals_flushed():
            on_gpu = choose_device(self.settings.device).type == "cuda"  # which lanes fill by themselves
            plan = make_plan(self.sweep.spec, self.settings, 1 if on_gpu else self.settings.slots)
        self.patience(self.store.set_plan, self.sweep.id, plan.facts())
        return plan

    def _train(self) -> None:
        plan = self._plan()
        self.groups = groups = self._groups(plan)
        groups.add(range(len(plan.stacks)))
        self.patience(self.store.say, self.sweep.id, None)
        self._at_work = plan.workers
        try:
            with ThreadPoolExecutor(plan.workers, thread_name_prefix=f"reglab-{self.sweep.id}") as pool:
                threads = [pool.submit(self._advance, groups, number) for number in range(plan.workers)]
                self._watch(groups)
        finally:
            groups.leave()
        for thread in threads:
            thread.result()
        self._end(self._halt or "finished", groups.failure)

    def _plan(self) -> Plan:
        """The plan of earlier work on the sweep, as the lanes' last bits depend on it; else a new one."""
        if self.sweep.plan is not None:
            return Plan.of(self.sweep.plan)
        if self.pool is None:
            return self.plan()
        self.pool.warm(min(self._workers(), self.sweep.size))  # the others start while the first one plans
        lost = self._plan_in(self.pool) and self._plan_in(self.pool)  # what ends two workers may end all
        if lost is not None:
            raise lost
        assert self.sweep.plan is not None
        return Plan.of(self.sweep.plan)

    def _plan_in(self, pool: WorkerPool) -> WorkerLost | None:
        """Have a worker plan; the error if it was lost before the plan was recorded.

        :raises WorkerLost: none can be started.
        """
        waiting, error = partial(self.patience, self.store.say, self.sweep.id, "Waiting for a worker process"), None
        with pool.worker(self._wanted, waiting) as worker:
            try:
                worker.plan(self.sweep.id)
            except WorkerLost as lost:
                log.warning("%s", lost)
                error = lost
        self.sweep = self.patience(self.store.sweep, self.sweep.id)
        return error if self.sweep.plan is None else None

    def _groups(self, plan: Plan) -> Groups | GroupWorkers:
        if self.pool is not None:
            own = (self.store, self.sweep, plan, self.patience, self._halting, lambda: self.seconds)
            return GroupWorkers(self.pool, *own, wanted=self._wanted, workers=self._workers)
        shared = (self.store, self.settings, self.sweep, plan, self.patience, self._halting, lambda: self.seconds)
        return Groups(*shared, plan.together, self._workers, self.listen)

    def _workers(self) -> int:
        """How many threads or processes may train the sweep now."""
        own = self.settings if self.pool is None else self.pool.settings
        return max(1, self.share()) if self.share else own.slots

    def _watch(self, groups: Groups | GroupWorkers) -> None:
        """Until the threads are done: check for a stop, and wake threads that may continue."""
        try:
            while self._at_work:
                self._halt = self._halt or self._wanted()
                groups.wake()
                self.tick()
                with groups.guard:
                    if self._at_work:
                        groups.guard.wait(TICK)
        except Exception:
            self._halt = "interrupted"
            groups.wake()
            raise

    def _advance(self, groups: Groups | GroupWorkers, number: int) -> None:
        """One thread: see ``groups``."""
        try:
            groups.run(number)
        except Exception:
            self._halt = self._halt or "interrupted"  # no group can go on
            raise
        finally:
            with groups.guard:
                self._at_work -= 1
                groups.guard.notify_all()

    def _halting(self) -> bool:
        return self._halt is not None

    def _leaving(self) -> bool:
        return self._halting() or super()._leaving()

    def _ending(self, state: State, error: str | None = None) -> Ending:
        return Ending(self.sweep.id, state, error=error, seconds=self.seconds)

    def _end(self, state: State, error: str | None = None) -> None:
        """Lanes that still run end as ``state``."""
        self.patience(self.store.finish, [self._ending(state, error)])

    def _abandon(self, error: Exception) -> None:
        """Interrupt the lanes that are still this process's."""
        super()._abandon(error)
        mine = self.store.owner().id
        left = [run.id for run in self.store.sweep_runs(self.sweep.id) if run.state == "running" and run.owner == mine]
        self.store.finish([Ending(run_id, "interrupted", error=str(error)) for run_id in left])
