"""Claim 1: ‖w‖₂ of all weights at λ₂ = 0.03 against λ = 0, relative change per seed."""

from __future__ import annotations

from reglab import columns
from reglab.lessons.claim import FREE, HELD, Claim, Measured, Part, Results, free_and_held
from reglab.lessons.rules import PERCENT, Less


def _measure(results: Results) -> Measured:
    free, held = (results.totals(role)[columns.L2_NORM].to_numpy() for role in (FREE, HELD))
    return {"norm": held / free - 1}


ENTRY = Claim(
    name="shrinks",
    label="L2 moves weights towards zero",
    order=1,
    about="The gradient of (λ₂/2)·Σw² is λ₂·w, so every step shrinks each weight in proportion to its size.",
    setup="200 digits, a small CNN with Adam, with λ₂ = 0.03 and without a penalty.",
    caveat="The test is of the norm of all weights together; single weights may grow. Towards zero means relative to "
    "the same training without λ, not to the first epoch.",
    parts=(
        Part(
            "norm",
            "Norm of the weights relative to no penalty",
            "λ₂ = 0.03 changes the norm ‖w‖₂ of the weights by {figure}.",
            PERCENT,
            Less(0.1),
        ),
    ),
    trials=free_and_held,
    measure=_measure,
    n_seeds=6,
)
