"""Penalties on weights: an open registry of terms, one file each, whose sum with λ > 0 is the penalty of a run.

Packages add terms through the entry-point group ``reglab.penalties``.
"""

from __future__ import annotations

from reglab.penalties.scope import PenalisedParameters, factors, kinds, penalised_parameters
from reglab.penalties.term import Code, Formulas, Penalty, Term, penalty_of
from reglab.registry import Registry

PENALTIES: Registry[Term] = Registry("penalty", "reglab.penalties", Term)

__all__ = [
    "PENALTIES",
    "Code",
    "Formulas",
    "PenalisedParameters",
    "Penalty",
    "Term",
    "factors",
    "kinds",
    "penalised_parameters",
    "penalty_of",
]
