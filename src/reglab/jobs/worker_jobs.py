"""The jobs of a worker process: a run, the plan of a sweep, groups of a sweep's lanes, predictions, with noise too."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

from reglab.datasets import look_in
from reglab.errors import RegLabError
from reglab.jobs.messages import Message, Sender, error_facts
from reglab.jobs.noise import accuracy_under_noise, noise_facts, noise_request_of
from reglab.jobs.patience import Outages, Patience
from reglab.jobs.predicting import answer_facts, predict, request_of
from reglab.jobs.sweep_groups import Groups
from reglab.jobs.sweep_part import SweepPartWorker
from reglab.jobs.sweep_plan import Plan
from reglab.jobs.sweep_work import SweepWorker
from reglab.jobs.work import Halted, explain, train_run
from reglab.jobs.worker_process import Mail
from reglab.settings import Settings
from reglab.store import Store, Sweep, open_store
from reglab.training import denormals_flushed, give_memory_back


class ToldOutages(Outages):
    """Outages that the server notes and logs."""

    def __init__(self, tell: Sender) -> None:
        super().__init__()
        self._tell = tell

    def begin(self, what: str, error: Exception) -> None:
        """Note and tell that ``what`` fails with ``error``."""
        self._errors[what] = error
        self._tell(outage=what, sentence=str(error))

    def end(self, what: str) -> None:
        """Note and tell that ``what`` works."""
        if self._errors.pop(what, None) is not None:
            self._tell(outage=what, sentence=None)


@dataclass(frozen=True)
class WorkerJobs:
    """Does what the server asks for, on a store of this process that writes as the server's."""

    store: Store
    settings: Settings
    mail: Mail
    tell: Sender
    outages: Outages

    @classmethod
    def opened(cls, settings: Settings, owner: str, mail: Mail, tell: Sender, name: str | None = None) -> WorkerJobs:
        """The jobs of a process that joins ``owner``, and announces itself where it has a ``name``.

        :raises StoreError: the store cannot be opened.
        """
        store = open_store(settings)
        look_in(settings.data)
        try:
            store.join(owner)
            if name is not None:
                store.announce(name)
        except BaseException:
            store.close()
            raise
        return cls(store, settings, mail, tell, ToldOutages(tell))

    def answer(self, message: Message) -> Message:
        """Do the job of the message; how it ended."""
        device = message.get("device") or self.settings.device
        jobs = replace(self, settings=replace(self.settings, device=device))
        work = {
            "train": jobs.train, "plan": jobs.plan, "sweep": jobs.sweep, "predict": jobs.predict, "noise": jobs.noise
        }[message["do"]]  # fmt: skip
        try:
            return {"over": True, **(work(message) or {})}
        except Halted as halted:
            return {"halted": halted.state}
        except RegLabError as error:
            return error_facts(error)
        finally:
            give_memory_back()

    def predict(self, message: Message) -> Message:
        """Predict; see :mod:`reglab.jobs.predicting`."""
        return {"predicted": answer_facts(predict(self.store, self.settings, request_of(message["request"])))}

    def noise(self, message: Message) -> Message:
        """Classify noisy images; see :mod:`reglab.jobs.noise`."""
        request = noise_request_of(message["request"])
        return {"predicted": noise_facts(accuracy_under_noise(self.store, self.settings, request))}

    def train(self, message: Message) -> None:
        """Train a run, which records its own end."""
        train_run(self.store, self.settings, message["id"], self.mail.closing.is_set, self.outages)

    def plan(self, message: Message) -> None:
        """Plan a sweep, and record the plan."""
        sweep = self._read(message["id"])
        worker = SweepWorker(self.store, self.settings, sweep, self.mail.closing.is_set, outages=self.outages)
        try:
            worker.plan()
        except (RegLabError, Halted):
            raise
        except Exception as error:
            raise RegLabError(explain(error, worker.patience.what, sweep.spec.run, self.settings)) from None

    def sweep(self, message: Message) -> None:
        """Train groups of a sweep's lanes until the server says that it is over."""
        sweep = self._read(message["id"])
        assert sweep.plan is not None
        began = time.monotonic() - message["seconds"]
        mail, plan = self.mail, Plan.of(sweep.plan)

        def leaving() -> bool:
            return mail.closing.is_set() or mail.leaving.is_set()

        def halting() -> bool:
            return leaving() or mail.giving.is_set()

        patience = Patience(f"Sweep {sweep.id}", leaving, self.outages)
        shared = (self.store, self.settings, sweep, plan, patience, halting, lambda: time.monotonic() - began)
        SweepSession(Groups(*shared, message["together"]), mail, self.tell).work()

    def _read(self, sweep_id: str) -> Sweep:
        patience = Patience(f"Sweep {sweep_id}", self.mail.closing.is_set, self.outages)
        return patience(self.store.sweep, sweep_id)


@dataclass(frozen=True)
class SweepSession:
    """Advances the groups that the server hands over, and gives up those that it wants back."""

    groups: Groups
    mail: Mail
    tell: Sender

    def work(self) -> None:
        """Until the server says ``leave`` or ``close``, or is gone; groups that are not done are saved."""
        with denormals_flushed():
            try:
                while not (self.mail.closing.is_set() or self.mail.leaving.is_set()):
                    part = self.groups.behind()
                    message = self.mail.next() if part is None else self.mail.waiting()
                    if message is not None:
                        self._heed(message)
                    elif part is not None:
                        self.groups.advance(part)
                        self._tell_done()
            finally:
                self.groups.leave()
                self._tell_done()

    def _heed(self, message: Message) -> None:
        match message:
            case {"do": "take", "groups": numbers}:
                self.groups.add(numbers)
                taken = {part.number for part in self.groups.parts}
                for number in numbers:
                    if number not in taken:
                        self.tell(done=number, failure=None)
            case {"do": "give", "all": True}:
                self._give(self.groups.left)
            case {"do": "give", "count": count, "least": least}:
                self._give([part for part in self.groups.left if _epochs_left(part) >= least][::-1][:count])

    def _give(self, parts: list[SweepPartWorker]) -> None:
        """Save groups, and leave them to other workers."""
        for part in parts:
            self.groups.leave_one(part)
        given = [part for part in parts if not part.done]
        for part in given:
            self.groups.parts.remove(part)
        self._tell_done()
        self.tell(given=[part.number for part in given])

    def _tell_done(self) -> None:
        """Tell of groups that have ended or failed, and forget them."""
        for part in [part for part in self.groups.parts if part.done]:
            self.groups.parts.remove(part)
            self.tell(done=part.number, failure=self.groups.failures.get(part.number))


def _epochs_left(part: SweepPartWorker) -> int:
    return part.runs[0].spec.train.epochs - part.epoch
