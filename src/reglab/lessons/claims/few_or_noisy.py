"""Claim 6: the gain in validation accuracy by λ₂ = 0.03 with few or with noisy labels, minus the gain with enough."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from reglab import columns
from reglab.lessons.claims.claim import Claim, Measured, Part
from reglab.lessons.claims.results import Floats, Results
from reglab.lessons.claims.rules import More
from reglab.lessons.claims.trial import FREE, HELD, LAMBDA, Trial, paired
from reglab.lessons.claims.units import POINTS

ROLES: dict[str, dict[str, Any]] = {
    "enough": {},
    "few": {"data__train_size": 50, "train__epochs": 140},  # 2 steps an epoch instead of 7: 280 steps in all again
    "noisy": {"data__label_noise": 0.2},
}


def _trials(seeds: Sequence[int]) -> list[Trial]:
    roles = {}
    for place, changes in ROLES.items():
        roles[f"{place}, {FREE}"] = changes
        roles[f"{place}, {HELD}"] = {**changes, "penalty__l2": LAMBDA}
    return paired(roles, seeds)


def _gain(results: Results, place: str) -> Floats:
    held, free = (results.last(f"{place}, {role}", columns.VAL_ACC) for role in (HELD, FREE))
    return held - free


def _measure(results: Results) -> Measured:
    enough = _gain(results, "enough")
    return {place: _gain(results, place) - enough for place in ("few", "noisy")}


ENTRY = Claim(
    name="few-or-noisy",
    label="L2 helps more when labels are few or noisy",
    order=6,
    about="The fewer or the worse the labels, the more of what a network learns is chance, and a penalty keeps chance "
    "out.",
    setup="With λ₂ = 0.03 and without: 200 digits with true labels, 50 digits, and 200 digits of which every fifth "
    "label is wrong; 280 steps each.",
    caveat="One λ for all three: the best λ may differ with the data, and then each would gain more. Validation labels "
    "are always true.",
    parts=(
        Part(
            "few", "Gain with 50 digits, beyond the gain with 200",
            "With 50 digits instead of 200, the gain in validation accuracy by λ₂ = 0.03 changes by {figure}.",
            POINTS, More(0.01),
        ),
        Part(
            "noisy", "Gain with 20 % wrong labels, beyond the gain with true ones",
            "With 20 % wrong labels instead of none, the gain changes by {figure}.",
            POINTS, More(0.01),
        ),
    ),
    trials=_trials,
    measure=_measure,
)  # fmt: skip
