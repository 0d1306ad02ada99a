"""Groups of a sweep's lanes that one process trains: the one that is furthest behind goes first, epoch by epoch."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from reglab.errors import RegLabError, RunLost, StoreUnavailable, UnknownRun
from reglab.jobs.held_out import HeldOutEvaluation
from reglab.jobs.initial_weights import InitialWeights
from reglab.jobs.pace import TICK, Pace, Ticker
from reglab.jobs.patience import Patience
from reglab.jobs.sweep_part import SweepPartWorker
from reglab.jobs.sweep_plan import Plan
from reglab.jobs.work import explain
from reglab.settings import Settings
from reglab.store import Store, Sweep
from reglab.training import denormals_flushed

log = logging.getLogger(__name__)

ENDLESS = (StoreUnavailable, RunLost, UnknownRun)
"""Errors after which no group of the sweep can go on."""


@dataclass
class Groups:
    """Groups of the lanes of ``sweep``; the first ``together`` that are not done have begun.

    Threads share them: each takes one, advances it by an epoch, and puts it back. ``threads()`` of them may work.
    """

    store: Store
    settings: Settings
    sweep: Sweep
    plan: Plan
    patience: Patience
    halting: Callable[[], bool]
    seconds: Callable[[], float]
    together: int
    threads: Callable[[], int] = lambda: 1
    listen: Callable[[SweepPartWorker], None] = lambda part: None
    parts: list[SweepPartWorker] = field(default_factory=list)
    failures: dict[int, str] = field(default_factory=dict)
    guard: threading.Condition = field(default_factory=threading.Condition)
    initial: InitialWeights = field(default_factory=InitialWeights)
    ticker: Ticker = field(default_factory=Ticker)
    _busy: set[int] = field(default_factory=set)

    def add(self, numbers: Iterable[int]) -> None:
        """Take the groups of these numbers in the plan, where they have lanes that still run."""
        runs = self.patience(self.store.sweep_runs, self.sweep.id)
        for number in numbers:
            own = [runs[lane] for lane in self.plan.stacks[number]]
            if any(run.state == "running" for run in own):
                shared = (self.halting, self.seconds, self.patience, self._held_out(), self.initial, Pace(self.ticker))
                self.parts.append(
                    SweepPartWorker(self.store, self.settings, self.sweep.id, number, own, self.plan, *shared)
                )

    def _held_out(self) -> HeldOutEvaluation | None:
        """What evaluates the runs of a group on the test part; None unless the sweep is a confirmation."""
        confirmation = self.sweep.confirmation
        if confirmation is None:
            return None
        return HeldOutEvaluation(self.store, self.settings, self.sweep.id, confirmation, self.patience)

    @property
    def failure(self) -> str | None:
        """The sentence of the first group that failed."""
        return next(iter(self.failures.values()), None)

    @property
    def left(self) -> list[SweepPartWorker]:
        """The groups that are not done."""
        return [part for part in self.parts if not part.done]

    def run(self, number: int) -> None:
        """Thread ``number``: repeatedly advance the group that is furthest behind by an epoch."""
        with denormals_flushed():
            while (part := self._take(number)) is not None:
                try:
                    self.advance(part)
                finally:
                    with self.guard:
                        self._busy.discard(part.number)
                        self.guard.notify_all()

    def advance(self, part: SweepPartWorker) -> None:
        """Train a group to the next epoch; its own errors end its lanes, and the others go on."""
        try:
            part.advance()
            self.listen(part)
        except ENDLESS:
            raise
        except Exception as error:
            self._fail(part, error)

    def behind(self) -> SweepPartWorker | None:
        """The group that is furthest behind among those that have begun and that no thread advances."""
        free = [part for part in self.left[: self.together] if part.number not in self._busy]
        return min(free, key=lambda part: (part.epoch, part.number), default=None)

    def wake(self) -> None:
        """Have waiting threads look again; once a tick."""
        with self.guard:
            self.guard.notify_all()

    def leave(self) -> None:
        """Save the groups that wait between two epochs."""
        for part in self.parts:
            self.leave_one(part)

    def leave_one(self, part: SweepPartWorker) -> None:
        """Save a group at its exact step and free its memory."""
        try:
            part.leave()
        except ENDLESS as error:
            log.warning("Group %s of sweep %s: back to its last checkpoint: %s", part.number, self.sweep.id, error)
        except Exception as error:
            self._fail(part, error)

    def _fail(self, part: SweepPartWorker, error: Exception) -> None:
        """End the group's lanes; the others go on."""
        known, what = isinstance(error, RegLabError), f"Group {part.number} of sweep {self.sweep.id}"
        sentence = str(error) if known else explain(error, what, self.sweep.spec.run, self.settings)
        self.failures[part.number] = sentence
        part.fail(sentence)

    def _take(self, number: int) -> SweepPartWorker | None:
        """The next group to advance; waits while other threads have all of them. None at the end."""
        with self.guard:
            while not self.halting() and self.left:
                part = self.behind() if number < self.threads() else None
                if part is not None:
                    self._busy.add(part.number)
                    return part
                self.guard.wait(TICK)
            return None
