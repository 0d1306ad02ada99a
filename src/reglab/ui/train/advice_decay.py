"""Checks of how strong λ₂ is: too strong for a step, an epoch or the network, or too weak for the run."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from reglab.number_format import PERCENT, exact, short
from reglab.spec import RunSpec
from reglab.ui.shared.text import latex_number
from reglab.ui.train.advice_base import Advice, Check, Facts, above, below
from reglab.ui.train.collapse import collapses_from

SHARE_TOO_LITTLE = 0.01
"""A decay that takes less than this share off a weight over the whole run is as good as none."""

_MOST_L2, _MOST_RATE, _LOWEST_RATE = 1.0, 0.1, 1e-9  # what advice names; the lowest rate sets no ceiling to λ₂


def _collapse(spec: RunSpec, facts: Facts) -> Advice | None:
    limit = collapses_from(spec.model.name, spec.data.label_noise)
    own = spec.penalty.l2 * _smallest_factor(spec)
    if facts.batch_norm or spec.penalty.apply != "coupled" or limit is None or own < limit:
        return None
    labels = "one label in five wrong" if spec.data.label_noise else "true labels"
    return Advice(
        "So large a λ₂ may collapse the network: all kernels go to 0, and every image gets the same answer. "
        f"{_safer(spec, facts)} is safer.",
        rf"Rule of thumb, measured: $\lambda_2$ = {exact(own)} ≥ {exact(limit)}, the smallest at which a run of this "
        rf"CNN ended at $w = 0$ and $J = \ln$(classes): 400 digits, {labels}, 30 epochs. Other data move it.",
        remedy=_calm(spec, facts),
    )


def _step_too_large(spec: RunSpec, facts: Facts) -> Advice | None:
    """A step multiplies a weight by 1 − ηλ, which flips its sign from ηλ = 1 on; proximal steps never do."""
    if spec.penalty.apply == "proximal" or (spec.penalty.apply == "coupled" and spec.optim.name != "sgd"):
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
        f"The decay forgets with a time constant of {1 / shrink:.0f} steps, less than one epoch ({steps} steps): "
        f"the weights cannot hold what they learn. {_safer(spec, facts)} leaves them longer.",
        f"{_clock(spec)} = {short(1 / shrink, 3)} steps < ⌈n / batch⌉ = {steps} steps.",
        remedy=_calm(spec, facts),
    )


def _decay_too_slow(spec: RunSpec, facts: Facts) -> Advice | None:
    shrink, steps = _shrink_per_step(spec), facts.steps(spec)
    if not shrink or steps is None or spec.penalty.l1:
        return None
    run = steps * spec.train.epochs
    share = -math.expm1(-shrink * run)
    if share >= SHARE_TOO_LITTLE:
        return None
    remedy = _stronger(spec, facts, run)
    return Advice(
        f"Too weak to matter in this run: the decay takes at most {short(100 * share, 2)}{PERCENT} off a weight over "
        f"all {spec.train.epochs} epochs. {_raised(remedy)} would matter.",
        rf"{_clock(spec)} = {1 / shrink:,.0f} steps, far beyond the run's {run:,}: "
        rf"$1 - e^{{-{run} / {1 / shrink:.0f}}}$ = {short(100 * share, 2)}{PERCENT}.",
        remedy=remedy,
    )


def _calm(spec: RunSpec, facts: Facts) -> dict[str, Any]:
    """The λ₂ that no check calls too strong, so that one change answers all of them: at most a third of the λ₂ that
    collapsed, a tenth of each weight in a step, and a time constant of two epochs.
    """
    return {"penalty.l2": below(min(_ceilings(spec, facts)))}


def _ceilings(spec: RunSpec, facts: Facts) -> list[float]:
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

    Where λ₂ alone would have to be too strong in another way, it is as strong as it may be, and the rate is raised.
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
    """The share that decay takes off a weight in one step; None where Adam rescales it beyond a plain clock.

    Decay has a clock of 1/(ηλ) steps; SGD's momentum μ makes it 1 − μ times as long.
    """
    per_unit = _shrink_per_unit(spec)
    return None if per_unit is None else spec.penalty.l2 * per_unit


def _shrink_per_unit(spec: RunSpec) -> float | None:
    """That share per unit of λ₂."""
    if spec.penalty.apply == "coupled" and spec.optim.name != "sgd":
        return None
    rate = spec.optim.lr * _largest_factor(spec)
    return rate / (1 - spec.optim.momentum) if _gathers(spec) else rate


def _clock(spec: RunSpec) -> str:
    """The clock with its numbers: 1/(ηλ₂), times 1 − μ where the momentum gathers the pull."""
    above = rf"1 - {exact(spec.optim.momentum)}" if _gathers(spec) else "1"
    symbol = r"(1 - \mu) / (\eta\lambda_2)" if _gathers(spec) else r"1 / (\eta\lambda_2)"
    return rf"Clock of the decay: ${symbol} = \dfrac{{{above}}}{{{_product(spec)}}}$"


def _product(spec: RunSpec) -> str:
    """η · λ₂, times the largest factor where that is not 1."""
    parts = [spec.optim.lr, spec.penalty.l2, *[f for f in [_largest_factor(spec)] if f != 1]]
    return r" \cdot ".join(latex_number(part) for part in parts)


def _gathers(spec: RunSpec) -> bool:
    return spec.penalty.apply == "coupled" and spec.optim.name == "sgd" and spec.optim.momentum > 0


def _largest_factor(spec: RunSpec) -> float:
    """The largest factor on any tensor: tensors that are not named have 1."""
    return max([1.0, *spec.penalty.factors.values()])


def _smallest_factor(spec: RunSpec) -> float:
    return min([1.0, *spec.penalty.factors.values()])


CHECKS: tuple[Check, ...] = (_collapse, _step_too_large, _forgets_within_an_epoch, _decay_too_slow)
