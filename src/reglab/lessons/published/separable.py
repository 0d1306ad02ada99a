"""Result 3: slope of log best λ on log learning rate, per seed, for SGD + L2, Adam + L2 and AdamW.

In PyTorch AdamW decays by η·λ; the paper's λ is that whole product per unit of schedule, λ_paper = η·λ. Its slope is
therefore the slope in PyTorch's λ plus 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from reglab import columns
from reglab.analysis.slope import log_minimum, log_slope
from reglab.lessons.claim import Changes, Claim, Floats, Measured, Part, Results, Source, Trial, paired
from reglab.lessons.rules import EXPONENT, Within
from reglab.number_format import exact

SETTING: Changes = {
    "data__label_noise": 0.2,
    "model__name": "vgg_small",
    "model__batch_norm": True,
    "optim__schedule": "cosine",
    "train__epochs": 10,
    "train__batch_size": 20,
}


@dataclass(frozen=True)
class Grid:
    """The settings of an optimizer, its learning rates and its λ₂."""

    label: str
    changes: Changes
    rates: tuple[float, ...]
    lambdas: tuple[float, ...]

    def role(self, rate: float, strength: float) -> str:
        """For example "AdamW, η = 0.001, λ = 0.1"."""
        return f"{self.label}, η = {exact(rate)}, λ = {exact(strength)}"

    def roles(self) -> dict[str, Changes]:
        """A role for every point of the grid."""
        return {
            self.role(rate, strength): {**SETTING, **self.changes, "optim__lr": rate, "penalty__l2": strength}
            for rate in self.rates
            for strength in self.lambdas
        }


def _half_decades(first: int, n: int) -> tuple[float, ...]:
    """√10 apart: 10^(first/2), 10^((first+1)/2), …, rounded to two digits."""
    return tuple(float(f"{10 ** (k / 2):.2g}") for k in range(first, first + n))


GRIDS: Mapping[str, Grid] = {
    "sgd": Grid("SGD + L2", {"optim__name": "sgd", "optim__momentum": 0.9}, (0.03, 0.12), _half_decades(-7, 6)),
    "adam": Grid("Adam + L2", {"optim__name": "adam"}, (1e-3, 4e-3), _half_decades(-8, 6)),
    "adamw": Grid("AdamW", {"optim__name": "adamw", "penalty__apply": "decoupled"}, (1e-3, 4e-3), _half_decades(-3, 6)),
}


def _trials(seeds: Sequence[int]) -> list[Trial]:
    return paired({role: changes for grid in GRIDS.values() for role, changes in grid.roles().items()}, seeds)


def best(results: Results, grid: Grid, rate: float) -> list[float]:
    """The λ of the lowest validation loss at the last epoch, between grid points, for each seed."""
    losses = [results.last(grid.role(rate, strength), columns.VAL_LOSS) for strength in grid.lambdas]
    return [log_minimum(grid.lambdas, own) for own in zip(*losses, strict=True)]


def _slopes(results: Results, grid: Grid) -> Floats:
    found = zip(*(best(results, grid, rate) for rate in grid.rates), strict=True)
    return np.array([log_slope(grid.rates, own).value for own in found])


def _measure(results: Results) -> Measured:
    slopes = {name: _slopes(results, grid) for name, grid in GRIDS.items()}
    return {**slopes, "paper": slopes["adamw"] + 1}


def _part(name: str, label: str, expected: float) -> Part:
    says = f"{label}: the best λ goes with the learning rate to the power {{figure}}."
    return Part(name, f"Exponent of the best λ, {label}", says, EXPONENT, Within(0.5, expected), expected)


ENTRY = Claim(
    name="separable",
    label="The best λ falls as the learning rate rises; in AdamW's own λ it stays",
    order=3,
    about="Under SGD and Adam with L2, and in PyTorch's λ for AdamW, a step shrinks weights by η·λ, so a larger η "
    "needs a smaller λ. The paper's decay is not multiplied by the learning rate.",
    setup="200 digits with 20 % wrong labels, a VGG with batch norms, 10 epochs in batches of 20 with a cosine "
    "schedule; two learning rates a factor of 4 apart and six λ₂ √10 apart for each optimizer. The best λ has the "
    "lowest validation loss at the last epoch.",
    caveat="The paper shows maps of test error for a residual network with batch norms on CIFAR-10 over 100 epochs and "
    "gives no exponents: −1 is its diagonal, 0 its upright basin. Basins are flat at the bottom, so the best λ of a "
    "single seed scatters widely; more seeds narrow the intervals (reglab claims separable --seeds 12). Without batch "
    "norms, or at convergence, the best λ of SGD need not know the learning rate. Learning rates and the ranges of λ "
    "were set in a pilot with another seed.",
    parts=(
        _part("sgd", "SGD with L2", -1.0),
        _part("adam", "Adam with L2", -1.0),
        _part("adamw", "AdamW, PyTorch's λ", -1.0),
        _part("paper", "AdamW, the paper's λ", 0.0),
    ),
    trials=_trials,
    measure=_measure,
    n_seeds=4,
    source=Source(
        "I. Loshchilov, F. Hutter, Decoupled Weight Decay Regularization, 2019",
        "figure 2",
        "https://arxiv.org/abs/1711.05101",
        "With L2, the basin of the best settings of SGD and of Adam lies on the diagonal of learning rate and λ; with "
        "decoupled decay the two are largely separate.",
    ),
)
