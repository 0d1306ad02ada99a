"""Claim 3: training accuracy at λ₂ = 1, and validation accuracy at λ₂ = 10⁻⁶, each minus that at λ = 0, per seed."""

from __future__ import annotations

from collections.abc import Sequence

from reglab import columns
from reglab.lessons.claim import FREE, Claim, Measured, Part, Results, Trial, paired
from reglab.lessons.rules import POINTS, Less, Within

LARGE, TINY = "λ₂ = 1", "λ₂ = 1e-6"


def _trials(seeds: Sequence[int]) -> list[Trial]:
    return paired({FREE: {}, LARGE: {"penalty__l2": 1.0}, TINY: {"penalty__l2": 1e-6}}, seeds)


def _measure(results: Results) -> Measured:
    return {
        "large": results.last(LARGE, columns.TRAIN_ACC) - results.last(FREE, columns.TRAIN_ACC),
        "tiny": results.last(TINY, columns.VAL_ACC) - results.last(FREE, columns.VAL_ACC),
    }


ENTRY = Claim(
    name="too-much-too-little",
    label="A λ too large underfits, a λ too small has no effect",
    order=3,
    about="The best λ lies in between, which is why validation accuracy is plotted over λ.",
    setup="200 digits, a small CNN with Adam, with λ₂ = 1, λ₂ = 1e-6 and without a penalty.",
    caveat="What counts as large or small depends on data, CNN, optimizer and learning rate; these two λ are extreme "
    "by choice. Underfitting means that the training images are not fitted either.",
    parts=(
        Part(
            "large",
            "Training accuracy at λ₂ = 1 relative to no penalty",
            "λ₂ = 1 changes the training accuracy by {figure}.",
            POINTS,
            Less(0.1),
        ),
        Part(
            "tiny",
            "Validation accuracy at λ₂ = 1e-6 relative to no penalty",
            "λ₂ = 1e-6 changes the validation accuracy by {figure}.",
            POINTS,
            Within(0.01),
        ),
    ),
    trials=_trials,
    measure=_measure,
)
