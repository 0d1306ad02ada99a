"""The usual claims about L2 in CNNs, each with the runs that test it and a rule that was there before the figures.

A new claim is one file that defines ``ENTRY = Claim(...)``.
"""

from __future__ import annotations

from reglab.lessons.claims.claim import Claim, Part
from reglab.lessons.claims.kept import verdict_of
from reglab.lessons.claims.results import Results, read
from reglab.lessons.claims.standing import Standing, index, rounds_in, seconds_left, seconds_until, standing
from reglab.lessons.claims.trial import GROUP, ROUND, Trial, seeds_of
from reglab.lessons.claims.verdict import Verdict, decide, judge
from reglab.registry import Registry

CLAIMS: Registry[Claim] = Registry("claim", "reglab.lessons.claims", Claim)

__all__ = [
    "CLAIMS",
    "GROUP",
    "ROUND",
    "Claim",
    "Part",
    "Results",
    "Standing",
    "Trial",
    "Verdict",
    "decide",
    "index",
    "judge",
    "read",
    "rounds_in",
    "seconds_left",
    "seconds_until",
    "seeds_of",
    "standing",
    "verdict_of",
]
