"""Throttles progress reports, stop checks and checkpoints."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

TICK = 0.2
"""Seconds between progress reports, and between checks whether to stop."""

_OVERHEAD = 20.0  # a checkpoint is due after 20 times what the last one took: about 5 % of the time
_GUESS = 0.1  # seconds that the first one after the start is taken to cost
_SHORTEST, _LONGEST = 1.0, 30.0  # seconds from one checkpoint to the next


@dataclass
class Ticker:
    """One tick every :data:`TICK`, for all that share it: only the first to ask sees it."""

    _ticked: float = field(default_factory=time.monotonic)

    def ticks(self) -> bool:
        """Whether :data:`TICK` has passed; begins the next one."""
        now = time.monotonic()
        if now - self._ticked < TICK:
            return False
        self._ticked = now
        return True


@dataclass
class Pace:
    """The clock of one job.

    Groups of a sweep take turns: they share a ``ticker``, or each would report in its every turn; and each pays for its
    checkpoints from the time of its own turns, or fifteen groups together would spend fifteen times 5 % on them.
    """

    ticker: Ticker = field(default_factory=Ticker)
    _saved: float = field(default_factory=time.monotonic)
    _cost: float = _GUESS
    _waited: float = 0.0  # seconds between turns since the last checkpoint
    _rested: float | None = None  # when the last turn ended

    @contextmanager
    def turn(self) -> Iterator[None]:
        """The time from one such block to the next one is other jobs'."""
        if self._rested is not None:
            self._waited += time.monotonic() - self._rested
        try:
            yield
        finally:
            self._rested = time.monotonic()

    def ticks(self) -> bool:
        """Whether it is time to report."""
        return self.ticker.ticks()

    def due(self) -> bool:
        """Whether a checkpoint is due."""
        since = time.monotonic() - self._saved
        return since - self._waited >= max(_SHORTEST, _OVERHEAD * self._cost) or since >= _LONGEST

    def saving(self, save: Callable[[], None]) -> None:
        """Call ``save`` and time it."""
        before = time.monotonic()
        save()
        self._saved, self._waited = time.monotonic(), 0.0
        self._cost = self._saved - before
