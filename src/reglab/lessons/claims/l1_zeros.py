"""Claim 4: share of weights that are exactly 0 at the end, by proximal steps and by the subgradient."""

from __future__ import annotations

from collections.abc import Sequence

from reglab import columns
from reglab.lessons.claim import Claim, Measured, Part, Results, Trial, paired
from reglab.lessons.rules import SHARE, AllBelow, More

PROXIMAL, SUBGRADIENT = "proximal", "subgradient"
_L1 = {"penalty__l1": 5e-3, "optim__name": "sgd", "optim__lr": 0.1, "optim__momentum": 0.0}


def _trials(seeds: Sequence[int]) -> list[Trial]:
    modes = {PROXIMAL: "proximal", SUBGRADIENT: "coupled"}
    return paired({role: {**_L1, "penalty__apply": mode} for role, mode in modes.items()}, seeds)


def _measure(results: Results) -> Measured:
    totals = {role: results.totals(role) for role in (PROXIMAL, SUBGRADIENT)}
    return {role: (found[columns.ZEROS] / found[columns.SIZE]).to_numpy() for role, found in totals.items()}


ENTRY = Claim(
    name="l1-zeros",
    label="L1 makes weights exactly zero: proximal steps do, the subgradient does not",
    order=4,
    about="L1's diamond has its corners on the axes, so its solution has zeros. Whether training reaches them depends "
    "on the step: soft thresholding lands on 0, a term λ₁·Σ|w| in the loss jumps from one side of 0 to the other.",
    setup="200 digits, a small CNN with plain SGD (η = 0.1), λ₁ = 0.005, with each kind of step.",
    caveat="The share of zeros depends on λ₁, learning rate and number of steps. Nearly zero is not zero: thresholding "
    "afterwards can make the subgradient's weights sparse as well, but that is another method.",
    parts=(
        Part(
            PROXIMAL,
            "Exact zeros after proximal steps",
            "After proximal steps, the share of weights that are exactly 0 is {figure}.",
            SHARE,
            More(0.1),
        ),
        Part(
            SUBGRADIENT,
            "Exact zeros after subgradient steps",
            "After subgradient steps, it is {figure}.",
            SHARE,
            AllBelow(0.001),
        ),
    ),
    trials=_trials,
    measure=_measure,
    n_seeds=5,
)
