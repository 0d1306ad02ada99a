"""Result 6: slope of log best λ on log n under AdamW at fixed epochs, batch and learning rate, per seed."""

from __future__ import annotations

from collections.abc import Sequence

from reglab import columns
from reglab.analysis.slope import log_minimum, log_slope
from reglab.lessons.claim import Changes, Claim, Measured, Part, Results, Source, Trial, paired
from reglab.lessons.rules import EXPONENT, Within
from reglab.number_format import exact

SIZES = (100, 200, 400)
RATIO = 1.4
LAMBDAS = tuple(float(f"{0.04 * RATIO**k:.3g}") for k in range(12))
SETTING: Changes = {
    "data__label_noise": 0.2,
    "model__name": "small_cnn",
    "penalty__apply": "decoupled",
    "optim__name": "adamw",
    "optim__lr": 3e-3,
    "train__epochs": 30,
    "train__batch_size": 20,
}


def _role(size: int, strength: float) -> str:
    return f"{size} images, λ = {exact(strength)}"


def _trials(seeds: Sequence[int]) -> list[Trial]:
    roles = {
        _role(size, strength): {**SETTING, "data__train_size": size, "penalty__l2": strength}
        for size in SIZES
        for strength in LAMBDAS
    }
    return paired(roles, seeds)


def best(results: Results, size: int) -> list[float]:
    """The λ of the lowest validation loss at the last epoch, between grid points, for each seed."""
    losses = [results.last(_role(size, strength), columns.VAL_LOSS) for strength in LAMBDAS]
    return [log_minimum(LAMBDAS, own) for own in zip(*losses, strict=True)]


def _measure(results: Results) -> Measured:
    found = zip(*(best(results, size) for size in SIZES), strict=True)
    return {"slope": [log_slope(SIZES, own).value for own in found]}


ENTRY = Claim(
    name="data-size",
    label="Under AdamW, the best λ halves as the data double",
    order=6,
    about="AdamW's weights are a moving average over the last 1/(ηλ) steps. If the best average spans a fixed number "
    "of epochs, twice the steps in an epoch need half the λ.",
    setup="100, 200 and 400 digits with 20 % wrong labels, a small CNN with AdamW (η = 0.003), batches of 20, 30 "
    "epochs; twelve λ from 0.04 to 1.62, each 1.4 times the last. The best has the lowest validation loss at the last "
    "epoch.",
    caveat="The paper has 80,000 and more images and a learning rate that falls. Where the best λ is an end of the "
    "grid, the slope is too flat. A pilot with another seed set the range of λ.",
    parts=(
        Part(
            "slope",
            "Exponent of the best λ as a power of the number of images",
            "The best λ goes with the number of images to the power {figure}.",
            EXPONENT,
            Within(0.5, -1.0),
            published=-1.0,
        ),
    ),
    trials=_trials,
    measure=_measure,
    n_seeds=4,
    source=Source(
        "X. Wang, L. Aitchison, How to set AdamW's weight decay as you scale model and dataset size, 2024",
        "section 4, scaling the dataset",
        "https://arxiv.org/abs/2405.13698",
        "The best timescale 1/(ηλ), in epochs, stays about the same, so the best λ falls in proportion to the data.",
    ),
)
