"""One sweep from start to end: its groups of lanes advance epoch by epoch, side by side on threads.

The group that is furthest behind goes first, so that all λ advance together and the U-curve forms live.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial

from reglab.datasets import prepare
from reglab.errors import RegLabError, RunLost, StoreUnavailable, UnknownRun
from reglab.jobs.held_out import HeldOutEvaluation
from reglab.jobs.pace import TICK, Pace
from reglab.jobs.patience import Outages, Patience
from reglab.jobs.sweep_part import SweepPartWorker
from reglab.jobs.sweep_plan import Plan, make_plan
from reglab.jobs.work import Halt, Job, explain
from reglab.settings import Settings
from reglab.spec import RunSpec
from reglab.states import State
from reglab.store import Ending, Store, Sweep
from reglab.training import choose_device, denormals_flushed

log = logging.getLogger(__name__)


@dataclass
class SweepWorker(Job):
    """Trains one claimed sweep on ``share()`` threads, at least one; ``listen`` receives each group after an epoch."""

    store: Store
    settings: Settings
    sweep: Sweep
    closing: Callable[[], bool] = lambda: False
    share: Callable[[], int] | None = None
    listen: Callable[[SweepPartWorker], None] = lambda part: None
    outages: Outages = field(default_factory=Outages)
    _halt: Halt | None = None
    _failure: str | None = None
    _at_work: int = 0
    _parts: list[SweepPartWorker] = field(default_factory=list)
    _busy: set[int] = field(default_factory=set)
    _guard: threading.Condition = field(default_factory=threading.Condition)
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

    def _train(self) -> None:
        plan = self._plan()
        runs = self.patience(self.store.sweep_runs, self.sweep.id)
        part_of = partial(SweepPartWorker, self.store, self.settings, self.sweep.id)
        for number, lanes in enumerate(plan.stacks):
            own = [runs[lane] for lane in lanes]
            if any(run.state == "running" for run in own):
                part = part_of(number, own, plan, self._halting, lambda: self.seconds, self.patience, self._held_out())
                self._parts.append(part)
        self.patience(self.store.say, self.sweep.id, None)
        self._at_work = plan.workers
        try:
            with ThreadPoolExecutor(plan.workers, thread_name_prefix=f"reglab-{self.sweep.id}") as pool:
                threads = [pool.submit(self._advance, number, plan.together) for number in range(plan.workers)]
                self._watch()
        finally:
            self._leave()
        for thread in threads:
            thread.result()
        self._end(self._halt or "finished", self._failure)

    def _held_out(self) -> HeldOutEvaluation | None:
        """What evaluates the runs of a group on the test part; None unless the sweep is a confirmation."""
        confirmation = self.sweep.confirmation
        if confirmation is None:
            return None
        return HeldOutEvaluation(self.store, self.settings, self.sweep.id, confirmation, self.patience)

    def _plan(self) -> Plan:
        """The plan of earlier work on the sweep, as the lanes' last bits depend on it; else a new one."""
        if self.sweep.plan is not None:
            return Plan.of(self.sweep.plan)
        for data in dict.fromkeys(lane.run.data for lane in self.sweep.spec.lanes()):
            prepare(data, self.settings.data, self._report)
        self.patience(self.store.say, self.sweep.id, "Timing fused against one by one")
        with denormals_flushed():
            on_gpu = choose_device(self.settings.device).type == "cuda"  # which lanes fill by themselves
            plan = make_plan(self.sweep.spec, self.settings, 1 if on_gpu else self.settings.slots)
        self.patience(self.store.set_plan, self.sweep.id, plan.facts())
        return plan

    def _watch(self) -> None:
        """Until the threads are done: check for a stop, and wake threads that may continue."""
        try:
            while self._at_work:
                self._halt = self._halt or self._wanted()
                with self._guard:
                    self._guard.notify_all()
                    self._guard.wait(TICK)
        except Exception:
            self._halt = "interrupted"
            raise

    def _advance(self, number: int, together: int) -> None:
        """One thread: repeatedly advance the group that is furthest behind by an epoch."""
        try:
            with denormals_flushed():
                while (part := self._take(number, together)) is not None:
                    try:
                        part.advance()
                        self.listen(part)
                    except (StoreUnavailable, RunLost, UnknownRun):
                        self._halt = self._halt or "interrupted"  # no group can go on
                        raise
                    except Exception as error:
                        self._fail(part, error)
                    finally:
                        with self._guard:
                            self._busy.discard(part.number)
                            self._guard.notify_all()
        finally:
            with self._guard:
                self._at_work -= 1
                self._guard.notify_all()

    def _leave(self) -> None:
        """Save the groups that wait between two epochs."""
        for part in self._parts:
            try:
                part.leave()
            except (StoreUnavailable, RunLost, UnknownRun) as error:
                log.warning("Group %s of sweep %s: back to its last checkpoint: %s", part.number, self.sweep.id, error)
            except Exception as error:
                self._fail(part, error)

    def _fail(self, part: SweepPartWorker, error: Exception) -> None:
        """End the group's lanes; the others go on."""
        known, what = isinstance(error, RegLabError), f"Group {part.number} of sweep {self.sweep.id}"
        sentence = str(error) if known else explain(error, what, self._spec, self.settings)
        self._failure = self._failure or sentence
        part.fail(sentence)

    def _take(self, number: int, together: int) -> SweepPartWorker | None:
        """The next group to advance; waits while other threads have all of them. None at the end."""
        with self._guard:
            while not self._halting() and (left := [part for part in self._parts if not part.done]):
                free = [part for part in left[:together] if part.number not in self._busy]
                if free and number < (max(1, self.share()) if self.share else self.settings.slots):
                    part = min(free, key=lambda part: (part.epoch, part.number))
                    self._busy.add(part.number)
                    return part
                self._guard.wait(TICK)
            return None

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
