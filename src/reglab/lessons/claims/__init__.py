"""Common claims about L2 in CNNs, each with the runs that test it and a rule fixed before the figures.

A new claim is one file here that defines ``ENTRY = Claim(...)``; :mod:`reglab.lessons.claim` has what it is made of.
"""

from __future__ import annotations

from reglab.lessons.claim import Claim
from reglab.registry import Registry

CLAIMS: Registry[Claim] = Registry("claim", "reglab.lessons.claims", Claim)
