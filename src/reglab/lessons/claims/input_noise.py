"""Claim 10: share of predictions that Gaussian noise on the pixels changes, at λ₂ = 0.03 minus at λ = 0, per seed."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from reglab.lessons.claim import FREE, HELD, Claim, Measured, Part, Results, free_and_held
from reglab.lessons.measures import network, split_of
from reglab.lessons.rules import POINTS, Less
from reglab.training.seeds import seed_for

SIGMA, DRAWS = 0.5, 5
"""Standard deviation of the noise in standard deviations of the pixels; number of draws for each image."""


def _measure(results: Results) -> Measured:
    return {"changed": [_share(results, HELD, seed) - _share(results, FREE, seed) for seed in results.seeds(HELD)]}


def _share(results: Results, role: str, seed: int) -> float:
    spec = results.specs[role, seed]
    split = split_of(spec.data)
    model = network(spec, split, results.weights(role, seed, "weights"))
    return change_share(model, split.x_val, sigma=SIGMA, draws=DRAWS, seed=seed)


def change_share(model: nn.Module, images: Tensor, *, sigma: float, draws: int, seed: int) -> float:
    """Share of ``images`` (N, C, H, W) whose predicted class changes with x + σ·ε, ε standard normal; mean of draws.

    ``sigma`` is in standard deviations of the training pixels, since images are normalised. The noise depends on
    ``seed`` and the images' shape alone, so that two networks get the same noise.
    """
    generator = torch.Generator().manual_seed(seed_for(seed, "noise on the input"))
    with torch.inference_mode():
        clean = model(images).argmax(1)
        changed = [
            (model(images + sigma * torch.randn(images.shape, generator=generator)).argmax(1) != clean).double().mean()
            for _ in range(draws)
        ]
    return float(torch.stack(changed).mean())


ENTRY = Claim(
    name="input-noise",
    label="Smaller weights make predictions less sensitive to noise in the input",
    order=10,
    about="The product of its layers' norms bounds how fast the output of a network can change, so small weights limit "
    "the effect of a disturbed pixel.",
    setup="200 digits, a small CNN with Adam, with λ₂ = 0.03 and without a penalty; then Gaussian noise of half a "
    "standard deviation on every pixel of the validation images, 5 draws.",
    caveat="A bound need not be reached: if all scores shrink together, the predicted class changes just as easily. "
    "All changed predictions count, right or wrong.",
    parts=(
        Part(
            "changed",
            "Predictions changed by noise, relative to no penalty",
            "λ₂ = 0.03 changes the share of predictions that the noise alters by {figure}.",
            POINTS,
            Less(0.01),
        ),
    ),
    trials=free_and_held,
    measure=_measure,
    n_seeds=6,
)
