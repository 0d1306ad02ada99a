"""One weight, stepped by the training engine itself: no formula is repeated here.

Each method is a penalty with its mode. The weight is a tensor of one float64 element, its data loss ½ (w − optimum)²
or none.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from reglab.lessons.checks import BadInput, within
from reglab.number_format import exact
from reglab.optimizers import OPTIMIZERS
from reglab.optimizers.construct import make_optimizer
from reglab.penalties import PenalisedParameters
from reglab.spec import Apply, OptimSpec
from reglab.training.objective import APPLY, penalty_groups

Floats = NDArray[np.float64]
MAX_STEPS = 500

SETTINGS: Mapping[str, Mapping[str, Any]] = {
    "sgd": {"name": "sgd", "momentum": 0.0},
    "momentum": {"name": "sgd", "momentum": 0.9},
    **{name: {"name": name} for name, entry in OPTIMIZERS.entries.items() if entry.adaptive and not entry.twin},
}
"""Choice of optimizer → settings: SGD without and with momentum, and every adaptive optimizer."""


@dataclass(frozen=True)
class Method:
    """A penalty term, by its key, in a penalty mode."""

    key: str
    term: str
    apply: Apply


METHODS: Mapping[str, Method] = {
    method.key: method
    for method in (
        Method("L2 coupled", "l2", "coupled"),
        Method("L2 decoupled", "l2", "decoupled"),
        Method("L1 subgradient", "l1", "coupled"),
        Method("L1 proximal", "l1", "proximal"),
    )
}


@dataclass(frozen=True)
class Walk:
    """Where the weight starts and what moves it. ``optimum`` None: no data, so the penalty acts alone.

    :raises BadInput: naming what is out of range.
    """

    start: float = 1.0
    lr: float = 0.1
    strength: float = 0.5
    steps: int = 100
    optimizer: str = "sgd"
    optimum: float | None = None

    def __post_init__(self) -> None:
        within(self.start, "The start", -100.0, 100.0)
        within(self.lr, "The learning rate η", 0.0, 10.0, above=True)
        within(self.strength, "λ", 0.0, 100.0)
        within(self.steps, "Steps", 1, MAX_STEPS)
        if self.optimum is not None:
            within(self.optimum, "The data optimum", -100.0, 100.0)

    @property
    def optim(self) -> OptimSpec:
        """The engine's own settings for this optimizer."""
        return OptimSpec.of(**{"lr": self.lr, **SETTINGS[self.optimizer]})

    @property
    def is_plain(self) -> bool:
        """Whether every step is −ηg."""
        return OPTIMIZERS.get(self.optim.name).is_plain(self.optim)


@lru_cache(maxsize=256)
def walk(setting: Walk, key: str) -> tuple[float, ...]:
    """w at step 0, 1, …, steps under the method ``key``.

    :raises BadInput: where the steps overshoot so far that the weight grows without bound.
    """
    weight = torch.tensor([setting.start], dtype=torch.float64)
    values = [setting.start]
    step = _stepper(setting, METHODS[key], weight)
    for _ in range(setting.steps):
        step()
        values.append(weight.item())
    if not all(abs(w) < 1e3 * (1 + abs(setting.start) + abs(setting.optimum or 0)) for w in values):
        raise BadInput(
            f"With η = {exact(setting.lr)} and λ = {exact(setting.strength)}, {key} overshoots further at every step "
            "and the weight grows without bound; make η or λ smaller."
        )
    return tuple(values)


def push(setting: Walk, key: str, weights: Floats) -> Floats:
    """w − w′ of the first step without data, for each of ``weights``: the effect of the penalty alone."""
    moved = torch.tensor(weights, dtype=torch.float64)
    _stepper(Walk(1.0, setting.lr, setting.strength, 1, setting.optimizer), METHODS[key], moved)()
    return np.asarray(weights - moved.numpy())


def _stepper(setting: Walk, method: Method, weight: torch.Tensor) -> Callable[[], None]:
    """One optimizer step on ``weight``, in place, by the engine's functions."""
    optimizer = make_optimizer(setting.optim, [weight])
    groups = penalty_groups({"w": weight}, PenalisedParameters({"w": 1.0}), {method.term: setting.strength})
    apply = APPLY[method.apply]

    def step() -> None:
        weight.grad = torch.zeros_like(weight) if setting.optimum is None else weight - setting.optimum
        apply(optimizer, groups, setting.lr)

    return step


def half_life(lr: float, strength: float) -> float | None:
    """ln 2 / −ln(1 − ηλ), about 0.69/(ηλ): the steps in which plain decay halves w; ``None`` unless 0 < ηλ < 1."""
    rate = lr * strength
    return math.log(2) / -math.log1p(-rate) if 0 < rate < 1 else None


def first_at_most(values: Sequence[float], size: float) -> int | None:
    """The first step at which |w| ≤ ``size``."""
    return next((step for step, w in enumerate(values) if abs(w) <= size), None)


def zero_from_step(values: Sequence[float]) -> int | None:
    """The first step from which on w is exactly 0 until the end."""
    if values[-1] != 0:
        return None
    return max((step + 1 for step, w in enumerate(values) if w != 0), default=0)


def band(values: Sequence[float]) -> tuple[float, float] | None:
    """Lowest and highest w in the last quarter of the steps, if 0 lies between them."""
    rest = values[-max(len(values) // 4, 2) :]
    return (min(rest), max(rest)) if min(rest) <= 0 <= max(rest) else None
