"""Between a penalty in the objective and a decoupled decay: equal under plain SGD for L2, and under nothing else.

Plain SGD: w − lr·(g + λ₂w) = (1 − lr·λ₂)w − lr·g. With momentum μ the velocity sums the coupled term to λ₂w/(1 − μ), so
decay = λ₂/(1 − μ) rests at the same weights at constant lr, after other steps. Adaptive optimizers divide the coupled
term by √v, weight by weight, so no number does (Loshchilov and Hutter, 2019, proposition 2).
"""

from __future__ import annotations

from dataclasses import replace

from reglab.conventions.combining import Step
from reglab.conventions.context import Family
from reglab.conventions.convention import Convention
from reglab.conventions.meaning import SYMBOLS, Meaning, figure

OPTIMIZER_NEEDS = {"optimizer": "only under plain SGD is a penalty in the objective the same as a decoupled decay"}
MOMENTUM_NEEDS = {"momentum": "a penalty in the objective passes through it, and a decoupled decay does not"}

ADAPTIVE = (
    "A penalty in the objective reaches the weights through the gradient, which an adaptive optimizer such as Adam "
    "divides by √v, differently for each weight; a decoupled decay shrinks every weight by the same share. "
    "No λ makes the two equal."
)
OUTPUTS = (
    "An activity penalty acts on a layer's outputs, so its pull on the weights depends on the data; a penalty on "
    "weights does not."
)


def crosses(parts: frozenset[str], target: Convention) -> bool:
    """Whether a meaning with these ``parts`` must change between objective and decay for ``target``."""
    wrong = {"l2"} if target.decoupled else {"decay"}
    return bool(parts & wrong)


def obstacle(parts: frozenset[str], target: Convention, family: Family | None) -> str | None:
    """Why a meaning with these ``parts`` has no equivalent in ``target``; None where nothing forbids one."""
    can = target.conversion.parts
    if ("outputs" in parts) != ("outputs" in can) and parts:
        return OUTPUTS
    if "l1" in parts and "l1" not in can:
        return _no_l1(target)
    if parts & {"l2", "decay"} and can == {"l1"}:
        return f"{target.label} is L1 only, a push of the same force whatever w is; no value pulls in proportion to w."
    return ADAPTIVE if crosses(parts, target) and family == "adaptive" else None


def cross(meaning: Meaning, target: Convention, momentum: float) -> tuple[Meaning, Step]:
    """``meaning`` with its L2 as a decay, or its decay as L2, and how."""
    about = "Plain SGD: w − lr·(g + λ₂·w) = (1 − lr·λ₂)·w − lr·g"
    if momentum:
        about = f"The velocity sums the coupled term to 1/(1 − μ) of it, with μ = {figure(momentum)}"
    if target.decoupled:
        crossed = meaning.l2 / (1 - momentum)
        formula = f"{_of('decay', 'λ₂', momentum, '/')} = {figure(crossed)}".replace("x", figure(meaning.l2))
        return replace(meaning, l2=0.0, decay=meaning.decay + crossed), Step(about, formula)
    crossed = meaning.decay * (1 - momentum)
    formula = f"{_of('λ₂', 'decay', momentum, '·')} = {figure(crossed)}".replace("x", figure(meaning.decay))
    return replace(meaning, decay=0.0, l2=meaning.l2 + crossed), Step(about, formula)


def same_rest(momentum: float, values: str) -> str:
    """Why the number that rests at the same weights is no equivalent."""
    return (
        f"With momentum {figure(momentum)} a penalty in the objective passes through the velocity and a decoupled "
        f"decay does not, so the weights move differently. At constant learning rate {values} comes to rest at "
        "the same weights, which the same λ does not: an approximation."
    )


def _of(new: str, old: str, momentum: float, sign: str) -> str:
    if not momentum:
        return f"{new} = {old}"
    return f"{new} = {old}{sign}(1 − μ) = x{sign}(1 − {figure(momentum)})"


def _no_l1(target: Convention) -> str:
    return (
        f"{target.label} pulls in proportion to w; it has no place for the L1 part {SYMBOLS['l1']}·Σ|w|, which pushes "
        "with the same force whatever w is: that needs a term of its own in the loss."
    )
