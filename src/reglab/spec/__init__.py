"""The specification of a run: the one definition that the page, the URL, YAML, the command line and Python share.

λ is canonical: J = mean data loss + l1·Σ|w| + (l2/2)·Σw² + … over the penalised parameters, where the dots stand for
the other terms of :mod:`reglab.penalties`, each under its own key (``group``). A spec is frozen, every value is
checked, unknown keys are refused, and every refusal is one sentence (:class:`reglab.errors.SpecError`).
"""

from __future__ import annotations

from reglab.spec.data import TEST_FRACTION, DataSpec, NoiseKind, with_one_size
from reglab.spec.optim import OptimSpec, Schedule
from reglab.spec.part import Number, SpecPart, Truth, Whole
from reglab.spec.penalty import Apply, PenaltySpec, Scope, penalty_keys, penalty_symbol
from reglab.spec.regularize import AUGMENTATIONS, RegularizeSpec, regularizers
from reglab.spec.run import ClassWeights, Head, Keep, ModelSpec, Precision, RunSpec, TrainSpec

__all__ = [
    "AUGMENTATIONS",
    "TEST_FRACTION",
    "Apply",
    "ClassWeights",
    "DataSpec",
    "Head",
    "Keep",
    "ModelSpec",
    "NoiseKind",
    "Number",
    "OptimSpec",
    "PenaltySpec",
    "Precision",
    "RegularizeSpec",
    "RunSpec",
    "Schedule",
    "Scope",
    "SpecPart",
    "TrainSpec",
    "Truth",
    "Whole",
    "penalty_keys",
    "penalty_symbol",
    "regularizers",
    "with_one_size",
]
