"""What is kept of a run beside its figures: predictions of every epoch, last and best weights."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from reglab.events import Ended, EpochDone, Started
from reglab.predictions import EpochScores, Which
from reglab.spec import Keep
from reglab.store import RunFiles
from reglab.store.arrays import Arrays
from reglab.store.files import BEST, LAST, Place
from reglab.store.prediction_file import Layout

Kept = tuple[str | None, str | None]
"""Path (relative to the home) and SHA-256 of the weights that a run ends with."""


@dataclass
class Keeper:
    """Keeps one run's predictions in memory until the next checkpoint, which must not be ahead of them."""

    files: RunFiles
    layout: Layout
    scores: dict[int, EpochScores] = field(default_factory=dict)
    hashes: dict[str, str] = field(default_factory=dict)  # path → SHA-256 of the weights that it has written

    @classmethod
    def of(cls, files: RunFiles, started: Started) -> Keeper:
        """That of a run that starts or goes on."""
        return cls(files, Layout(started.val_index, started.classes))

    def note(self, event: EpochDone) -> None:
        """Take the scores of an epoch."""
        if event.scores is not None:
            self.scores[event.metrics.epoch] = event.scores

    def write(self) -> None:
        """Write the scores that are not on the disk yet."""
        if self.scores:
            self.files.save_predictions(self.layout, self.scores)
            self.scores = {}

    def end(self, event: Ended, keep: Keep) -> Kept:
        """Write everything of a run that has come to its end, with the last and the best weights as files."""
        self._write_predictions(event)
        best = event.best_weights()
        if not best:
            return self._save(event.weights())
        if event.best_epoch == event.epoch:
            last = self._save(event.weights())
            path = self.files.link_weights(last[0], BEST)
            self.hashes[path] = last[1]
            return (path, last[1]) if keep == "best" else last
        kept = self._save(best, BEST, settled=False)
        last = self._save(event.weights())
        return kept if keep == "best" else last

    def _save(self, weights: Arrays, name: str = LAST, *, settled: bool = True) -> Place:
        path, self.hashes[path] = self.files.save_weights(weights, name, settled=settled)
        return path, self.hashes[path]

    def diverge(self, event: Ended) -> None:
        """Write what a diverged run has of its finite epochs; its weights are those of its last finite checkpoint."""
        self._write_predictions(event)
        if best := event.best_weights():
            self.files.save_weights(best, BEST)

    def _write_predictions(self, event: Ended) -> None:
        epochs: dict[Which, int] = {"last": event.epoch, "best": event.best_epoch}
        found = {which: (epochs[which], array) for which, array in event.probabilities().items()}
        found = {which: own for which, own in found.items() if np.isfinite(own[1]).all()}
        self.files.save_predictions(self.layout, self.scores, found)
        self.scores = {}
