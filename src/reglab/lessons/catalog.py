"""Claims and published results together: by name, and what a test of one needs beyond RegLab's own packages."""

from __future__ import annotations

from pathlib import Path

from reglab.datasets import DATASETS, status
from reglab.errors import UnknownName
from reglab.lessons.claim import Claim, seeds_of
from reglab.lessons.claims import CLAIMS
from reglab.lessons.published import PUBLISHED


def every() -> dict[str, Claim]:
    """name → claim or published result, claims first."""
    return {**CLAIMS.entries, **PUBLISHED.entries}


def find(name: str) -> Claim:
    """The claim or published result called ``name``.

    :raises UnknownName: with the nearest known name.
    """
    known = every()
    if name not in known:
        raise UnknownName("claim", name, known)
    return known[name]


def datasets(claim: Claim) -> list[str]:
    """The data sets of the claim's runs."""
    return sorted({trial.spec.data.name for trial in claim.trials(seeds_of(0, 1))})


def missing(claim: Claim, folder: Path) -> str | None:
    """What is missing to test ``claim``, in one sentence; None where every data set is at hand or can be downloaded."""
    found = [status(DATASETS.get(name), folder) for name in datasets(claim)]
    return next((one.sentence for one in found if one.state == "missing"), None)
