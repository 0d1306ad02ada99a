"""Claim 11: final weights of λ₂ = 2λ against a plain loop with data loss + λΣw², in float64: equal to rounding."""

from __future__ import annotations

from collections.abc import Sequence

from reglab.lessons.claims.claim import Claim, Measured, Part
from reglab.lessons.claims.distance import distance
from reglab.lessons.claims.plain_loop import train_with_term
from reglab.lessons.claims.results import Results
from reglab.lessons.claims.rules import AllAbove, AllBelow
from reglab.lessons.claims.trial import Trial, paired
from reglab.lessons.claims.units import DISTANCE

LAMBDA = 0.01
ONCE, TWICE = "λ₂ = λ", "λ₂ = 2λ"
_PLAIN = {
    "model__name": "dense_784", "data__train_size": 100, "optim__name": "sgd", "optim__lr": 0.1,
    "optim__momentum": 0.9, "train__epochs": 20, "train__precision": "float64",
}  # fmt: skip


def _trials(seeds: Sequence[int]) -> list[Trial]:
    return paired({role: {**_PLAIN, "penalty__l2": n * LAMBDA} for n, role in ((1, ONCE), (2, TWICE))}, seeds)


def _measure(results: Results) -> Measured:
    found: dict[str, list[float]] = {"half": [], "full": [], "forgotten": []}
    for seed in results.seeds(ONCE):
        once, twice = (results.weights(role, seed, "weights") for role in (ONCE, TWICE))
        spec, initial = results.specs[ONCE, seed], results.weights(ONCE, seed, "initial")
        full = train_with_term(spec, initial, LAMBDA)
        found["half"].append(distance(once, train_with_term(spec, initial, LAMBDA / 2)))
        found["full"].append(distance(twice, full))
        found["forgotten"].append(distance(once, full))
    return found


ENTRY = Claim(
    name="factor-two",
    label="The conventions (λ/2)·Σw² and λ·Σw² differ by exactly a factor of 2",
    order=11,
    about="The ½ makes the gradient λ·w instead of 2λ·w. PyTorch's weight_decay has it, Keras's l2(λ) has not.",
    setup="100 digits, a dense network, SGD with momentum in float64, λ = 0.01: RegLab's runs against a plain loop "
    "that writes the term into the loss and lets autograd do the rest.",
    caveat="Exact for everything that follows the gradient of the objective. Decoupled decay, as in AdamW, has no "
    "objective with Σw², so no factor translates it.",
    parts=(
        Part(
            "half", "λ₂ = λ against data loss + (λ/2)·Σw²",
            "Distance of RegLab's λ₂ = λ from a loop with (λ/2)·Σw², relative to the norm: {figure}.",
            DISTANCE, AllBelow(1e-9),
        ),
        Part(
            "full", "λ₂ = 2λ against data loss + λ·Σw²",
            "Of λ₂ = 2λ from a loop with λ·Σw²: {figure}.", DISTANCE, AllBelow(1e-9),
        ),
        Part(
            "forgotten", "λ₂ = λ against data loss + λ·Σw², the factor forgotten",
            "With the factor forgotten: {figure}.", DISTANCE, AllAbove(1e-3),
        ),
    ),
    trials=_trials,
    measure=_measure,
    n_seeds=3,
)  # fmt: skip
