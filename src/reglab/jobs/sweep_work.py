"""One sweep from start to end: its stacks advance side by side, on as many threads as it may use, epoch by epoch.

The stack that is furthest behind goes first, so that all λ grow together and the path can be watched as it forms.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from reglab.datasets import prepare
from reglab.errors import RegLabError, RunLost, StoreUnavailable, UnknownRun
from reglab.jobs.outages import Outages
from reglab.jobs.pace import TICK, Pace
from reglab.jobs.patience import Patience
from reglab.jobs.sweep_part import SweepPartWorker
from reglab.jobs.sweep_plan import Plan, make_plan
from reglab.jobs.work import Halt, Halted, explain
from reglab.number_format import percent
from reglab.settings import Settings
from reglab.states import State
from reglab.store import Ending, Store, Sweep
from reglab.training import choose_device, denormals_flushed, give_memory_back

log = logging.getLogger(__name__)


@dataclass
class SweepWorker:
    """Trains one claimed sweep. ``closing`` tells when the process wants to leave; ``share`` how many threads the sweep
    may use just now, at least one; ``listen`` hears of each stack that has gone on by an epoch.
    """

    store: Store
    settings: Settings
    sweep: Sweep
    closing: Callable[[], bool] = lambda: False
    share: Callable[[], int] | None = None
    listen: Callable[[SweepPartWorker], None] = lambda stack: None
    outages: Outages = field(default_factory=Outages)
    _halt: Halt | None = None
    _failure: str | None = None
    _at_work: int = 0
    _stacks: list[SweepPartWorker] = field(default_factory=list)
    _busy: set[int] = field(default_factory=set)
    _guard: threading.Condition = field(default_factory=threading.Condition)
    _began: float = field(default_factory=time.monotonic)
    _pace: Pace = field(default_factory=Pace)

    def __post_init__(self) -> None:
        self.patience = Patience(f"Sweep {self.sweep.id}", self._giving_up, self.outages)

    def work(self) -> None:
        """Train until every lane has ended, or the sweep is stopped, and record how it ends.

        Nothing is recorded of lanes that have ended meanwhile, are gone, or belong to another process.

        :raises StoreError: the end could not be recorded.
        """
        try:
            self._train()
        except Halted as halted:
            self._end(halted.state)
        except (RunLost, UnknownRun) as error:
            self._abandon(error)
        except StoreUnavailable as error:
            self._give_up(str(error))
        except RegLabError as error:
            self._end("failed", str(error))
        except Exception as error:
            self._end("failed", explain(error, f"Sweep {self.sweep.id}", self.sweep.spec.run, self.settings))
        finally:
            give_memory_back()

    @property
    def seconds(self) -> float:
        """Training time by the clock, over all sittings."""
        return self.sweep.seconds + time.monotonic() - self._began

    def _train(self) -> None:
        plan = self._plan()
        runs = self.patience(self.store.sweep_runs, self.sweep.id)
        for number, lanes in enumerate(plan.stacks):
            own = [runs[lane] for lane in lanes]
            if any(run.state == "running" for run in own):
                self._stacks.append(
                    SweepPartWorker(
                        self.store, self.settings, self.sweep.id, number, own, plan, self._leaving,
                        lambda: self.seconds, self.patience,
                    )
                )  # fmt: skip
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

    def _plan(self) -> Plan:
        """How the lanes advance: as before, where the sweep has been at work, since their last bits depend on it."""
        if self.sweep.plan is not None:
            return Plan.of(self.sweep.plan)
        for data in {lane.repeat: lane.run.data for lane in self.sweep.spec.lanes()}.values():
            prepare(data, self.settings.data, self._say)
        self.patience(self.store.say, self.sweep.id, "Timing fused against one by one")
        with denormals_flushed():
            plan = make_plan(self.sweep.spec, self.settings, self._workers())
        self.patience(self.store.set_plan, self.sweep.id, plan.facts())
        return plan

    def _workers(self) -> int:
        """Threads: one for each core on a CPU, one for a GPU, which its lanes fill by themselves."""
        return 1 if choose_device(self.settings.device).type == "cuda" else self.settings.slots

    def _watch(self) -> None:
        """Until the threads are done: see whether the sweep is to stop, and wake those that may go on."""
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
        """A thread: takes the stack that is furthest behind, moves it on by an epoch, and begins again."""
        try:
            with denormals_flushed():
                while (stack := self._take(number, together)) is not None:
                    try:
                        stack.advance()
                        self.listen(stack)
                    except (StoreUnavailable, RunLost, UnknownRun):
                        self._halt = self._halt or "interrupted"  # no stack can go on
                        raise
                    except Exception as error:
                        self._fail(stack, error)
                    finally:
                        self._give_back(stack)
        finally:
            with self._guard:
                self._at_work -= 1
                self._guard.notify_all()

    def _leave(self) -> None:
        """Save the stacks that wait between two epochs."""
        for stack in self._stacks:
            try:
                stack.leave()
            except (StoreUnavailable, RunLost, UnknownRun) as error:
                log.warning(
                    "Stack %s of sweep %s goes back to its last checkpoint: %s", stack.number, self.sweep.id, error
                )
            except Exception as error:
                self._fail(stack, error)

    def _fail(self, stack: SweepPartWorker, error: Exception) -> None:
        """End the stack's lanes; the others go on."""
        known = isinstance(error, RegLabError)
        spec = self.sweep.spec.run
        sentence = str(error) if known else explain(error, f"Stack {stack.number}", spec, self.settings)
        self._failure = self._failure or sentence
        stack.fail(sentence)

    def _take(self, number: int, together: int) -> SweepPartWorker | None:
        """The next stack to move on; waits while other threads have all there are. None at the end."""
        with self._guard:
            while not self._finished():
                stack = self._next(together) if number < self._share() else None
                if stack is not None:
                    self._busy.add(stack.number)
                    return stack
                self._guard.wait(TICK)
            return None

    def _next(self, together: int) -> SweepPartWorker | None:
        """Of the stacks that are open, or may be opened, the one that is furthest behind."""
        left = [stack for stack in self._stacks if not stack.done]
        free = [stack for stack in left[:together] if stack.number not in self._busy]
        return min(free, key=lambda stack: (stack.epoch, stack.number), default=None)

    def _give_back(self, stack: SweepPartWorker) -> None:
        with self._guard:
            self._busy.discard(stack.number)
            self._guard.notify_all()

    def _finished(self) -> bool:
        """Whether nothing is left to take up: all stacks are done, or it is time to leave."""
        return self._leaving() or all(stack.done for stack in self._stacks)

    def _share(self) -> int:
        return max(1, self.share()) if self.share else self.settings.slots

    def _leaving(self) -> bool:
        return self._halt is not None

    def _wanted(self) -> Halt | None:
        if self.closing():
            return "interrupted"
        return "cancelled" if self.patience(self.store.wanted, self.sweep.id) == "stop" else None

    def _giving_up(self) -> bool:
        """Whether to stop waiting for the store: the sweep is to end for another reason."""
        return self.closing() or self._leaving() or self._stopped()

    def _stopped(self) -> bool:
        """Whether a person has stopped the sweep, asked once."""
        try:
            return self.store.wanted(self.sweep.id) == "stop"
        except RegLabError:
            return False  # nobody can have stopped a sweep in a store that does not answer

    def _say(self, text: str, share: float) -> None:
        """Pass on what a data set is doing, and leave its loading where the sweep is to stop."""
        if self._pace.ticks():
            self.patience(self.store.say, self.sweep.id, f"{text} ({percent(share, 0)})")
            if halt := self._wanted():
                raise Halted(halt)

    def _end(self, state: State, error: str | None = None) -> None:
        """Lanes that still run end as ``state``."""
        self.patience(self.store.finish, [Ending(self.sweep.id, state, error=error, seconds=self.seconds)])

    def _give_up(self, sentence: str) -> None:
        """End a sweep that has waited for the store long enough; this is tried once."""
        if self.closing():
            self.store.finish([Ending(self.sweep.id, "interrupted", seconds=self.seconds)])
        elif self._stopped():
            self.store.finish([Ending(self.sweep.id, "cancelled", seconds=self.seconds)])
        else:
            self.store.finish([Ending(self.sweep.id, "failed", error=sentence, seconds=self.seconds)])

    def _abandon(self, error: Exception) -> None:
        """Interrupt the lanes that are still this process's; the others are no longer its business."""
        log.warning("Sweep %s is not trained any further here: %s", self.sweep.id, error)
        mine = self.store.owner().id
        left = [run.id for run in self.store.sweep_runs(self.sweep.id) if run.state == "running" and run.owner == mine]
        self.store.finish([Ending(run_id, "interrupted", error=str(error)) for run_id in left])
