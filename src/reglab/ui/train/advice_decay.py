"""Checks of the size of λ₂: too strong for a step, an epoch or the network, or too weak for the run.

No formula says when a coupled λ₂ is too strong for a network: w = 0 is a stationary point of J in every network of two
layers or more, because there J is ln(classes) and the data's gradient on every weight tensor is 0 as well. Beyond some
λ₂ it is the only one that training reaches. COLLAPSED has measured values: 400 digits, 30 epochs, batches of 32, two
seeds, Adam (η 0.001) and SGD with momentum 0.9 (η 0.05, 0.01), λ₂ on the grid 0.0001, 0.0003, 0.001, 0.003, 0.01, 0.02,
0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.5, 0.7, 1. They are the smallest λ₂ with which any of these runs ended at
chance (validation accuracy under 13 %). Those of vgg_small are of Adam alone: with SGD single runs fell to chance with
any λ₂. CNNs with batch norm are not here: their output does not depend on the scale of the weights. A test trains both
sides of a value again.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from reglab.number_format import PERCENT, exact, latex_number, short
from reglab.optimizers import OPTIMIZERS
from reglab.spec import RunSpec
from reglab.ui.train.advice_base import Advice, Check, Facts, above, below

COLLAPSED: Mapping[str, tuple[float, float]] = {
    "vgg_small": (0.003, 0.003),
    "dense_784": (0.7, 0.5),
    "small_cnn": (0.07, 0.05),
    "keras_cnn": (0.2, 0.15),
    "simple_cnn": (0.3, 0.2),
    "lenet5": (0.03, 0.03),
}
"""CNN → smallest λ₂ that ended at chance, with true labels and with one label in five wrong."""

SHARE_TOO_LITTLE = 0.01
"""A decay that takes less than this share off a weight over the whole run has no visible effect."""

_MOST_L2, _MOST_RATE, _LOWEST_RATE = 1.0, 0.1, 1e-9  # that advice proposes; the lowest rate sets no limit to λ₂


def collapses_from(cnn: str, label_noise: float) -> float | None:
    """The measured λ₂ for ``cnn``; None if it was not measured."""
    found = COLLAPSED.get(cnn)
    return None if found is None else found[1] if label_noise else found[0]


def _collapse(spec: RunSpec, facts: Facts) -> Advice | None:
    limit = collapses_from(spec.model.name, spec.data.label_noise)
    own = spec.penalty.l2 * _smallest_factor(spec)
    if facts.batch_norm or spec.penalty.apply != "coupled" or limit is None or own < limit:
        return None
    labels = "one label in five wrong" if spec.data.label_noise else "true labels"
    return Advice(
        "So large a λ₂ may collapse the network: all weights go to 0, and every image gets the same prediction. "
        f"{_safer(spec, facts)} is safer.",
        rf"Rule of thumb, measured: $\lambda_2$ = {exact(own)} ≥ {exact(limit)}, the smallest at which a run of this "
        rf"CNN ended at $w = 0$ and $J = \ln$(classes): 400 digits, {labels}, 30 epochs. Other data move it.",
        remedy=_calm(spec, facts),
    )


def _step_too_large(spec: RunSpec, facts: Facts) -> Advice | None:
    """A step multiplies a weight by 1 − ηλ, which flips its sign from ηλ = 1 on; proximal steps never do."""
    if spec.penalty.apply == "proximal" or _rescaled(spec):
        return None
    share = spec.optim.lr * spec.penalty.l2 * _largest_factor(spec)
    if share < 1:
        return None
    return Advice(
        f"Learning rate × λ₂ = {short(share, 3)}: every step removes whole weights and overshoots. Keep it well "
        f"below 1: {_safer(spec, facts)}.",
        rf"A step multiplies each weight by $1 - {_product(spec)} = {1 - share:.3g}$, which must lie between 0 and 1.",
        remedy=_calm(spec, facts),
    )


def _forgets_within_an_epoch(spec: RunSpec, facts: Facts) -> Advice | None:
    shrink, steps = _shrink_per_step(spec), facts.steps(spec)
    if shrink is None or steps is None or not 1 / steps < shrink < 1:
        return None
    return Advice(
        f"The decay has a time constant of {1 / shrink:.0f} steps, less than one epoch ({steps} steps): "
        f"the weights forget what they learn. {_safer(spec, facts)} gives them more time.",
        f"{_time_constant(spec)} = {short(1 / shrink, 3)} steps < ⌈n / batch⌉ = {steps} steps.",
        remedy=_calm(spec, facts),
    )


def _decay_too_slow(spec: RunSpec, facts: Facts) -> Advice | None:
    shrink, steps = _shrink_per_step(spec), facts.steps(spec)
    if not shrink or steps is None or any(own for key, own in spec.penalty.strengths.items() if key != "l2"):
        return None
    run = steps * spec.train.epochs
    share = -math.expm1(-shrink * run)
    if share >= SHARE_TOO_LITTLE:
        return None
    remedy = _stronger(spec, facts, run)
    return Advice(
        f"Too weak to matter in this run: the decay takes at most {short(100 * share, 2)}{PERCENT} off a weight over "
        f"all {spec.train.epochs} epochs. {_raised(remedy)} would matter.",
        rf"{_time_constant(spec)} = {1 / shrink:,.0f} steps, far beyond the run's {run:,}: "
        rf"$1 - e^{{-{run} / {1 / shrink:.0f}}}$ = {short(100 * share, 2)}{PERCENT}.",
        remedy=remedy,
    )


def _calm(spec: RunSpec, facts: Facts) -> dict[str, Any]:
    """A λ₂ that no check calls too strong, so that one change answers all of them."""
    return {"penalty.l2": below(min(_ceilings(spec, facts)))}


def _ceilings(spec: RunSpec, facts: Facts) -> list[float]:
    """A third of the λ₂ that collapsed, a tenth of each weight in a step, and a time constant of two epochs."""
    limit, smallest = collapses_from(spec.model.name, spec.data.label_noise), _smallest_factor(spec)
    found = []
    if spec.penalty.apply == "coupled" and not facts.batch_norm and limit is not None and smallest:
        found.append(limit / 3 / smallest)
    per_unit, steps = _shrink_per_unit(spec), facts.steps(spec)
    if per_unit is not None:
        found.append(0.1 / (spec.optim.lr * _largest_factor(spec)))
        found += [] if steps is None else [0.5 / steps / per_unit]
    return found


def _safer(spec: RunSpec, facts: Facts) -> str:
    return f"λ₂ = {exact(_calm(spec, facts)['penalty.l2'])}"


def _stronger(spec: RunSpec, facts: Facts, run: int) -> dict[str, Any]:
    """λ₂, if need be with a higher learning rate and more epochs, such that the decay takes SHARE_TOO_LITTLE.

    If λ₂ alone would have to be too strong for another check, it is as strong as they allow, and the rate is raised.
    """
    needed = -1.05 * math.log1p(-SHARE_TOO_LITTLE) / run  # shrink per step
    per_unit = _shrink_per_unit(spec) or math.inf
    l2 = above(needed / per_unit)
    if l2 <= min([_MOST_L2, *_ceilings(spec, facts)]):
        return {"penalty.l2": l2}
    limits = _ceilings(spec.with_changes({"optim.lr": _LOWEST_RATE}), facts)
    l2 = below(min([_MOST_L2, *limits]))
    rate = above(needed * spec.optim.lr / per_unit / l2)
    if rate <= _MOST_RATE:
        return {"penalty.l2": l2, "optim.lr": rate}
    epochs = math.ceil(rate / _MOST_RATE * spec.train.epochs)
    return {"penalty.l2": l2, "optim.lr": _MOST_RATE, "train.epochs": epochs}


def _raised(remedy: Mapping[str, Any]) -> str:
    names = {"penalty.l2": "λ₂ =", "optim.lr": "a learning rate of", "train.epochs": "epochs:"}
    parts = [f"{names[key]} {exact(value)}" for key, value in remedy.items()]
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _shrink_per_step(spec: RunSpec) -> float | None:
    """The share that decay takes off a weight in one step: ηλ₂/(1 − μ); None if the optimizer rescales it."""
    per_unit = _shrink_per_unit(spec)
    return None if per_unit is None else spec.penalty.l2 * per_unit


def _shrink_per_unit(spec: RunSpec) -> float | None:
    """That share per unit of λ₂."""
    if _rescaled(spec):
        return None
    rate = spec.optim.lr * _largest_factor(spec)
    return rate / (1 - _momentum(spec))


def _time_constant(spec: RunSpec) -> str:
    """1/(ηλ₂) with its numbers, times 1 − μ if momentum accumulates the penalty's gradient."""
    mu = _momentum(spec)
    above = rf"1 - {exact(mu)}" if mu else "1"
    symbol = r"(1 - \mu) / (\eta\lambda_2)" if mu else r"1 / (\eta\lambda_2)"
    return rf"Time constant of the decay: ${symbol} = \dfrac{{{above}}}{{{_product(spec)}}}$"


def _product(spec: RunSpec) -> str:
    """η · λ₂, times the largest factor if that is not 1."""
    parts = [spec.optim.lr, spec.penalty.l2, *[f for f in [_largest_factor(spec)] if f != 1]]
    return r" \cdot ".join(latex_number(part) for part in parts)


def _rescaled(spec: RunSpec) -> bool:
    """Whether the optimizer divides the penalty's gradient, so that λ alone fixes no rate of decay."""
    return spec.penalty.apply == "coupled" and OPTIMIZERS.get(spec.optim.name).adaptive


def _momentum(spec: RunSpec) -> float:
    """μ where the momentum accumulates the penalty's gradient, else 0."""
    return OPTIMIZERS.get(spec.optim.name).momentum(spec.optim) if spec.penalty.apply == "coupled" else 0.0


def _largest_factor(spec: RunSpec) -> float:
    """The largest factor of any tensor; tensors that are not named have 1."""
    return max([1.0, *spec.penalty.factors.values()])


def _smallest_factor(spec: RunSpec) -> float:
    return min([1.0, *spec.penalty.factors.values()])


CHECKS: tuple[Check, ...] = (_collapse, _step_too_large, _forgets_within_an_epoch, _decay_too_slow)
