"""Measured figures kept in ``home/claims/``: a verdict is there at once, also for the first visitor after a restart.

A file is named by the claim, the bits of its runs' weights and the code that measures: whatever changes one of them
measures anew. Lost or damaged files cost only the time to measure again.
"""

from __future__ import annotations

import hashlib
import json
import logging
from functools import lru_cache
from pathlib import Path

from reglab.errors import StoreError
from reglab.lessons.claims.claim import Claim, Measured
from reglab.lessons.claims.results import read
from reglab.lessons.claims.standing import Standing
from reglab.lessons.claims.verdict import Verdict, decide
from reglab.store import Store, atomic

log = logging.getLogger(__name__)

FOLDER = "claims"


def verdict_of(store: Store, one: Standing) -> Verdict:
    """The verdict of a complete standing, measured at most once for all processes that share the home.

    :raises CheckpointError: where the weights of a run are gone.
    """
    path = store.home / FOLDER / f"{one.claim.name}-{_print(one)}.json"
    measured = _load(path, one.claim)
    if measured is None:
        measured = one.claim.measure(read(store, one.finished))
        _save(path, measured)
    return decide(one.claim, measured)


def _print(one: Standing) -> str:
    """A fingerprint of all that the figures follow from."""
    runs = sorted(f"{trial.role} {trial.seed} {run.id} {run.weights_sha256}" for trial, run in one.finished.items())
    return hashlib.sha256("\n".join([_code(), *runs]).encode()).hexdigest()[:24]


@lru_cache(maxsize=1)
def _code() -> str:
    files = sorted(Path(__file__).parent.glob("*.py"))
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()


def _load(path: Path, claim: Claim) -> Measured | None:
    """What the file holds, if it is whole: a list of numbers for each part."""
    try:
        found = json.loads(path.read_text("utf-8"))
        return {part.name: [float(value) for value in found[part.name]] for part in claim.parts}
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _save(path: Path, measured: Measured) -> None:
    text = json.dumps({name: [float(value) for value in values] for name, values in measured.items()})
    try:
        path.parent.mkdir(exist_ok=True)
        atomic.write(path, text.encode())
    except (OSError, StoreError) as error:
        log.warning("The figures of a claim could not be kept: %s", error)
