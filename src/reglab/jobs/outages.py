"""What keeps runs from being trained or recorded at the moment: logged once, shown for as long as it lasts."""

from __future__ import annotations

import logging
import threading

from reglab.errors import RegLabError, StoreUnavailable

log = logging.getLogger(__name__)


class Outages:
    """The present failures, by what fails; safe to share between threads.

    A database or disk that is away fails many calls of many threads: together they are one outage and one line in the
    log. An error that RegLab does not know is a bug; it is logged with its traceback, once for as long as it lasts.
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
        """Note that ``what`` does not fail, or no longer."""
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
        """The error that was noted first, as a sentence; ``None`` while nothing fails."""
        with self._guard:
            return next((sentence(error) for error in self._errors.values()), None)


def sentence(error: Exception) -> str:
    """The text of an error for people; of one that RegLab does not know, its type and text."""
    if isinstance(error, RegLabError):
        return str(error)
    return f"An unexpected error ({type(error).__name__}: {error}); the log has the details."


def _same(error: Exception, other: Exception) -> bool:
    """Whether both come from one outage, or are the same error again."""
    away = isinstance(error, StoreUnavailable) and isinstance(other, StoreUnavailable)
    return away or (type(error), str(error)) == (type(other), str(other))
