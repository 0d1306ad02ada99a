"""Independent seeds from one: each purpose of a run has its own, so that no random draw disturbs another."""

from __future__ import annotations

import hashlib


def seed_for(seed: int, purpose: str, *index: int) -> int:
    """The first 63 bits of SHA-256("seed/purpose/index…"): stable across machines, versions and processes."""
    text = "/".join(str(part) for part in (seed, purpose, *index))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1
