"""The λ₂ from which runs fell to chance: a rule of thumb, measured, because no formula gives it.

With a coupled penalty, w = 0 is a resting point of J in every network of two layers or more: there J is ln(classes),
and the data's gradient on every kernel is 0 as well. Beyond some λ₂ it is the only one that training reaches. Where,
depends on the CNN (the deeper, the sooner), the labels and the data.

Measured: 400 digits, 30 epochs, batches of 32, two seeds, Adam (η 0.001) and SGD with momentum 0.9 (η 0.05, 0.01), λ₂
on the grid 0.0001, 0.0003, 0.001, 0.003, 0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.5, 0.7, 1. The figures
are the smallest λ₂ at which any of these runs ended at
chance (validation accuracy under 13 %); below them none did. For vgg_small they are of Adam alone: with SGD single runs
fell to chance at any λ₂. Networks with batch norm are not here: their output does not depend on the scale of the
kernels. A test trains both sides of a figure again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Collapse:
    """λ₂ of the first run at chance, with true labels and with one label in five wrong."""

    true_labels: float
    wrong_labels: float


MEASURED: Mapping[str, Collapse] = {
    "vgg_small": Collapse(0.003, 0.003),
    "dense_784": Collapse(0.7, 0.5),
    "small_cnn": Collapse(0.07, 0.05),
    "keras_cnn": Collapse(0.2, 0.15),
    "simple_cnn": Collapse(0.3, 0.2),
    "lenet5": Collapse(0.03, 0.03),
}
"""CNN → where it collapsed."""


def collapses_from(cnn: str, label_noise: float) -> float | None:
    """The measured λ₂ for ``cnn``; None where it was not measured."""
    found = MEASURED.get(cnn)
    return None if found is None else found.wrong_labels if label_noise else found.true_labels
