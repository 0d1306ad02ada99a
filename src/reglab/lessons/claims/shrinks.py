"""Claim 1: ‖w‖₂ of all kernels at λ₂ = 0.03 against λ = 0, relative change per seed."""

from __future__ import annotations

from reglab import columns
from reglab.lessons.claims.claim import Claim, Measured, Part
from reglab.lessons.claims.results import Results
from reglab.lessons.claims.rules import Less
from reglab.lessons.claims.trial import FREE, HELD, free_and_held
from reglab.lessons.claims.units import PERCENT


def _measure(results: Results) -> Measured:
    free, held = (results.kernels(role)[columns.L2_NORM].to_numpy() for role in (FREE, HELD))
    return {"norm": held / free - 1}


ENTRY = Claim(
    name="shrinks",
    label="L2 moves weights towards zero",
    order=1,
    about="The gradient of (λ₂/2)·Σw² is λ₂·w, so every step pulls each weight back in proportion to its size.",
    setup="200 digits, a small CNN with Adam, with λ₂ = 0.03 and without a penalty.",
    caveat="It is the norm of all kernels together that is tested; single weights may well grow. Towards zero means "
    "compared with the same training without λ, not compared with the first epoch.",
    parts=(
        Part(
            "norm", "Norm of all kernels against no penalty",
            "λ₂ = 0.03 changes the norm ‖w‖₂ of all kernels by {figure}.",
            PERCENT, Less(0.1),
        ),
    ),
    trials=free_and_held,
    measure=_measure,
    n_seeds=6,
)  # fmt: skip
