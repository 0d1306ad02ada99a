"""Removing what nothing needs any more, at start and then once a day, a little at a time."""

from __future__ import annotations

import logging
import time
from datetime import timedelta

from reglab.errors import RegLabError
from reglab.settings import Settings
from reglab.store import Store

log = logging.getLogger(__name__)

DAY = 24 * 3600.0  # seconds
AT_ONCE = 20
"""Deleted runs that one step removes, so that a step is short and the queue never waits for it."""


class Housekeeping:
    """Removes runs deleted longer ago than the undo period, and second checkpoints of runs that have ended."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self.store, self.period = store, timedelta(days=settings.undo_days)
        self._due = time.monotonic()

    def step(self) -> None:
        """Do the next piece of work where one is due; to be called now and then."""
        if time.monotonic() < self._due:
            return
        self._due = time.monotonic() + DAY
        try:
            gone = self.store.purge(self.period, limit=AT_ONCE)
            if len(gone) == AT_ONCE:
                self._due = time.monotonic()  # there may be more
            else:
                self.store.drop_second_checkpoints()
        except RegLabError as error:
            log.warning("Old files could not be removed: %s", error)
            return
        if gone:
            log.info("Removed %s for good, deleted more than %s ago", ", ".join(gone), self.period)
