"""Repeat calls to the store while the database or the disk is away.

The only place where RegLab retries. Every call of a worker to the store goes through it, so that training waits for a
database that restarts, a file that another program locks, a full disk, or a folder that is away for a moment.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception_type, wait_exponential

from reglab.errors import EpochRecorded, RegLabError, RunLost, StoreUnavailable
from reglab.jobs.outages import Outages
from reglab.jobs.pace import TICK

P = ParamSpec("P")
T = TypeVar("T")

LONGEST = 120.0
"""Seconds for which one call is repeated."""

_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.1, 5.0  # seconds


class Patience:
    """Calls functions of the store until they succeed, for at most :data:`LONGEST` seconds each.

    Only :class:`StoreUnavailable` is retried. ``leaving`` says when to give up early; ``what`` names the caller in the
    log and in ``outages``. Safe to share between threads.
    """

    def __init__(self, what: str, leaving: Callable[[], bool], outages: Outages | None = None) -> None:
        self.what, self.leaving, self.outages = what, leaving, outages or Outages()
        self._retrying = Retrying(
            retry=retry_if_exception_type(StoreUnavailable),
            wait=wait_exponential(multiplier=_SHORTEST_PAUSE, max=_LONGEST_PAUSE),
            stop=self._given_up,
            sleep=self._sleep,
            before_sleep=self._note,
            reraise=True,
        )

    def __call__(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """``call(*args, **kwargs)``, repeated while the store is unavailable.

        :raises StoreUnavailable: it still is after :data:`LONGEST` seconds, or it is time to leave.
        """
        result = self._retrying(call, *args, **kwargs)
        self.outages.end(self.what)
        return result

    def once(self, done: Callable[[], bool], call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> None:
        """``call(*args, **kwargs)`` as above, where a second success would be refused.

        A connection can break after a commit and before its answer. The next try is then refused as a second one, and
        ``done()`` says whether that is the reason.
        """
        tries = 0

        def attempt() -> None:
            nonlocal tries
            tries += 1
            try:
                call(*args, **kwargs)
            except (RunLost, EpochRecorded):
                if tries == 1 or not done():
                    raise

        self(attempt)

    def _note(self, state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, RegLabError):
            self.outages.begin(self.what, error)

    def _given_up(self, state: RetryCallState) -> bool:
        return (state.seconds_since_start or 0.0) >= LONGEST or self.leaving()

    def _sleep(self, seconds: float) -> None:
        """Sleep, but not past the moment when it is time to leave."""
        pause, end = threading.Event(), time.monotonic() + seconds
        while not self.leaving() and (left := end - time.monotonic()) > 0:
            pause.wait(min(left, TICK))
