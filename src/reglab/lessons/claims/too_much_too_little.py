"""Claim 3: training accuracy at λ₂ = 1, and validation accuracy at λ₂ = 10⁻⁶, each minus that at λ = 0, per seed."""

from __future__ import annotations

from collections.abc import Sequence

from reglab import columns
from reglab.lessons.claims.claim import Claim, Measured, Part
from reglab.lessons.claims.results import Results
from reglab.lessons.claims.rules import Less, Within
from reglab.lessons.claims.trial import FREE, Trial, paired
from reglab.lessons.claims.units import POINTS

LARGE, TINY = "λ₂ = 1", "λ₂ = 1e-06"


def _trials(seeds: Sequence[int]) -> list[Trial]:
    return paired({FREE: {}, LARGE: {"penalty__l2": 1.0}, TINY: {"penalty__l2": 1e-6}}, seeds)


def _measure(results: Results) -> Measured:
    return {
        "large": results.last(LARGE, columns.TRAIN_ACC) - results.last(FREE, columns.TRAIN_ACC),
        "tiny": results.last(TINY, columns.VAL_ACC) - results.last(FREE, columns.VAL_ACC),
    }


ENTRY = Claim(
    name="too-much-too-little",
    label="A λ too large underfits, a λ too small does nothing",
    order=3,
    about="Between them lies the λ one is looking for, which is why people plot validation accuracy over λ.",
    setup="200 digits, a small CNN with Adam, with λ₂ = 1, λ₂ = 10⁻⁶ and without a penalty.",
    caveat="What is large and what is small depends on data, CNN, optimizer and learning rate; these two λ were chosen "
    "to be beyond doubt. Underfitting means that even the training images are no longer learnt.",
    parts=(
        Part(
            "large", "Training accuracy at λ₂ = 1 against no penalty",
            "λ₂ = 1 changes the training accuracy by {figure}.", POINTS, Less(0.1),
        ),
        Part(
            "tiny", "Validation accuracy at λ₂ = 10⁻⁶ against no penalty",
            "λ₂ = 10⁻⁶ changes the validation accuracy by {figure}.", POINTS, Within(0.01),
        ),
    ),
    trials=_trials,
    measure=_measure,
)  # fmt: skip
