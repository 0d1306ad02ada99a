"""One run from start to end: the loop's events poured into the store. The only place where training and store meet."""

from __future__ import annotations

import logging
import math
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from reglab.errors import RegLabError, RunLost, StoreUnavailable, UnknownRun
from reglab.events import Checkpoint, Ended, EpochDone, Evaluating, Event, Started, StepDone
from reglab.jobs.capacity import out_of_memory_sentence
from reglab.jobs.outages import Outages
from reglab.jobs.pace import Pace
from reglab.jobs.patience import Patience
from reglab.number_format import percent
from reglab.settings import Settings
from reglab.spec import RunSpec
from reglab.states import State
from reglab.store import Ending, Progress, Run, RunFiles, Store
from reglab.training import denormals_flushed, give_memory_back, is_out_of_memory, train

log = logging.getLogger(__name__)

Halt = Literal["cancelled", "interrupted"]


@dataclass
class Worker:
    """Trains one claimed run. ``closing`` says when the process is to end, ``listen`` receives every event.

    Every call to the store goes through ``patience``: training waits while the database or the disk is away.
    """

    store: Store
    settings: Settings
    run: Run
    closing: Callable[[], bool] = lambda: False
    listen: Callable[[Event], None] | None = None
    seconds: float = 0.0
    pace: Pace = field(default_factory=Pace)
    outages: Outages = field(default_factory=Outages)

    def __post_init__(self) -> None:
        self.patience = Patience(f"Run {self.run.id}", self._leaving, self.outages)

    def work(self) -> None:
        """Train until the run ends, is stopped, or fails, and record which, with a sentence.

        Nothing is recorded of a run that has ended meanwhile, is gone, or belongs to another process.

        :raises StoreError: the end could not be recorded.
        """
        try:
            with denormals_flushed():
                self._train()
        except Halted as halted:
            self._finish(halted.state)
        except (RunLost, UnknownRun) as error:
            log.warning("Run %s is not trained any further here: %s", self.run.id, error)
        except StoreUnavailable as error:
            self._give_up(str(error))
        except RegLabError as error:
            self._fail(str(error))
        except Exception as error:
            self._fail(explain(error, f"Run {self.run.id}", self.run.spec, self.settings))
        finally:
            give_memory_back()

    @property
    def files(self) -> RunFiles:
        """The run's folder of checkpoints and weights."""
        return self.store.files(self.run.id)

    def _train(self) -> None:
        checkpoint = self.patience(self.files.load_checkpoint)
        last = int(checkpoint.facts["epoch"]) if checkpoint else 0
        self.patience(self.store.drop_epochs_after, {self.run.id: last})
        self.seconds = float(checkpoint.facts["run_seconds"]) if checkpoint else 0.0
        began = time.monotonic() - self.seconds
        events = train(
            self.run.spec,
            device=self.settings.device,
            threads=self.run.threads or self.settings.threads,
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
                self._finish(halt)

    def _take(self, event: Event) -> Halt | None:
        """Store what ``event`` tells; the state to end in where the run is to stop here."""
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
                self._end(event)
        return None

    def _start(self, event: Started) -> None:
        self.patience(self.store.began, {self.run.id: event.environment})
        if event.epoch == event.step == 0:
            self.patience(self.store.add_initial_layers, {self.run.id: event.layers})
            snapshot = event.snapshot()
            self.patience(self.files.save_weights, weights_of(snapshot), "initial")
            self._save(snapshot)

    def _add_epoch(self, event: EpochDone) -> None:
        """The run's epochs ascend and only this process may add them: one that is there is this one."""
        entry = (self.run.id, event.metrics, event.layers, event.best_epoch)
        self.patience.once(lambda: True, self.store.add_epochs, [entry])

    def _between(self, epoch: int, step: int, steps: int, snapshot: Callable[[], Checkpoint]) -> Halt | None:
        """Within an epoch, now and then: look whether to stop, save what is due, tell how far the run is."""
        if not self.pace.ticks():
            return None
        halt = self._halt()
        if halt or self.pace.due():
            self._save(snapshot())
        self._progress(epoch - 1, step, steps)
        return halt

    def _halt(self) -> Halt | None:
        if self.closing():
            return "interrupted"
        return "cancelled" if self.patience(self.store.wanted, self.run.id) == "stop" else None

    def _leaving(self) -> bool:
        """Whether to stop waiting for the store: the process is to end, or a person has stopped the run."""
        return self.closing() or self._stopped()

    def _stopped(self) -> bool:
        """Whether a person has stopped the run, asked once."""
        try:
            return self.store.wanted(self.run.id) == "stop"
        except RegLabError:
            return False  # nobody can have stopped a run in a store that does not answer

    def _save(self, snapshot: Checkpoint) -> None:
        """Keep ``snapshot``, unless it is no longer finite: a diverged run keeps its last finite state."""
        if not is_finite(snapshot):
            return
        kept = Checkpoint(snapshot.arrays, {**snapshot.facts, "run_seconds": self.seconds})
        self.pace.saving(lambda: self.patience(self.files.save_checkpoint, kept))

    def _end(self, event: Ended) -> None:
        self._progress(event.epoch, 0)
        if event.reason == "diverged":
            self._end_diverged(event.epoch)
            return
        path, sha256 = self.patience(self.files.save_weights, event.weights())
        self._finish("finished", weights_path=path, weights_sha256=sha256)
        self.files.drop_second_checkpoint()

    def _end_diverged(self, epoch: int) -> None:
        """Keep the weights of the last finite checkpoint; there is one, since every run begins with one."""
        kept = self.patience(self.files.load_checkpoint)
        weights, at = (weights_of(kept), kept.facts["epoch"]) if kept else ({}, 0)
        path, sha256 = self.patience(self.files.save_weights, weights)
        sentence = (
            f"The loss was no longer a finite number in epoch {epoch}; the weights kept are those after epoch {at}. "
            "Try a smaller learning rate or λ."
        )
        self._finish("diverged", weights_path=path, weights_sha256=sha256, error=sentence)
        self.files.drop_second_checkpoint()

    def _progress(self, epoch: int, step: int, steps: int = 0) -> None:
        report = Progress(epoch, step, steps, self.seconds)
        self.patience(self.store.progress, self.run.id, {self.run.id: report})

    def _report(self, text: str, share: float) -> None:
        """Pass on what the data set is doing, and leave its loading where the run is to stop."""
        if self.pace.ticks():
            self.patience(self.store.say, self.run.id, f"{text} ({percent(share, 0)})")
            if halt := self._halt():
                raise Halted(halt)

    def _finish(self, state: State, **values: Any) -> None:
        ending = Ending(self.run.id, state, **values)
        self.patience.once(lambda: self.store.get(self.run.id).state == state, self.store.finish, [ending])

    def _fail(self, sentence: str) -> None:
        self._finish("failed", error=sentence)

    def _give_up(self, sentence: str) -> None:
        """End a run that has waited for the store long enough; this is tried once."""
        if self.closing():
            self.store.finish([Ending(self.run.id, "interrupted")])
        elif self._stopped():
            self.store.finish([Ending(self.run.id, "cancelled")])
        else:
            self.store.finish([Ending(self.run.id, "failed", error=sentence)])


class Halted(Exception):
    """Raised while data are loaded, where no event can say that the run is to stop."""

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


def weights_of(checkpoint: Checkpoint) -> dict[str, NDArray[Any]]:
    """Every parameter and buffer in a run's checkpoint, by name."""
    arrays = checkpoint.arrays.items()
    return {name.removeprefix("model/"): array for name, array in arrays if name.startswith("model/")}


def is_finite(checkpoint: Checkpoint) -> bool:
    """Whether the losses of the epoch so far and every weight are finite numbers; a step can spoil weights first."""
    weights = weights_of(checkpoint).values()
    return math.isfinite(checkpoint.facts["running_loss"]) and all(bool(np.isfinite(array).all()) for array in weights)
