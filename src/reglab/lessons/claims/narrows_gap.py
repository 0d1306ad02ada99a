"""Claim 2: (validation − training data loss) at λ₂ = 0.03 minus the same at λ = 0, per seed."""

from __future__ import annotations

from reglab import columns
from reglab.lessons.claim import FREE, HELD, Claim, Measured, Part, Results, free_and_held
from reglab.lessons.rules import NATS, POINTS, Less


def _measure(results: Results) -> Measured:
    names = {"loss": columns.GAP_LOSS, "accuracy": columns.GAP_ACC}
    return {name: results.last(HELD, column) - results.last(FREE, column) for name, column in names.items()}


ENTRY = Claim(
    name="narrows-gap",
    label="L2 narrows the gap between training and validation",
    order=2,
    about="A network with small weights is too smooth to fit every training image individually, so what it learns "
    "should generalise better.",
    setup="200 digits with true labels, a small CNN with Adam, with λ₂ = 0.03 and without a penalty.",
    caveat="A narrower gap does not mean a better network: a useless one has no gap at all. Both losses are data "
    "losses in eval mode; tools that include the penalty report gaps that cannot be compared across λ.",
    parts=(
        Part(
            "loss",
            "Change of the gap in data loss by λ₂ = 0.03",
            "The gap in data loss (validation − training) changes by {figure}.",
            NATS,
            Less(0.01),
        ),
        Part(
            "accuracy",
            "Change of the gap in accuracy by λ₂ = 0.03",
            "The gap in accuracy (training − validation) changes by {figure}.",
            POINTS,
            Less(0.005),
        ),
    ),
    trials=free_and_held,
    measure=_measure,
)
