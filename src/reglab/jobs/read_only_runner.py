"""The runner of a store that may only be read: it trains nothing, and every order fails with the store's sentence."""

from __future__ import annotations

import threading

from reglab.jobs.patience import Outages
from reglab.jobs.runner import Runner
from reglab.settings import Settings
from reglab.store import Store


class ReadOnlyRunner(Runner):
    """Answers what pages ask of a runner, without a queue, supervisor or worker; predictions are made here."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self.store, self.settings, self.outages = store, settings, Outages()
        self.pool = self._predictor = None
        self._bell, self._closing = threading.Event(), threading.Event()

    def alive(self) -> bool:
        return not self._closing.is_set()

    def trouble(self) -> str | None:
        return None

    def close(self, timeout: float = 0.0) -> None:
        self._closing.set()
