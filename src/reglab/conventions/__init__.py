"""What λ means, system by system, and translations between them: pure numbers, no torch.

Canonical is J(w) = mean data loss + λ₁Σ|w| + (λ₂/2)Σw²; a decoupled decay is w ← w − lr·decay·w beside the step.
"""

from __future__ import annotations

from reglab.conventions.combining import Combination, Part, Step, combine
from reglab.conventions.context import OPTIMIZERS, Context, MissingContext
from reglab.conventions.convention import CONVENTIONS, Convention, Parameter, Values
from reglab.conventions.meaning import Meaning
from reglab.conventions.translation import (
    Translation,
    needed,
    translate,
    translate_all,
    translate_parts,
    translate_parts_to_all,
)

__all__ = [
    "CONVENTIONS",
    "OPTIMIZERS",
    "Combination",
    "Context",
    "Convention",
    "Meaning",
    "MissingContext",
    "Parameter",
    "Part",
    "Step",
    "Translation",
    "Values",
    "combine",
    "needed",
    "translate",
    "translate_all",
    "translate_parts",
    "translate_parts_to_all",
]
