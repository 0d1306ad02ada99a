"""The runner as one person's pages use it: their orders pass the store that acts for them."""

from __future__ import annotations

from reglab.jobs.noise import NoiseAnswer, NoiseRequest
from reglab.jobs.predicting import Answer, PredictionRequest
from reglab.jobs.runner import Runner
from reglab.store import Store


class PersonalRunner(Runner):
    """``runner``, with every order written to ``store``; it has no threads of its own, and closing it does nothing."""

    def __init__(self, runner: Runner, store: Store) -> None:
        self._runner, self.store = runner, store
        self.settings, self.pool, self.outages, self._bell = runner.settings, runner.pool, runner.outages, runner._bell

    def predict(self, request: PredictionRequest) -> Answer:
        return self._runner.predict(request)

    def accuracy_under_noise(self, request: NoiseRequest) -> NoiseAnswer:
        return self._runner.accuracy_under_noise(request)

    def warm_predictor(self) -> None:
        self._runner.warm_predictor()

    def alive(self) -> bool:
        return self._runner.alive()

    def trouble(self) -> str | None:
        return self._runner.trouble()

    def close(self, timeout: float = 0.0) -> None:
        """Nothing: the server closes its runner."""
