"""Checks of the penalty: effects that its λ cannot have with these settings, or that its name does not suggest."""

from __future__ import annotations

from typing import Any

from reglab.number_format import PERCENT, exact, latex_number, short
from reglab.optimizers import OPTIMIZERS
from reglab.spec import RunSpec
from reglab.ui.train.advice_base import Advice, Check, Facts
from reglab.ui.train.objective_text import penalised


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
        r"$\lambda_g\sqrt{|G|}\,w_G / \lVert w_G \rVert_2$ is as long for a small filter as for a large one, so steps "
        r"jump over 0. Proximal: $\max(1 - \eta\lambda_g\sqrt{|G|} / \lVert w_G \rVert_2, 0)\,w_G$.",
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


CHECKS: tuple[Check, ...] = (_acts_on_nothing, _decoupled_by_name, _l1_never_zero, _filters_never_zero)
CHECKS += (_decoupled_is_another_lambda, _batch_norm, _penalty_off)
