"""Claim 8: the best λ for convolutions and dense layer apart against the best single λ, chosen on other seeds."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

from reglab import columns
from reglab.lessons.claim import ROUND, Changes, Claim, Measured, Part, Results, Trial, paired
from reglab.lessons.rules import POINTS, More
from reglab.number_format import exact

GRID = (0.01, 0.03, 0.1)
CHOOSING = 3
"""Number of seeds on which λ is chosen."""

_OFFSET = ROUND // 2


def _role(conv: float, dense: float) -> str:
    return f"λ₂ = {exact(conv)} in convolutions, {exact(dense)} in the dense layer"


def _changes(conv: float, dense: float) -> Changes:
    factors = {} if conv == dense else {"conv1.weight": conv / dense, "conv2.weight": conv / dense}
    return {"data__label_noise": 0.2, "penalty__l2": dense, "penalty__factors": factors}


SINGLE = {_role(a, b): _changes(a, b) for a, b in product(GRID, GRID) if a == b}
APART = {_role(a, b): _changes(a, b) for a, b in product(GRID, GRID) if a != b}


def _choosing(seeds: Sequence[int]) -> list[int]:
    return [seed + _OFFSET for seed in seeds[:CHOOSING]]


def _trials(seeds: Sequence[int]) -> list[Trial]:
    return paired({**SINGLE, **APART}, _choosing(seeds))


def chosen(results: Results) -> tuple[str, str]:
    """The best single λ and the best pair on the choosing seeds, by mean validation accuracy (ties: loss), as roles."""
    return _best(results, list(SINGLE)), _best(results, list(APART))


def _best(results: Results, roles: Sequence[str]) -> str:
    def worth(role: str) -> tuple[float, float]:
        seeds = [seed for seed in results.seeds(role) if seed % ROUND >= _OFFSET]
        accuracy, loss = (results.last(role, name, seeds).mean() for name in (columns.VAL_ACC, columns.VAL_LOSS))
        return float(accuracy), -float(loss)

    return max(roles, key=worth)


def _confirm(results: Results, seeds: Sequence[int]) -> list[Trial]:
    settings = {**SINGLE, **APART}
    return paired({role: settings[role] for role in chosen(results)}, seeds)


def _measure(results: Results) -> Measured:
    single, apart = chosen(results)
    fresh = [seed for seed in results.seeds(single) if seed % ROUND < _OFFSET]
    accuracy = {role: results.last(role, columns.VAL_ACC, fresh) for role in (single, apart)}
    return {"accuracy": accuracy[apart] - accuracy[single]}


ENTRY = Claim(
    name="per-layer",
    label="A λ for each kind of layer can beat a single λ",
    order=8,
    about="Convolutions share a few weights across the image, dense layers hold most of the weights, so one λ need not "
    "suit both.",
    setup="200 digits with 20 % wrong labels. With 3 seeds, λ₂ is chosen among 3 single values and 6 pairs "
    "(convolutions, dense layer) of 0.01, 0.03 and 0.1; both winners are then compared on fresh seeds.",
    caveat="Two λ offer more choices than one, so the winners are compared on seeds that were not used to choose them. "
    "Finer grids, other networks and the cost of tuning are not tested.",
    parts=(
        Part(
            "accuracy",
            "Validation accuracy on fresh seeds: best pair minus best single λ",
            "On fresh seeds, the chosen pair of λ changes the validation accuracy of the chosen single λ by {figure}.",
            POINTS,
            More(0.005),
        ),
    ),
    trials=_trials,
    measure=_measure,
    confirm=_confirm,
    arms=2,
)
