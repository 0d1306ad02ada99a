"""Checks of how strong λ₂ is: too strong for a step, an epoch or the network, or too weak for the run."""

from __future__ import annotations

import math

from reglab.spec import RunSpec
from reglab.ui.numbers import number, plain
from reglab.ui.train.advice_base import Advice, Check, Facts
from reglab.ui.train.collapse import collapses_from

SHARE_TOO_LITTLE = 0.01
"""A decay that takes less than this share off a weight over the whole run is as good as none."""


def _collapse(spec: RunSpec, facts: Facts) -> Advice | None:
    limit = collapses_from(spec.model.name, spec.data.label_noise)
    own = spec.penalty.l2 * min([1.0, *spec.penalty.factors.values()])
    if facts.batch_norm or spec.penalty.apply != "coupled" or limit is None or own < limit:
        return None
    labels = "one label in five wrong" if spec.data.label_noise else "true labels"
    return Advice(
        "So large a λ₂ may collapse the network: all kernels go to 0, and every image gets the same answer. "
        "A third of it is safer.",
        rf"Rule of thumb, measured: $\lambda_2$ = {plain(own)} ≥ {plain(limit)}, the smallest at which a run of this "
        rf"CNN ended at $w = 0$ and $J = \ln$(classes): 400 digits, {labels}, 30 epochs. Other data move it.",
    )


def _step_too_large(spec: RunSpec, _: Facts) -> Advice | None:
    """A step multiplies a weight by 1 − ηλ, which flips its sign from ηλ = 1 on; proximal steps never do."""
    if spec.penalty.apply == "proximal" or (spec.penalty.apply == "coupled" and spec.optim.name != "sgd"):
        return None
    share = spec.optim.lr * spec.penalty.l2 * _largest_factor(spec)
    if share < 1:
        return None
    return Advice(
        f"Learning rate × λ₂ = {share:.3g}: every step removes whole weights and overshoots. Keep it well below 1.",
        rf"A step multiplies each weight by $1 - {_product(spec)} = {1 - share:.3g}$, which must lie between 0 and 1.",
    )


def _forgets_within_an_epoch(spec: RunSpec, facts: Facts) -> Advice | None:
    shrink, steps = _shrink_per_step(spec), facts.steps(spec)
    if shrink is None or steps is None or not 1 / steps < shrink < 1:
        return None
    return Advice(
        f"The decay forgets with a time constant of {1 / shrink:.0f} steps, less than one epoch ({steps} steps): "
        "the weights cannot hold what they learn.",
        f"{_clock(spec)} = {1 / shrink:.3g} steps < ⌈n / batch⌉ = {steps} steps.",
    )


def _decay_too_slow(spec: RunSpec, facts: Facts) -> Advice | None:
    shrink, steps = _shrink_per_step(spec), facts.steps(spec)
    if not shrink or steps is None or spec.penalty.l1:
        return None
    run = steps * spec.train.epochs
    share = -math.expm1(-shrink * run)
    if share >= SHARE_TOO_LITTLE:
        return None
    return Advice(
        f"Too weak to matter in this run: the decay takes at most {100 * share:.2g} % off a weight over all "
        f"{spec.train.epochs} epochs. Raise λ₂ or the learning rate.",
        rf"{_clock(spec)} = {1 / shrink:,.0f} steps, far beyond the run's {run:,}: "
        rf"$1 - e^{{-{run} / {1 / shrink:.0f}}}$ = {100 * share:.2g} %.",
    )


def _shrink_per_step(spec: RunSpec) -> float | None:
    """The share that decay takes off a weight in one step; None where Adam rescales it beyond a plain clock.

    Decay has a clock of 1/(ηλ) steps; SGD's momentum μ makes it 1 − μ times as long.
    """
    if spec.penalty.apply == "coupled" and spec.optim.name != "sgd":
        return None
    rate = spec.optim.lr * spec.penalty.l2 * _largest_factor(spec)
    return rate / (1 - spec.optim.momentum) if _gathers(spec) else rate


def _clock(spec: RunSpec) -> str:
    """The clock with its numbers: 1/(ηλ₂), times 1 − μ where the momentum gathers the pull."""
    above = rf"1 - {plain(spec.optim.momentum)}" if _gathers(spec) else "1"
    symbol = r"(1 - \mu) / (\eta\lambda_2)" if _gathers(spec) else r"1 / (\eta\lambda_2)"
    return rf"Clock of the decay: ${symbol} = \dfrac{{{above}}}{{{_product(spec)}}}$"


def _product(spec: RunSpec) -> str:
    """η · λ₂, times the largest factor where that is not 1."""
    parts = [spec.optim.lr, spec.penalty.l2, *[f for f in [_largest_factor(spec)] if f != 1]]
    return r" \cdot ".join(number(part) for part in parts)


def _gathers(spec: RunSpec) -> bool:
    return spec.penalty.apply == "coupled" and spec.optim.name == "sgd" and spec.optim.momentum > 0


def _largest_factor(spec: RunSpec) -> float:
    """The largest factor on any tensor: tensors that are not named have 1."""
    return max([1.0, *spec.penalty.factors.values()])


CHECKS: tuple[Check, ...] = (_collapse, _step_too_large, _forgets_within_an_epoch, _decay_too_slow)
