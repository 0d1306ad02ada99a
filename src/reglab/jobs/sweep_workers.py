"""Groups of a sweep's lanes in worker processes: dealt out evenly, and handed over where a worker has none or leaves.

Workers run free: the server's interpreter may be busy with pages. A group that changes hands is saved at its exact
step and goes on from there, to the same bits.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from reglab.errors import WorkerLost
from reglab.jobs.messages import Message
from reglab.jobs.pace import TICK
from reglab.jobs.patience import Patience
from reglab.jobs.sweep_plan import Plan
from reglab.jobs.work import Halt, Halted
from reglab.jobs.worker_handle import WorkerHandle
from reglab.jobs.worker_pool import WorkerPool
from reglab.store import Ending, Store, Sweep

WORTH = 2
"""Epochs that a group has left at least when it is handed over to a worker without one."""


@dataclass(eq=False)
class Session:
    """A worker that trains groups of the sweep: what the server has asked it for."""

    worker: WorkerHandle
    asked: bool = False  # to give up groups, and has not answered
    refuses: bool = False  # its groups are nearly done
    leaving: bool = False


@dataclass
class GroupWorkers:
    """Groups of the lanes of ``sweep`` in worker processes of the ``pool``; ``workers()`` of them may work.

    Each thread of the sweep drives one worker. ``wanted()`` is the state to end in, once the sweep is to stop.
    """

    pool: WorkerPool
    store: Store
    sweep: Sweep
    plan: Plan
    patience: Patience
    halting: Callable[[], bool]
    seconds: Callable[[], float]
    wanted: Callable[[], Halt | None]
    workers: Callable[[], int]
    failure: str | None = None
    guard: threading.Condition = field(default_factory=threading.Condition)
    _waiting: list[int] = field(default_factory=list)  # groups without a worker
    _held: dict[int, set[int]] = field(default_factory=dict)  # thread → groups with its worker
    _sessions: dict[int, Session] = field(default_factory=dict)
    _idle: set[int] = field(default_factory=set)  # threads without a group
    _losses: Counter[int] = field(default_factory=Counter)  # group → workers that were lost with it

    def add(self, numbers: Iterable[int]) -> None:
        """Take the groups of these numbers in the plan, where they have lanes that still run."""
        runs = self.patience(self.store.sweep_runs, self.sweep.id)
        stacks = self.plan.stacks
        self._waiting += [n for n in numbers if any(runs[lane].state == "running" for lane in stacks[n])]
        self._idle = set(range(self.threads))
        self._held = {number: set() for number in range(self.threads)}

    @property
    def threads(self) -> int:
        """How many workers there can be: as the plan says, and no more than groups fit into the memory they share."""
        return max(1, min(self.plan.workers, self.plan.together) if self.pool.one_machine else self.plan.workers)

    def run(self, number: int) -> None:
        """Thread ``number``: have a worker train groups while there are any.

        :raises WorkerLost: no worker can be started, and none works.
        """
        while number < self.threads and self._needed(number):
            session = None
            try:
                with self.pool.worker(self._done_without) as worker:
                    session = self._begun(number, worker)
                    self._follow(number, session)
            except Halted:
                return  # the sweep is about to
            except WorkerLost as lost:
                if session is None and self._can_go_on_without(number):
                    return
                if session is None:
                    raise
                self._interrupt(number, lost)
            finally:
                self._forget(number)

    def _done_without(self) -> Halt | None:
        """Whether the thread is to wait no longer for a worker: the sweep ends, or others have trained all groups."""
        with self.guard:
            done = not self._open
        return self.wanted() or ("interrupted" if done else None)

    def wake(self) -> None:
        """Have workers leave or give up their groups where it is time, and waiting threads look again; once a tick."""
        with self.guard:
            for number, session in self._sessions.items():
                if self.halting() and not session.leaving:
                    self._dismiss(session)
                elif not self._may_work(number) and self._held[number] and not session.asked:
                    session.asked = session.worker.send(do="give", all=True)
            if not any(self._may_work(number) for number in self._idle):
                self._hand_out()
            self.guard.notify_all()

    def leave(self) -> None:
        """Nothing is left to save: workers save their groups before they leave."""

    def _needed(self, number: int) -> bool:
        """Wait until there are groups for one more worker, which begins with none; False at the end."""
        with self.guard:
            self._idle.add(number)
            while not self.halting() and self._open:
                if self._may_work(number) and (self._waiting or self._fullest() is not None):
                    return True
                self.guard.wait(TICK)
            return False

    def _begun(self, number: int, worker: WorkerHandle) -> Session:
        worker.sweep(self.sweep.id, max(1, self.plan.together // self.threads), self.seconds())
        with self.guard:
            session = self._sessions[number] = Session(worker)
        return session

    def _follow(self, number: int, session: Session) -> None:
        """Hand groups to the worker, and more when they are done, until none are left."""
        self._refill(number, session)
        for message in session.worker.messages():
            if "over" in message:
                if self._held[number] and not (self.halting() or self.wanted()):
                    break
                return
            self._note(number, session, message)
            if not self._held[number]:
                self._refill(number, session)
        raise session.worker.lost("this part of the sweep")

    def _refill(self, number: int, session: Session) -> None:
        more = self._take(number)
        with self.guard:
            if more:
                session.worker.send(do="take", groups=more)
            elif not session.leaving:
                self._dismiss(session)

    def _can_go_on_without(self, number: int) -> bool:
        """Leave the sweep to the other workers, if there are any."""
        with self.guard:
            self._idle.discard(number)
            return bool(self._sessions)

    def _forget(self, number: int) -> None:
        with self.guard:
            self._sessions.pop(number, None)
            self._waiting += sorted(self._held[number])
            self._held[number] = set()
            self.guard.notify_all()

    def _note(self, number: int, session: Session, message: Message) -> None:
        with self.guard:
            match message:
                case {"done": group, "failure": failure}:
                    self._held[number].discard(group)
                    self.failure = self.failure or failure
                case {"given": groups}:
                    self._held[number] -= set(groups)
                    self._waiting += groups
                    session.asked, session.refuses = False, not groups
            self.guard.notify_all()

    def _take(self, number: int) -> list[int]:
        """Groups for the thread's worker: of those that wait, or given up by others.

        None at the end, or where the thread may not work, so that it lets go of its worker.
        """
        with self.guard:
            self._idle.add(number)
            while not self.halting() and self._open and self._may_work(number):
                if self._waiting:
                    return self._portion(number)
                self._ask()
                self.guard.wait(TICK)
            return []

    @property
    def _open(self) -> bool:
        """Whether a group is not done."""
        return bool(self._waiting) or any(self._held.values())

    def _portion(self, number: int) -> list[int]:
        """The thread's even share of the groups that wait."""
        mine = self._waiting[:: sum(map(self._may_work, self._idle))]
        self._waiting = [group for group in self._waiting if group not in mine]
        self._held[number].update(mine)
        self._idle.discard(number)
        return mine

    def _fullest(self) -> int | None:
        """The thread whose worker has the most groups, at least two, and may give some."""
        able = [n for n, session in self._sessions.items() if not (session.refuses or session.leaving)]
        able = [number for number in able if len(self._held[number]) > 1]
        return max(able, key=lambda number: len(self._held[number]), default=None)

    def _ask(self) -> None:
        """Ask the worker with the most groups for half of them."""
        number = self._fullest()
        if number is not None and not any(session.asked for session in self._sessions.values()):
            session = self._sessions[number]
            session.asked = session.worker.send(do="give", count=len(self._held[number]) // 2, least=WORTH)

    def _hand_out(self) -> None:
        """Give groups that wait to the workers with the fewest."""
        able = [n for n, session in self._sessions.items() if self._may_work(n) and not session.leaving]
        while self._waiting and able:
            number = min(able, key=lambda n: (len(self._held[n]), n))
            group = self._waiting.pop(0)
            self._held[number].add(group)
            self._sessions[number].worker.send(do="take", groups=[group])

    def _may_work(self, number: int) -> bool:
        return number < self.workers()

    def _dismiss(self, session: Session) -> None:
        session.leaving = True
        session.worker.send(do="leave")

    def _interrupt(self, number: int, lost: WorkerLost) -> None:
        """End the lanes of the groups that the lost worker had begun, or of all where it had begun none.

        The others go on: another worker takes the groups that wait, and one that ends workers does so once. A pool
        with ``retries`` also has another worker go on with the groups that were begun, from their checkpoints.
        """
        runs = self.patience(self.store.sweep_runs, self.sweep.id)
        with self.guard:
            held, self._held[number] = self._held[number], set()
            begun = {group for group in held if any(runs[lane].started for lane in self.plan.stacks[group])} or held
            begun -= (again := {group for group in begun if self._losses[group] < self.pool.retries})
            self._losses.update(again)
            self._waiting += sorted(held - begun)
            if begun or not self.pool.retries:
                self.failure = self.failure or str(lost)
        own = [runs[lane] for group in begun for lane in self.plan.stacks[group]]
        going = [Ending(run.id, "interrupted", error=str(lost)) for run in own if run.state == "running"]

        def done() -> bool:
            return all(self.store.get(ending.id).state == "interrupted" for ending in going)

        self.patience.once(done, self.store.finish, going)
