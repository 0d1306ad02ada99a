"""One run from start to end: training's events go to the store. Only workers join training and store."""

from __future__ import annotations

import logging
import math
import time
import traceback
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from reglab.errors import RegLabError, RunLost, StoreUnavailable, UnknownRun, WorkerLost
from reglab.events import Checkpoint, Ended, EpochDone, Evaluating, Event, Reason, Started, StepDone
from reglab.jobs.capacity import out_of_memory_sentence
from reglab.jobs.keeping import Keeper, Kept
from reglab.jobs.machines import environment_of
from reglab.jobs.pace import Pace
from reglab.jobs.patience import Outages, Patience
from reglab.jobs.threads_auto import threads_of
from reglab.number_format import percent
from reglab.optimizers import extensible
from reglab.settings import Settings
from reglab.spec import RunSpec
from reglab.states import State
from reglab.store import Ending, Progress, Run, RunFiles, Store
from reglab.store.files import INITIAL, Place
from reglab.training import denormals_flushed, give_memory_back, is_out_of_memory, train

log = logging.getLogger(__name__)

Halt = Literal["cancelled", "interrupted"]


class Job(ABC):
    """The training of one claimed run or sweep: it ends by itself, by a stop, by ``closing()``, or by an error.

    Every call to the store goes through ``patience``: training waits while the database or the disk is away.
    """

    store: Store
    settings: Settings
    closing: Callable[[], bool]
    pace: Pace
    patience: Patience

    def work(self) -> None:
        """Train to the end, and record it with a sentence.

        Nothing is recorded of a run that has ended meanwhile, is gone, or belongs to another process.

        :raises StoreError: the end could not be recorded.
        """
        try:
            self._train()
        except Halted as halted:
            self._end(halted.state)
        except (RunLost, UnknownRun) as error:
            self._abandon(error)
        except WorkerLost as lost:
            self._end_lost(str(lost))
        except StoreUnavailable as error:  # the store has been away for long; this is tried once
            state: State = "interrupted" if self.closing() else "cancelled" if self._stopped() else "failed"
            self.store.finish([self._ending(state, str(error) if state == "failed" else None)])
        except RegLabError as error:
            self._end("failed", str(error))
        except Exception as error:
            self._end("failed", explain(error, self.patience.what, self._spec, self.settings))
        finally:
            give_memory_back()

    @property
    @abstractmethod
    def _id(self) -> str: ...

    @property
    @abstractmethod
    def _spec(self) -> RunSpec: ...

    @abstractmethod
    def _train(self) -> None: ...

    @abstractmethod
    def _ending(self, state: State, error: str | None = None) -> Ending: ...

    @abstractmethod
    def _end(self, state: State, error: str | None = None) -> None: ...

    def _end_lost(self, sentence: str) -> None:
        """End as interrupted, unless the lost worker process had recorded an end."""
        try:
            self._end("interrupted", sentence)
        except (RunLost, UnknownRun) as error:
            self._abandon(error)

    def _abandon(self, error: Exception) -> None:
        log.warning("%s is not trained any further here: %s", self.patience.what, error)

    def _wanted(self) -> Halt | None:
        """The state to end in, if the process closes or a person has stopped the job."""
        if self.closing():
            return "interrupted"
        return "cancelled" if self.patience(self.store.wanted, self._id) == "stop" else None

    def _stopped(self) -> bool:
        """Whether a person has stopped the job, asked once; an unreachable store counts as no."""
        try:
            return self.store.wanted(self._id) == "stop"
        except RegLabError:
            return False

    def _leaving(self) -> bool:
        """Whether to stop waiting for the store."""
        return self.closing() or self._stopped()

    def _report(self, text: str, share: float) -> None:
        """Pass on the progress of loading data; :class:`Halted` if the job is to stop."""
        if self.pace.ticks():
            self.patience(self.store.say, self._id, f"{text} ({percent(share, 0)})")
            if halt := self._wanted():
                raise Halted(halt)


@dataclass
class Worker(Job):
    """Trains one claimed run; ``listen`` receives every event."""

    store: Store
    settings: Settings
    run: Run
    closing: Callable[[], bool] = lambda: False
    listen: Callable[[Event], None] | None = None
    seconds: float = 0.0
    pace: Pace = field(default_factory=Pace)
    outages: Outages = field(default_factory=Outages)
    _keeper: Keeper | None = None  # from the start on

    def __post_init__(self) -> None:
        self.patience = Patience(f"Run {self.run.id}", self._leaving, self.outages)

    @property
    def files(self) -> RunFiles:
        """The run's folder of checkpoints and weights."""
        return self.store.files(self.run.id)

    @property
    def keeper(self) -> Keeper:
        """What keeps the run's predictions and weights."""
        assert self._keeper is not None, "the run has started"
        return self._keeper

    @property
    def _id(self) -> str:
        return self.run.id

    @property
    def _spec(self) -> RunSpec:
        return self.run.spec

    @denormals_flushed()
    def _train(self) -> None:
        checkpoint = self.patience(self.files.load_checkpoint)
        last = int(checkpoint.facts["epoch"]) if checkpoint else 0
        self.patience(self.store.drop_epochs_after, {self.run.id: last})
        self.seconds = float(checkpoint.facts["run_seconds"]) if checkpoint else 0.0
        began = time.monotonic() - self.seconds
        threads = self.patience(threads_of, self.run, self.store, self.settings, self._report)
        events = train(
            self.run.spec,
            device=self.settings.device,
            threads=threads,
            folder=self.settings.data,
            resume=[checkpoint],
            report=self._report,
        )
        for event in events:
            self.seconds = time.monotonic() - began
            halt = self._take(event)
            if self.listen is not None:
                self.listen(event)
            if halt:
                events.close()
                self._end(halt)

    def _take(self, event: Event) -> Halt | None:
        """Store the ``event``; the state to end in if the run is to stop here."""
        match event:
            case Started():
                self._start(event)
            case StepDone():
                return self._between(event.epoch, event.step, event.steps, event.snapshots[0])
            case Evaluating():
                return self._between(event.epoch, event.steps, event.steps, event.snapshots[0])
            case EpochDone():
                self._add_epoch(event)
                if self.pace.due() and math.isfinite(event.metrics.total + event.metrics.val_loss):
                    self._save(event.snapshot())
            case Ended():
                self._note_end(event)
        return None

    def _start(self, event: Started) -> None:
        self._keeper = Keeper.of(self.files, event)
        self.patience(self.store.began, {self.run.id: environment_of(event, self.run)})
        if event.epoch == event.step == 0:
            self.patience(self.store.add_initial_layers, {self.run.id: event.layers})
            snapshot = event.snapshot()
            initial = self.patience(self.files.save_weights, weights_of(snapshot), INITIAL)
            self._keep(snapshot, {"model/": initial})
        elif self.files.is_end:
            self._save(event.snapshot())  # the weights that the checkpoint at the end goes with will be replaced

    def _add_epoch(self, event: EpochDone) -> None:
        """Only this process adds the run's epochs, in order: one that is already there is this one."""
        self.keeper.note(event)
        entry = (self.run.id, event.metrics, event.layers, event.best_epoch)
        self.patience.once(lambda: True, self.store.add_epochs, [entry])

    def _between(self, epoch: int, step: int, steps: int, snapshot: Callable[[], Checkpoint]) -> Halt | None:
        """Once a tick within an epoch: stop if asked to, save what is due, report progress."""
        if not self.pace.ticks():
            return None
        halt = self._wanted()
        if halt or self.pace.due():
            self._save(snapshot())
        self._progress(epoch - 1, step, steps)
        return halt

    def _save(self, snapshot: Checkpoint) -> None:
        """Keep ``snapshot`` if it is finite: a diverged run keeps its last finite state."""
        if is_finite(snapshot):
            self.pace.saving(partial(self._keep, snapshot))

    def _keep(self, snapshot: Checkpoint, elsewhere: Mapping[str, Place] = {}) -> None:
        kept = Checkpoint(snapshot.arrays, {**snapshot.facts, "run_seconds": self.seconds})
        self.patience(self.keeper.write)
        self.patience(self.files.save_checkpoint, kept, elsewhere)

    def _note_end(self, event: Ended) -> None:
        """A diverged run keeps the weights of its last finite checkpoint; there is one, as every run begins with it."""
        self._progress(event.epoch, 0)
        if event.reason == "diverged":
            kept = self.patience(self.files.load_checkpoint)
            weights, epoch = (weights_of(kept), kept.facts["epoch"]) if kept else ({}, 0)
            finite = self.patience(self.files.save_weights, weights)
            self.patience(self.keeper.diverge, event)
            self._end("diverged", diverged_sentence(event.epoch, epoch), finite)
            self.files.drop_second_checkpoint()
            return
        files = self.patience(self.keeper.end, event, self._spec.train.keep)
        if goes_on := can_go_on(self._spec, event.reason):
            snapshot = event.snapshot()
            facts = {**snapshot.facts, "run_seconds": self.seconds}
            end = (Checkpoint(snapshot.arrays, facts), {"": self.files}, self.keeper.hashes)
            self.patience(self.files.save_end, *end)
        self._end("finished", files=files)
        if not goes_on:
            self.files.drop_checkpoints()

    def _progress(self, epoch: int, step: int, steps: int = 0) -> None:
        report = Progress(epoch, step, steps, self.seconds)
        self.patience(self.store.progress, self.run.id, {self.run.id: report})

    def _ending(self, state: State, error: str | None = None) -> Ending:
        return Ending(self.run.id, state, error=error)

    def _end(self, state: State, error: str | None = None, files: Kept = (None, None)) -> None:
        """Record the end; ``files``: path and SHA-256 of the final weights."""
        ending = Ending(self.run.id, state, *files, error)
        self.patience.once(lambda: self.store.get(self.run.id).state == state, self.store.finish, [ending])


def train_run(
    store: Store, settings: Settings, run_id: str, closing: Callable[[], bool], outages: Outages | None = None
) -> None:
    """Train a claimed run in this process; see :meth:`Job.work`."""
    outages = outages or Outages()
    run = Patience(f"Run {run_id}", closing, outages)(store.get, run_id)
    Worker(store, settings, run, closing, outages=outages).work()


class Halted(Exception):
    """Raised while data are loaded, where no event can end the job."""

    def __init__(self, state: Halt) -> None:
        super().__init__(state)
        self.state: Halt = state


def explain(error: Exception, what: str, spec: RunSpec, settings: Settings) -> str:
    """One sentence on an unforeseen error in training ``spec``; the log has the details."""
    if is_out_of_memory(error):
        traceback.clear_frames(error.__traceback__)  # they hold the tensors of the step that failed
        give_memory_back()
        return out_of_memory_sentence(spec, settings)
    log.error("%s failed", what, exc_info=error)
    return f"An unexpected error ended the run ({type(error).__name__}: {error}); the log has the details."


def can_go_on(spec: RunSpec, reason: Reason) -> bool:
    """Whether a run that ended so can be extended: all its epochs are done, and η does not depend on their number."""
    return reason == "completed" and extensible(spec.optim)


def diverged_sentence(epoch: int, kept: int) -> str:
    """The error of a run that diverged in ``epoch`` and keeps the weights of epoch ``kept``."""
    return (
        f"The loss was no longer a finite number in epoch {epoch}; the weights kept are those after epoch {kept}. "
        "Try a smaller learning rate or λ."
    )


def weights_of(checkpoint: Checkpoint) -> dict[str, NDArray[Any]]:
    """Every parameter and buffer in a run's checkpoint, by name."""
    arrays = checkpoint.arrays.items()
    return {name.removeprefix("model/"): array for name, array in arrays if name.startswith("model/")}


def is_finite(checkpoint: Checkpoint) -> bool:
    """Whether the losses of the epoch so far and every weight are finite numbers; a step can spoil weights first."""
    weights = weights_of(checkpoint).values()
    return math.isfinite(checkpoint.facts["running_loss"]) and all(bool(np.isfinite(array).all()) for array in weights)
