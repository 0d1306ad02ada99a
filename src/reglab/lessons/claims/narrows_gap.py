"""Claim 2: (validation − training data loss) at λ₂ = 0.03 minus the same at λ = 0, per seed."""

from __future__ import annotations

from reglab import columns
from reglab.lessons.claims.claim import Claim, Measured, Part
from reglab.lessons.claims.results import Results
from reglab.lessons.claims.rules import Less
from reglab.lessons.claims.trial import FREE, HELD, free_and_held
from reglab.lessons.claims.units import NATS, POINTS


def _measure(results: Results) -> Measured:
    names = {"loss": columns.GAP_LOSS, "accuracy": columns.GAP_ACC}
    return {name: results.last(HELD, column) - results.last(FREE, column) for name, column in names.items()}


ENTRY = Claim(
    name="narrows-gap",
    label="L2 narrows the gap between training and validation",
    order=2,
    about="A network with small weights cannot bend its function around every single training image, so what it learns "
    "should carry over better.",
    setup="200 digits with true labels, a small CNN with Adam, with λ₂ = 0.03 and without a penalty.",
    caveat="A narrower gap is not a better network: a useless one has no gap at all. Both losses are data losses in "
    "eval mode; with the penalty inside, as some tools report them, gaps at different λ cannot be compared.",
    parts=(
        Part(
            "loss", "Gap in data loss, change by λ₂ = 0.03",
            "The gap in data loss (validation − training) changes by {figure}.", NATS, Less(0.01),
        ),
        Part(
            "accuracy", "Gap in accuracy, change by λ₂ = 0.03",
            "The gap in accuracy (training − validation) changes by {figure}.", POINTS, Less(0.005),
        ),
    ),
    trials=free_and_held,
    measure=_measure,
)  # fmt: skip
