"""The test part at the end of a confirmation's runs: opened once, and every finished run evaluated on it.

A run is evaluated before it is recorded as finished, so that a confirmation that was cut off and resumed evaluates
exactly the runs that were still to finish. The opening is recorded first: it counts even if the work is then cut off.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from reglab.errors import StoreError
from reglab.events import Ended, EpochDone
from reglab.jobs.patience import Patience
from reglab.jobs.work import weights_of
from reglab.settings import Settings
from reglab.spec import DataSpec, RunSpec
from reglab.store import TEST, Confirmation, Run, Store
from reglab.training import HeldOutSet, score_held_out

COMMON = "common"
"""Name of the file with a run's weights at the epoch of the rule *common*."""

Weights = Mapping[str, NDArray[Any]]


@dataclass
class HeldOutEvaluation:
    """Evaluates runs of the sweep ``sweep_id``, which is the ``confirmation`` of another one."""

    store: Store
    settings: Settings
    sweep_id: str
    confirmation: Confirmation
    patience: Patience
    _set: tuple[DataSpec, HeldOutSet] | None = field(default=None, repr=False)

    def note_epoch(self, run: Run, event: EpochDone) -> None:
        """Keep the weights of the epoch at which the rule *common* judges the run."""
        if self.confirmation.rule == "common" and event.metrics.epoch == self._common_epoch(run):
            self.patience(self.store.files(run.id).save_weights, weights_of(event.snapshot()), COMMON)

    def evaluate(self, run: Run, event: Ended) -> None:
        """Score the run on the test part with the weights of the epoch rule, and keep what comes out."""
        test = self._test_of(run.spec)
        self.patience(self.store.open_test, self.sweep_id, run.spec.data.name, test.sha256, test.size)
        scores = score_held_out(run.spec, self._weights(run, event), test, self.settings.device)
        kept = {TEST: scores.probabilities, "correct": scores.correct}
        self.patience(self.store.files(run.id).save_weights, kept, TEST)

    def _weights(self, run: Run, event: Ended) -> Weights:
        match self.confirmation.rule:
            case "last":
                return event.weights()
            case "best":
                return event.best_weights()
            case "common":
                files = self.store.files(run.id)
                return self.patience(files.load_weights, files.named(COMMON))

    def _test_of(self, spec: RunSpec) -> HeldOutSet:
        """The runs of a group differ in λ alone, so that one set serves all of them."""
        if self._set is None or self._set[0] != spec.data:
            test = HeldOutSet.of(spec, self.settings.data)
            if test.sha256 != self.confirmation.test_sha256:
                raise StoreError("The test part is not the one that was locked when the sweep was trained.")
            self._set = (spec.data, test)
        return self._set[1]

    def _common_epoch(self, run: Run) -> int:
        """A confirmation has one penalty mode, so its lanes go through the points in turn."""
        return self.confirmation.epochs[(run.lane or 0) % len(self.confirmation.epochs)]
