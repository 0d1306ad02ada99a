"""Claim 10: share of predictions that Gaussian noise on the pixels changes, at λ₂ = 0.03 minus at λ = 0, per seed."""

from __future__ import annotations

from reglab.lessons.claims.claim import Claim, Measured, Part
from reglab.lessons.claims.noise import change_share, network, validation
from reglab.lessons.claims.results import Results
from reglab.lessons.claims.rules import Less
from reglab.lessons.claims.trial import FREE, HELD, free_and_held
from reglab.lessons.claims.units import POINTS

SIGMA, DRAWS = 0.5, 5
"""Standard deviation of the noise in standard deviations of the pixels; draws of it for each image."""


def _measure(results: Results) -> Measured:
    return {"changed": [_share(results, HELD, seed) - _share(results, FREE, seed) for seed in results.seeds(HELD)]}


def _share(results: Results, role: str, seed: int) -> float:
    spec = results.specs[role, seed]
    split = validation(spec.data)
    model = network(spec, split, results.weights(role, seed, "weights"))
    return change_share(model, split.x_val, sigma=SIGMA, draws=DRAWS, seed=seed)


ENTRY = Claim(
    name="input-noise",
    label="Smaller weights make predictions less sensitive to noise in the input",
    order=10,
    about="A network's output cannot change faster than the product of its layers' norms allows, so small weights "
    "bound how much a disturbed pixel can do.",
    setup="200 digits, a small CNN with Adam, with λ₂ = 0.03 and without a penalty; then Gaussian noise of half a "
    "standard deviation on every pixel of the validation images, 5 draws.",
    caveat="A bound need not be reached: all scores can shrink together, and then the predicted class stays as "
    "easy to tip over. Counted are predicted classes that change, not whether they were right.",
    parts=(
        Part(
            "changed", "Predictions that noise changes, against no penalty",
            "λ₂ = 0.03 changes the share of predictions that the noise tips over by {figure}.", POINTS, Less(0.01),
        ),
    ),
    trials=free_and_held,
    measure=_measure,
    n_seeds=6,
)  # fmt: skip
