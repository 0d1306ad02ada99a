"""Claim 5: mean |w| over all weights at λ₂ = 0.03 against λ = 0, and the share of exact zeros at λ₂ = 0.03."""

from __future__ import annotations

from reglab import columns
from reglab.lessons.claim import FREE, HELD, Claim, Measured, Part, Results, free_and_held
from reglab.lessons.rules import PERCENT, SHARE, AllBelow, Less


def _measure(results: Results) -> Measured:
    free, held = results.totals(FREE), results.totals(HELD)
    return {
        "size": (held[columns.L1_NORM] / free[columns.L1_NORM]).to_numpy() - 1,
        "zeros": (held[columns.ZEROS] / held[columns.SIZE]).to_numpy(),
    }


ENTRY = Claim(
    name="small-not-zero",
    label="L2 gives small weights, but not zero ones",
    order=5,
    about="L2's gradient λ₂·w vanishes with the weight, so no weight reaches 0; L1's gradient keeps its size.",
    setup="200 digits, a small CNN with Adam, with λ₂ = 0.03 and without a penalty.",
    caveat="Zero means exactly 0, as pruning needs it. With a threshold such as |w| < 0.001, L2 makes many weights "
    "negligible, too.",
    parts=(
        Part(
            "size",
            "Mean |w| relative to no penalty",
            "λ₂ = 0.03 changes the mean |w| of the weights by {figure}.",
            PERCENT,
            Less(0.1),
        ),
        Part(
            "zeros",
            "Weights that are exactly 0",
            "At λ₂ = 0.03, {figure} of the weights are exactly 0.",
            SHARE,
            AllBelow(0.001),
        ),
    ),
    trials=free_and_held,
    measure=_measure,
    n_seeds=6,
)
