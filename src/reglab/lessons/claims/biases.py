"""Claim 7: validation accuracy with λ₂ = 0.03 on weights and biases, minus that on weights alone, per seed."""

from __future__ import annotations

from collections.abc import Sequence

from reglab import columns
from reglab.lessons.claims.claim import Claim, Measured, Part
from reglab.lessons.claims.results import Results
from reglab.lessons.claims.rules import Within
from reglab.lessons.claims.trial import HELD, LAMBDA, Trial, paired
from reglab.lessons.claims.units import POINTS

BOTH = "biases as well"


def _trials(seeds: Sequence[int]) -> list[Trial]:
    held = {"penalty__l2": LAMBDA}
    return paired({HELD: held, BOTH: {**held, "penalty__scope": "weights+biases"}}, seeds)


def _measure(results: Results) -> Measured:
    return {"accuracy": results.last(BOTH, columns.VAL_ACC) - results.last(HELD, columns.VAL_ACC)}


ENTRY = Claim(
    name="biases",
    label="Penalising the biases as well changes little",
    order=7,
    about="Biases are few and do not bend the function, so most texts leave them out, while PyTorch's weight_decay "
    "takes them in; both sides say that it hardly matters.",
    setup="200 digits, a small CNN with Adam and λ₂ = 0.03, on kernels alone or on kernels and biases.",
    caveat="Little means less than one point of validation accuracy here. In networks with few weights for each bias, "
    "or with large offsets in the data, biases matter more.",
    parts=(
        Part(
            "accuracy", "Validation accuracy, change by penalising biases too",
            "Penalising the biases as well changes the validation accuracy by {figure}.", POINTS, Within(0.01),
        ),
    ),
    trials=_trials,
    measure=_measure,
)  # fmt: skip
