"""Claim 7: validation accuracy with λ₂ = 0.03 on weights and biases, minus that on weights alone, per seed."""

from __future__ import annotations

from collections.abc import Sequence

from reglab import columns
from reglab.lessons.claim import HELD, LAMBDA, Claim, Measured, Part, Results, Trial, paired
from reglab.lessons.rules import POINTS, Within

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
    about="Biases are few and only shift the function. Most texts exclude them, PyTorch's weight_decay includes them, "
    "and both sides say that it hardly matters.",
    setup="200 digits, a small CNN with Adam and λ₂ = 0.03, on weights alone or on weights and biases.",
    caveat="Little means less than one point of validation accuracy here. Biases matter more in networks with few "
    "weights for each bias, or for data with large offsets.",
    parts=(
        Part(
            "accuracy",
            "Change in validation accuracy with penalised biases",
            "Penalising the biases as well changes the validation accuracy by {figure}.",
            POINTS,
            Within(0.01),
        ),
    ),
    trials=_trials,
    measure=_measure,
)
