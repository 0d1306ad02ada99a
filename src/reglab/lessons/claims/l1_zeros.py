"""Claim 4: share of kernel weights that are exactly 0 at the end, by proximal steps and by the subgradient."""

from __future__ import annotations

from collections.abc import Sequence

from reglab import columns
from reglab.lessons.claims.claim import Claim, Measured, Part
from reglab.lessons.claims.results import Results
from reglab.lessons.claims.rules import AllBelow, More
from reglab.lessons.claims.trial import Trial, paired
from reglab.lessons.claims.units import SHARE

PROXIMAL, SUBGRADIENT = "proximal", "subgradient"
_L1 = {"penalty__l1": 5e-3, "optim__name": "sgd", "optim__lr": 0.1, "optim__momentum": 0.0}


def _trials(seeds: Sequence[int]) -> list[Trial]:
    how = {PROXIMAL: "proximal", SUBGRADIENT: "coupled"}
    return paired({role: {**_L1, "penalty__apply": apply} for role, apply in how.items()}, seeds)


def _measure(results: Results) -> Measured:
    kernels = {role: results.kernels(role) for role in (PROXIMAL, SUBGRADIENT)}
    return {role: (found[columns.ZEROS] / found[columns.SIZE]).to_numpy() for role, found in kernels.items()}


ENTRY = Claim(
    name="l1-zeros",
    label="L1 makes weights exactly zero: by proximal steps yes, by its subgradient no",
    order=4,
    about="The diamond of L1 has corners on the axes, so its solution has zeros. Whether training reaches them depends "
    "on the step: soft thresholding lands on 0, a term λ₁·Σ|w| in the loss jumps from one side of 0 to the other.",
    setup="200 digits, a small CNN with plain SGD (η = 0.1), λ₁ = 0.005, the same runs with either kind of step.",
    caveat="The share of zeros depends on λ₁, the learning rate and the number of steps. Nearly zero is not zero: a "
    "threshold afterwards can make the subgradient's weights sparse too, but that is another method.",
    parts=(
        Part(
            PROXIMAL, "Exact zeros after proximal steps",
            "Of all kernel weights, proximal steps leave exactly 0: {figure}.", SHARE, More(0.1),
        ),
        Part(
            SUBGRADIENT, "Exact zeros after subgradient steps",
            "Subgradient steps leave exactly 0: {figure}.", SHARE, AllBelow(0.001),
        ),
    ),
    trials=_trials,
    measure=_measure,
    n_seeds=5,
)  # fmt: skip
