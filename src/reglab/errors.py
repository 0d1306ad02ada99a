"""Errors of RegLab, each one sentence that a person can act on.

Every error that a person can cause derives from :class:`RegLabError`; its text is the whole message. Pages show it
in place, the command line prints it on stderr and exits with :attr:`RegLabError.exit_status`.
"""

from __future__ import annotations

import difflib
import reprlib
from collections.abc import Iterable

ECHOED = 60
"""Characters of a person's input that a message repeats at most."""


class RegLabError(Exception):
    """An error whose text is one clear sentence for the person in front of it."""

    exit_status = 2


class SpecError(RegLabError):
    """The specification is invalid: a value out of range, an unknown key, or parts that do not fit together."""


class UnknownName(SpecError):
    """A name that no registry entry has."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        names = sorted(known)
        super().__init__(f"Unknown {kind} {shown(name)}{suggestion(name, names)}. Known: {', '.join(names)}.")
        self.kind, self.name = kind, name


class DataError(RegLabError):
    """The data set cannot be loaded: missing, truncated, or not what it claims to be."""


class StoreError(RegLabError):
    """The store cannot be opened, read or written."""


class QueueFull(RegLabError):
    """More work would wait in the queue than the settings allow."""


class LimitReached(QueueFull):
    """More work would be one person's than the settings allow."""


class AccessDenied(RegLabError):
    """The person in front of the page may not do this."""


class StoreUnavailable(StoreError):
    """The database or the disk is away, busy or full: the same call can succeed later."""


class RunLost(StoreError):
    """A run has ended, or another process trains it: it accepts no results from this process."""


class EpochRecorded(StoreError):
    """The run already has this epoch or a later one."""


class WorkerLost(RegLabError):
    """A worker process could not start, or ended without a word."""


class UnknownRun(RegLabError):
    """No run has this identifier."""


class UnknownSweep(UnknownRun):
    """No sweep has this identifier."""


class CheckpointError(RegLabError):
    """A checkpoint is missing, damaged, or belongs to another specification."""


def suggestion(name: str, known: Iterable[str]) -> str:
    """``" (did you mean 'digits'?)"`` for the nearest known name, or nothing where none is near."""
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6) if len(name) <= ECHOED else []
    return f" (did you mean {shown(near[0])}?)" if near else ""


def shown(value: object) -> str:
    """``repr(value)`` in at most 60 characters, made without writing out all of a large value."""
    if isinstance(value, str):
        text = repr(value[:ECHOED])
        return text if len(value) <= ECHOED and len(text) <= ECHOED + 2 else f"{text[: ECHOED - 1]}…{text[0]}"
    return clipped(_SHORT.repr(value))


def clipped(text: str) -> str:
    """``text`` on one line, in at most 60 characters."""
    line = " ".join(text[: 4 * ECHOED].split())
    return line if len(line) <= ECHOED and len(text) <= 4 * ECHOED else f"{line[: ECHOED - 1]}…"


_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = _SHORT.maxlong = ECHOED
_SHORT.maxlevel = 3
