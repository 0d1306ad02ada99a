"""Penalties on weights: none, L1, L2, elastic net. *What* is penalised how strongly; not how it is applied, or when."""

from __future__ import annotations

from reglab.penalties.penalty import Penalty, Strength
from reglab.penalties.scaled import positive
from reglab.penalties.scope import factors, kinds
from reglab.registry import Registry

PENALTIES: Registry[Penalty] = Registry("penalty", "reglab.penalties", Penalty)


def select(strength: Strength) -> Penalty:
    """The penalty whose λ are the non-zero ones of ``strength``: none, L1, L2 or elastic net.

    One λ a lane: the penalty that has a term for every λ that is above 0 in any lane.
    """
    wanted = (positive(strength.l1), positive(strength.l2))
    return next(entry for entry in PENALTIES.entries.values() if (entry.uses_l1, entry.uses_l2) == wanted)


__all__ = ["PENALTIES", "Penalty", "Strength", "factors", "kinds", "positive", "select"]
