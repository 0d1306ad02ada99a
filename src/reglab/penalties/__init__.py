"""Penalties on weights: none, L1, L2, elastic net. *What* is penalised how strongly; not how it is applied, or when."""

from __future__ import annotations

from reglab.penalties.penalty import Penalty, Strength
from reglab.penalties.scope import factors, kinds
from reglab.registry import Registry

PENALTIES: Registry[Penalty] = Registry("penalty", "reglab.penalties", Penalty)


def select(strength: Strength) -> Penalty:
    """The penalty whose λ are the non-zero ones of ``strength``: none, L1, L2 or elastic net."""
    wanted = (strength.l1 > 0, strength.l2 > 0)
    return next(entry for entry in PENALTIES.entries.values() if (entry.uses_l1, entry.uses_l2) == wanted)


__all__ = ["PENALTIES", "Penalty", "Strength", "factors", "kinds", "select"]
