"""Published results on λ, run again in small, each with a rule fixed before the figures.

A new result is one file here that defines ``ENTRY = Claim(...)`` with a ``source``; :mod:`reglab.lessons.claim` has
what it is made of.
"""

from __future__ import annotations

from reglab.lessons.claim import Claim
from reglab.registry import Registry

PUBLISHED: Registry[Claim] = Registry("claim", "reglab.lessons.published", Claim)
