"""What a person means by the name of a run or of a sweep."""

from __future__ import annotations

from reglab.errors import UnknownRun, UnknownSweep
from reglab.store import Run, Store, Sweep


def run_or_sweep(store: Store, text: str) -> Run | Sweep:
    """The run with this id (or its beginning) or name; the sweep, where there is no such run.

    :raises UnknownRun: where there is neither, or more than one.
    """
    try:
        return store.get(text)
    except UnknownRun as error:
        try:
            return store.sweep(text)
        except UnknownSweep:
            raise error from None
