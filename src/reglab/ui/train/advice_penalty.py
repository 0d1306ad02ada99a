"""What a piece of advice is, and the checks of the penalty: its mode and scope, and a λ₂ too strong or too weak.

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
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any, Literal, TypeAlias

from reglab.number_format import PERCENT, exact, latex_number, short
from reglab.optimizers import OPTIMIZERS
from reglab.spec import RunSpec
from reglab.ui.train.objective_text import penalised

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


@dataclass(frozen=True)
class Advice:
    """A sentence or two, and in Markdown the ``rule`` behind them: a formula with the numbers of this spec.

    ``level``: a warning if the run will not do what its settings say, info if it is worth knowing.
    ``remedy``: dotted key → the value named in ``text`` that silences this advice; empty if it only informs.
    """

    text: str
    rule: str
    level: Literal["info", "warning"] = "warning"
    remedy: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Facts:
    """What the checks need beyond the spec; None if not known.

    ``acting``: tensors on which a λ above 0 acts. ``pool``: images of the dataset outside its test part.
    """

    n_train: int | None = None
    n_val: int | None = None
    batch_norm: bool = False
    acting: int | None = None
    pool: int | None = None

    def steps(self, spec: RunSpec) -> int | None:
        """Optimizer steps in an epoch: ⌈n / batch⌉."""
        return None if self.n_train is None else math.ceil(self.n_train / spec.train.batch_size)


Check: TypeAlias = Callable[[RunSpec, Facts], Advice | None]


def _decoupled_by_name(spec: RunSpec, _: Facts) -> Advice | None:
    optimizer = OPTIMIZERS.get(spec.optim.name)
    if optimizer.twin is None or spec.penalty.apply != "coupled" or not penalised(spec.penalty):
        return None
    name, twin = optimizer.label, OPTIMIZERS.get(optimizer.twin).label
    return Advice(
        f"{name} with a coupled penalty is {twin} with L2. Choose decoupled, which is what {name} stands for, or "
        f"{twin}.",
        rf"Coupled: $g = \nabla L(w) + \nabla P(w)$, and {twin} rescales the sum. "
        rf"{name}: $w \leftarrow w - \eta\,\nabla P(w)$, not rescaled.",
        remedy={"penalty.apply": "decoupled"},
    )


def _decoupled_is_another_lambda(spec: RunSpec, _: Facts) -> Advice | None:
    penalty, optim = spec.penalty, spec.optim
    optimizer = OPTIMIZERS.get(optim.name)
    if not optimizer.adaptive or penalty.apply != "decoupled" or not penalty.l2:
        return None
    coupled = OPTIMIZERS.get(optimizer.twin or optimizer.name).label
    rate = short(100 * optim.lr * penalty.l2, 3) + PERCENT
    return Advice(
        f"A decoupled λ is not {coupled}'s coupled λ: λ₂ = {exact(penalty.l2)} is a rate of decay and takes {rate} off "
        f"each weight per step. Coupled, the same number is an L2 term in J, which {coupled} rescales with the "
        "gradient. Neither converts exactly into the other. Usual: 0.01 (PyTorch's default) to 0.3 decoupled, 1e-5 to "
        "0.01 coupled.",
        rf"Decoupled: $w \leftarrow (1 - \eta\lambda_2)\,w$ with $\eta\lambda_2 = {latex_number(optim.lr)} \cdot "
        rf"{latex_number(penalty.l2)}$. Coupled: $g = \nabla L(w) + {latex_number(penalty.l2)}\,w$, then a step of "
        r"about $\eta$ whatever the size of $g$.",
        "info",
    )


def _l1_never_zero(spec: RunSpec, _: Facts) -> Advice | None:
    if not spec.penalty.l1 or spec.penalty.apply == "proximal":
        return None
    text = (
        f"L1 applied {spec.penalty.apply} leaves weights close to zero, never exactly zero. "
        "Proximal reaches exact zeros."
    )
    if spec.penalty.apply == "coupled" and OPTIMIZERS.get(spec.optim.name).adaptive:
        rule = r"$\lambda_1\,\mathrm{sign}(w)$ is as large at $w = 10^{-9}$ as at $w = 1$, so steps jump over 0"
    else:
        step = r"$w \leftarrow w - \eta\lambda_1\,\mathrm{sign}(w)$"
        rule = rf"{step} jumps over 0 by up to $\eta\lambda_1$ = {_reach(spec)}"
    return Advice(
        text,
        rf"{rule}. Proximal: $\mathrm{{sign}}(w)\max(|w| - \eta\lambda_1, 0)$ is 0 for $|w| \le$ {_reach(spec)}.",
        remedy={"penalty.apply": "proximal"},
    )


def _filters_never_zero(spec: RunSpec, _: Facts) -> Advice | None:
    if not spec.penalty.strengths.get("group") or spec.penalty.apply == "proximal":
        return None
    return Advice(
        f"Group lasso applied {spec.penalty.apply} leaves filters close to zero, never exactly zero. Proximal removes "
        "whole filters.",
        r"$\lambda^G\sqrt{|G|}\,w_G / \lVert w_G \rVert_2$ is as long for a small filter as for a large one, so steps "
        r"jump over 0. Proximal: $\max(1 - \eta\lambda^G\sqrt{|G|} / \lVert w_G \rVert_2, 0)\,w_G$.",
        remedy={"penalty.apply": "proximal"},
    )


def _penalty_off(spec: RunSpec, _: Facts) -> Advice | None:
    usual = OPTIMIZERS.get(spec.optim.name).mode
    idle: dict[str, tuple[str, Any, str]] = {
        name: (key, value, text)
        for name, key, value, text, changed in (
            ("Applied", "penalty.apply", usual, usual, spec.penalty.apply != usual),
            ("Scope", "penalty.scope", "weights", "weights", spec.penalty.scope != "weights"),
            ("Factors", "penalty.factors", {}, "none", bool(spec.penalty.factors)),
        )
        if changed
    }
    if penalised(spec.penalty) or not idle:
        return None
    return Advice(
        f"Every λ is 0, so there is no penalty and {' and '.join(idle)} {'has' if len(idle) == 1 else 'have'} "
        f"no effect. Usual: {', '.join(f'{name} {text}' for name, (_, _, text) in idle.items())}.",
        r"$0 \cdot \sum |w| + \frac{0}{2} \sum w^2 = 0$ over any set of tensors.",
        "info",
        {key: value for key, value, _ in idle.values()},
    )


def _acts_on_nothing(spec: RunSpec, facts: Facts) -> Advice | None:
    if not penalised(spec.penalty) or facts.acting != 0:
        return None
    return Advice(
        "Every tensor is exempt, so λ has no effect: the run has no penalty. Remove the factors, or set one to 1.",
        r"$\lambda \cdot c = \lambda \cdot 0 = 0$ for every tensor in the table below.",
        remedy={"penalty.factors": {}},
    )


def _batch_norm(spec: RunSpec, facts: Facts) -> Advice | None:
    if not facts.batch_norm or not penalised(spec.penalty):
        return None
    shrinks = "Scope all also shrinks batch norm's scale and shift, which only rescales activations. "
    return Advice(
        f"{shrinks if spec.penalty.scope == 'all' else ''}Weights in front of a batch norm can shrink without changing "
        "the output: there λ changes the effective learning rate, not the capacity.",
        r"$\mathrm{BN}(a\,w \ast x) = \mathrm{BN}(w \ast x)$ for every $a > 0$, so the gradient grows as $1/|w|$ and a "
        r"step turns $w$ by an angle of about $\eta / |w|^2$ (SGD).",
        "info",
    )


def _reach(spec: RunSpec) -> str:
    """ηλ₁, rounded for reading."""
    return f"${latex_number(float(f'{spec.optim.lr * spec.penalty.l1:.3g}'))}$"


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


def below(value: float) -> float:
    """The largest number of one significant digit that is at most ``value``: 0.0333 → 0.03."""
    return _one_digit(value, ROUND_FLOOR)


def above(value: float) -> float:
    """The smallest number of one significant digit that is at least ``value``: 0.0333 → 0.04."""
    return _one_digit(value, ROUND_CEILING)


def _one_digit(value: float, rounding: str) -> float:
    digits = Decimal(f"{value:.12g}")  # 0.3 / 3 is 0.1, not a little less
    return float(digits.quantize(Decimal(1).scaleb(digits.adjusted()), rounding=rounding))


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
    numerator = rf"1 - {exact(mu)}" if mu else "1"
    symbol = r"(1 - \mu) / (\eta\lambda_2)" if mu else r"1 / (\eta\lambda_2)"
    return rf"Time constant of the decay: ${symbol} = \dfrac{{{numerator}}}{{{_product(spec)}}}$"


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


CHECKS: tuple[Check, ...] = (_collapse, _step_too_large, _forgets_within_an_epoch, _decay_too_slow, _acts_on_nothing)
CHECKS += (_decoupled_by_name, _l1_never_zero, _filters_never_zero, _decoupled_is_another_lambda, _batch_norm)
CHECKS += (_penalty_off,)
