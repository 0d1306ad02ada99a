"""Claim 6: the gain in validation accuracy by λ₂ = 0.03 with few or with noisy labels, minus the gain with enough."""

from __future__ import annotations

from collections.abc import Sequence

from reglab import columns
from reglab.lessons.claim import FREE, HELD, LAMBDA, Changes, Claim, Floats, Measured, Part, Results, Trial, paired
from reglab.lessons.rules import POINTS, More

ROLES: dict[str, Changes] = {
    "enough": {},
    "few": {"data__train_size": 50, "train__epochs": 140},  # 2 steps an epoch instead of 7: 280 steps in all again
    "noisy": {"data__label_noise": 0.2},
}


def _trials(seeds: Sequence[int]) -> list[Trial]:
    roles: dict[str, Changes] = {}
    for data, changes in ROLES.items():
        roles[f"{data}, {FREE}"] = changes
        roles[f"{data}, {HELD}"] = {**changes, "penalty__l2": LAMBDA}
    return paired(roles, seeds)


def _gain(results: Results, data: str) -> Floats:
    held, free = (results.last(f"{data}, {role}", columns.VAL_ACC) for role in (HELD, FREE))
    return held - free


def _measure(results: Results) -> Measured:
    enough = _gain(results, "enough")
    return {data: _gain(results, data) - enough for data in ("few", "noisy")}


ENTRY = Claim(
    name="few-or-noisy",
    label="L2 helps more when labels are few or noisy",
    order=6,
    about="The fewer or noisier the labels, the more of the fit is noise, and a penalty suppresses noise.",
    setup="With λ₂ = 0.03 and without: 200 digits with true labels, 50 digits, and 200 digits with 20 % wrong labels; "
    "280 steps each.",
    caveat="One λ for all three data sets: each may have its own best λ and would then gain more. Validation labels "
    "are always true.",
    parts=(
        Part(
            "few",
            "Gain with 50 digits beyond the gain with 200",
            "With 50 digits instead of 200, the gain in validation accuracy from λ₂ = 0.03 changes by {figure}.",
            POINTS,
            More(0.01),
        ),
        Part(
            "noisy",
            "Gain with 20 % wrong labels beyond the gain with true labels",
            "With 20 % wrong labels instead of none, the gain changes by {figure}.",
            POINTS,
            More(0.01),
        ),
    ),
    trials=_trials,
    measure=_measure,
)
