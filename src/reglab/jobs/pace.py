"""Throttles progress reports, stop checks and checkpoints."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

TICK = 0.2
"""Seconds between progress reports, and between checks whether to stop."""

_OVERHEAD = 20  # a checkpoint is due after 20 times what the last one took: about 5 % of the time
_LONGEST = 30.0  # seconds without a checkpoint, at most


@dataclass
class Pace:
    """The clock of one job."""

    _ticked: float = field(default_factory=time.monotonic)
    _saved: float = field(default_factory=time.monotonic)
    _cost: float = 0.0

    def ticks(self) -> bool:
        """Whether :data:`TICK` has passed; begins the next one."""
        now = time.monotonic()
        if now - self._ticked < TICK:
            return False
        self._ticked = now
        return True

    def due(self) -> bool:
        """Whether a checkpoint is due."""
        return time.monotonic() - self._saved >= min(_OVERHEAD * self._cost, _LONGEST)

    def saving(self, save: Callable[[], None]) -> None:
        """Call ``save`` and time it."""
        before = time.monotonic()
        save()
        self._saved = time.monotonic()
        self._cost = self._saved - before
