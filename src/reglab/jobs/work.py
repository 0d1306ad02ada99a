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

from reglab.errors import RegLabError
from reglab.events import Checkpoint, Ended, EpochDone, Evaluating, Event, Started, StepDone
from reglab.jobs.capacity import out_of_memory_sentence
from reglab.jobs.pace import Pace
from reglab.settings import Settings
from reglab.spec import RunSpec
from reglab.store import Run, RunFiles, Store
from reglab.training import denormals_flushed, give_memory_back, is_out_of_memory, train

log = logging.getLogger(__name__)

Halt = Literal["cancelled", "interrupted"]


@dataclass
class Worker:
    """Trains one claimed run; ``closing`` tells when the process wants to leave, ``listen`` sees every event."""

    store: Store
    settings: Settings
    run: Run
    closing: Callable[[], bool] = lambda: False
    listen: Callable[[Event], None] | None = None
    seconds: float = 0.0
    pace: Pace = field(default_factory=Pace)

    def work(self) -> None:
        """Train until the run ends, is stopped, or fails; the store then says which, with a sentence."""
        try:
            with denormals_flushed():
                self._train()
        except Halted as halted:
            self.store.finish(self.run.id, halted.state)
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
        checkpoint = self.files.load_checkpoint()
        self.store.drop_epochs_after(self.run.id, int(checkpoint.facts["epoch"]) if checkpoint else 0)
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
                self.store.finish(self.run.id, halt)

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
                self.store.add_epoch(self.run.id, event.metrics, event.layers, best_epoch=event.best_epoch)
                if self.pace.due() and math.isfinite(event.metrics.total + event.metrics.val_loss):
                    self._save(event.snapshot())
            case Ended():
                self._end(event)
        return None

    def _start(self, event: Started) -> None:
        self.store.began(self.run.id, event.environment)
        if event.epoch == event.step == 0:
            self.store.add_initial_layers(self.run.id, event.layers)
            snapshot = event.snapshot()
            self.files.save_weights(weights_of(snapshot), "initial")
            self._save(snapshot)

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
        return "cancelled" if self.store.wanted(self.run.id) == "stop" else None

    def _save(self, snapshot: Checkpoint) -> None:
        """Keep ``snapshot``, unless it is no longer finite: a diverged run keeps its last finite state."""
        if not is_finite(snapshot):
            return
        kept = Checkpoint(snapshot.arrays, {**snapshot.facts, "run_seconds": self.seconds})
        self.pace.saving(lambda: self.files.save_checkpoint(kept))

    def _end(self, event: Ended) -> None:
        self._progress(event.epoch, 0)
        if event.reason == "diverged":
            self._end_diverged(event.epoch)
            return
        path, sha256 = self.files.save_weights(event.weights())
        self.store.finish(self.run.id, "finished", weights_path=path, weights_sha256=sha256)
        self.files.drop_second_checkpoint()

    def _end_diverged(self, epoch: int) -> None:
        """Keep the weights of the last finite checkpoint; there is one, since every run begins with one."""
        kept = self.files.load_checkpoint()
        weights, at = (weights_of(kept), kept.facts["epoch"]) if kept else ({}, 0)
        path, sha256 = self.files.save_weights(weights)
        sentence = (
            f"The loss was no longer a finite number in epoch {epoch}; the weights kept are those after epoch {at}. "
            "Try a smaller learning rate or λ."
        )
        self.store.finish(self.run.id, "diverged", weights_path=path, weights_sha256=sha256, error=sentence)
        self.files.drop_second_checkpoint()

    def _progress(self, epoch: int, step: int, steps: int = 0) -> None:
        self.store.progress(self.run.id, epoch=epoch, step=step, steps=steps, seconds=self.seconds)

    def _report(self, text: str, share: float) -> None:
        """Pass on what the data set is doing, and leave its loading where the run is to stop."""
        if self.pace.ticks():
            self.store.say(self.run.id, f"{text} ({share:.0%})")
            if halt := self._halt():
                raise Halted(halt)

    def _fail(self, sentence: str) -> None:
        self.store.finish(self.run.id, "failed", error=sentence)


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
