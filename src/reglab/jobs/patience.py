"""Repeated calls to the store while the database or the disk is away, and the outages that they meet.

The only place where RegLab retries. Every call of a worker to the store goes through :class:`Patience`, so that
training waits for a database that restarts, a file that another program locks, a full disk, or a folder that is away.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception_type, wait_exponential

from reglab.errors import EpochRecorded, RegLabError, RunLost, StoreUnavailable
from reglab.jobs.pace import TICK

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

LONGEST = 120.0
"""Seconds for which one call is repeated."""

_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.1, 5.0  # seconds


class Patience:
    """Calls functions of the store until they succeed, for at most :data:`LONGEST` seconds each.

    Only :class:`StoreUnavailable` is retried, and not once ``leaving()``. ``what`` names the caller in the log
    and in ``outages``. Safe to share between threads.
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
        """``call(*args, **kwargs)`` as above, for a call that is refused if it succeeded before.

        A connection can break after a commit and before its answer. The next try is then refused, and ``done()`` tells
        whether the first one succeeded.
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
        """Sleep until ``leaving()`` at most."""
        pause, end = threading.Event(), time.monotonic() + seconds
        while not self.leaving() and (left := end - time.monotonic()) > 0:
            pause.wait(min(left, TICK))


class Outages:
    """Present failures by what fails, each logged once; safe to share between threads.

    A database or disk that is away fails many calls of many threads: together they are one outage. An error that
    RegLab does not know is a bug, logged with its traceback.
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._errors: dict[str, Exception] = {}

    def begin(self, what: str, error: Exception) -> None:
        """Note that ``what`` fails with ``error``."""
        with self._guard:
            known = list(self._errors.values())
            self._errors[what] = error
        if not any(_same(error, one) for one in known):
            log.error("%s: %s", what, sentence(error), exc_info=None if isinstance(error, RegLabError) else error)

    def end(self, what: str) -> None:
        """Note that ``what`` works."""
        if what not in self._errors:  # this is called after every call that succeeds: no lock
            return
        with self._guard:
            self._errors.pop(what, None)
            over = not self._errors
        if over:
            log.info("%s works again", what)

    def __contains__(self, what: str) -> bool:
        return what in self._errors

    @property
    def reason(self) -> str | None:
        """The sentence of the first error; ``None`` while nothing fails."""
        with self._guard:
            return next((sentence(error) for error in self._errors.values()), None)


def sentence(error: Exception) -> str:
    """The text of an error for people; of an unforeseen one, its type and text."""
    if isinstance(error, RegLabError):
        return str(error)
    return f"An unexpected error ({type(error).__name__}: {error}); the log has the details."


def _same(error: Exception, other: Exception) -> bool:
    """Whether both come from one outage, or are the same error again."""
    away = isinstance(error, StoreUnavailable) and isinstance(other, StoreUnavailable)
    return away or (type(error), str(error)) == (type(other), str(other))
