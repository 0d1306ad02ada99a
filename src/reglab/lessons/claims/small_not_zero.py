"""Claim 5: mean |w| over all kernels at λ₂ = 0.03 against λ = 0, and the share of exact zeros at λ₂ = 0.03."""

from __future__ import annotations

from reglab import columns
from reglab.lessons.claims.claim import Claim, Measured, Part
from reglab.lessons.claims.results import Results
from reglab.lessons.claims.rules import AllBelow, Less
from reglab.lessons.claims.trial import FREE, HELD, free_and_held
from reglab.lessons.claims.units import PERCENT, SHARE


def _measure(results: Results) -> Measured:
    free, held = results.kernels(FREE), results.kernels(HELD)
    return {
        "size": (held[columns.L1_NORM] / free[columns.L1_NORM]).to_numpy() - 1,
        "zeros": (held[columns.ZEROS] / held[columns.SIZE]).to_numpy(),
    }


ENTRY = Claim(
    name="small-not-zero",
    label="L2 gives small weights, but not zero ones",
    order=5,
    about="The pull λ₂·w fades as the weight fades, so it never quite arrives; L1's pull stays the same to the end.",
    setup="200 digits, a small CNN with Adam, with λ₂ = 0.03 and without a penalty.",
    caveat="Zero means exactly 0, as a pruned network needs it. With a threshold such as |w| < 0.001, L2 too makes "
    "many weights that count as none.",
    parts=(
        Part(
            "size", "Mean |w| of all kernels against no penalty",
            "λ₂ = 0.03 changes the mean |w| of all kernels by {figure}.",
            PERCENT, Less(0.1),
        ),
        Part(
            "zeros", "Kernel weights that are exactly 0",
            "Of all kernel weights at λ₂ = 0.03, {figure} are exactly 0.", SHARE, AllBelow(0.001),
        ),
    ),
    trials=free_and_held,
    measure=_measure,
    n_seeds=6,
)  # fmt: skip
