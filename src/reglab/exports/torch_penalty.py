"""Where the penalty stands in a PyTorch script: in ``weight_decay`` where that is exact, else written out.

weight_decay of SGD and Adam is coupled L2, weight_decay of AdamW is decoupled L2; nothing built in is L1 or proximal.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from reglab.exports.code import sequence
from reglab.exports.plan import Plan
from reglab.spec import OptimSpec

Place = Literal["none", "weight_decay", "loss", "gradient", "decay", "shrink"]

HOW: dict[Place, str] = {
    "none": "",
    "weight_decay": "The optimizer's weight_decay is exactly that, so nothing is added to the loss.",
    "loss": "The optimizer has no L1, so the penalty is a term of the loss.",
    "gradient": "The optimizer has no L1, so the penalty's gradient is added to the gradient of the loss by hand.",
    "decay": "The optimizer has no such decay, so it is written out before the step.",
    "shrink": "A proximal step follows each step of the optimizer: the exact minimum of the penalty near the weight.",
}


@dataclass(frozen=True)
class TorchPenalty:
    """The penalty's pieces of a script: a term of the loss, and statements before and after the optimizer's step."""

    place: Place
    function: str = ""
    term: str = ""
    before: str = ""
    after: str = ""


def torch_penalty(plan: Plan, optim: OptimSpec) -> TorchPenalty:
    """The pieces for ``plan`` beside this optimizer."""
    place = _place(plan, optim)
    if place == "loss":
        return TorchPenalty(place, term=_term(plan))
    if place in ("gradient", "decay", "shrink"):
        arguments = "model" if place == "gradient" else "model, lr"
        line = f"{_NAMES[place]}({arguments})"
        return TorchPenalty(
            place,
            _function(plan, place, arguments),
            before=line * (place != "shrink"),
            after=line * (place == "shrink"),
        )
    return TorchPenalty(place)


def optimizer_code(plan: Plan, optim: OptimSpec) -> str:
    """The function ``make_optimizer(model)``."""
    decays = _place(plan, optim) == "weight_decay"
    kind = {"sgd": "SGD", "adam": "Adam", "adamw": "Adam"}[optim.name]
    if decays and plan.apply == "decoupled":
        kind = "AdamW"
    options = ["lr=LEARNING_RATE", *_sgd_options(optim), "fused=True"]
    head = f'def make_optimizer(model):\n    """{kind} over all parameters{_about(plan, optim, decays)}."""\n'
    if not decays or plan.which == "all":
        weight_decay = ["weight_decay=L2"] * decays
        return f"{head}    return torch.optim.{kind}({', '.join(['model.parameters()', *options, *weight_decay])})\n"
    return f"{head}{_groups(plan)}    return torch.optim.{kind}({', '.join(['groups', *options])})\n"


def factor_table(plan: Plan) -> str:
    """``FACTORS = {...}``, where the penalised tensors need naming."""
    if plan.which != "table":
        return ""
    items = [f'"{name}": {factor!r}' for name, factor in plan.factors.items()]
    return "# the penalised tensors, and by how much each one's λ is multiplied\n" + sequence("FACTORS = {", items, "}")


def _place(plan: Plan, optim: OptimSpec) -> Place:
    if plan.which == "none":
        return "none"
    if plan.apply == "proximal":
        return "shrink"
    if plan.apply == "decoupled":
        return "decay" if plan.l1 or optim.name == "sgd" else "weight_decay"
    return "weight_decay" if not plan.l1 else "gradient" if plan.l2 else "loss"


def _about(plan: Plan, optim: OptimSpec, decays: bool) -> str:
    if decays and plan.apply == "decoupled":
        return "; its weight_decay is the decoupled decay w ← w − η·λ₂·w"
    if decays:
        return "; its weight_decay λ₂ is the gradient of (λ₂/2)·Σw²"
    return " (AdamW without its own decay)" if optim.name == "adamw" else ""


def _sgd_options(optim: OptimSpec) -> list[str]:
    if optim.name != "sgd":
        return []
    return [f"momentum={optim.momentum!r}"] + ["nesterov=True"] * (optim.nesterov and optim.momentum > 0)


def _groups(plan: Plan) -> str:
    if plan.which == "kernels":
        return (
            "    kernels = [p for p in model.parameters() if p.ndim > 1]  # of convolutions and dense layers\n"
            "    others = [p for p in model.parameters() if p.ndim <= 1]  # biases and norms: not penalised\n"
            '    groups = [{"params": kernels, "weight_decay": L2}, {"params": others, "weight_decay": 0.0}]\n'
        )
    factors = ", ".join(repr(factor) for factor in [0.0, *plan.distinct])
    return (
        "    named = list(model.named_parameters())\n"
        "    groups = []\n"
        f"    for factor in ({factors}):  # 0 for tensors that are not penalised\n"
        "        own = [p for name, p in named if FACTORS.get(name, 0.0) == factor]\n"
        '        groups.append({"params": own, "weight_decay": L2 * factor})\n'
    )


def _loop(plan: Plan) -> tuple[str, str]:
    """The loop over penalised tensors w as it stands in a statement, and what λ is multiplied by in it."""
    if plan.which == "table":
        return "for w, factor in penalised(model)", "factor * "
    return "for w in penalised(model)", ""


def penalised_code(plan: Plan) -> str:
    """The function ``penalised(model)``."""
    if plan.which == "table":
        about, result = (
            "Each penalised tensor with its factor of λ",
            ("[(p, FACTORS[name]) for name, p in model.named_parameters() if name in FACTORS]"),
        )
    elif plan.which == "kernels":
        about, result = (
            "The penalised tensors: kernels of convolutions and dense layers, no biases, no norms",
            ("[p for p in model.parameters() if p.ndim > 1]"),
        )
    else:
        about, result = "The penalised tensors: all of them", "list(model.parameters())"
    return f'def penalised(model):\n    """{about}."""\n    return {result}\n'


def _term(plan: Plan) -> str:
    loop, factor = _loop(plan)
    return f" + sum({factor}L1 * w.abs().sum() {loop})" if factor else f" + L1 * sum(w.abs().sum() {loop})"


_NAMES: dict[str, str] = {"gradient": "add_penalty_gradient", "decay": "decay", "shrink": "shrink"}


def _function(plan: Plan, place: Place, arguments: str) -> str:
    loop, f = _loop(plan)
    about, lines = _BODIES[place][bool(plan.l1), bool(plan.l2)]
    l1, l2 = (f"{f}{name}" if place == "gradient" or not f else f"({f}{name})" for name in ("L1", "L2"))
    body = "".join(f"        {line.format(l1=l1, l2=l2)}\n" for line in lines)
    return f'@torch.no_grad()\ndef {_NAMES[place]}({arguments}):\n    """{about}"""\n    {loop}:\n{body}'


_BODIES: dict[str, dict[tuple[bool, bool], tuple[str, list[str]]]] = {
    "gradient": {
        (True, True): (
            "g ← g + λ₂·w + λ₁·sign(w): as if λ₁·Σ|w| + (λ₂/2)·Σw² were a term of the loss.",
            ["w.grad.add_(w, alpha={l2}).add_(w.sign(), alpha={l1})"],
        ),
    },
    "decay": {
        (False, True): ("w ← w − η·λ₂·w, beside the step on the data loss.", ["w.mul_(1 - lr * {l2})"]),
        (True, False): (
            "w ← w − η·λ₁·sign(w), beside the step on the data loss.",
            ["w.add_(w.sign(), alpha=-lr * {l1})"],
        ),
        (True, True): (
            "w ← w − η·(λ₁·sign(w) + λ₂·w), beside the step on the data loss.",
            ["sign = w.sign()", "w.mul_(1 - lr * {l2}).add_(sign, alpha=-lr * {l1})"],
        ),
    },
    "shrink": {
        (False, True): ("w ← w / (1 + η·λ₂): the proximal map of (λ₂/2)·Σw².", ["w.div_(1 + lr * {l2})"]),
        (True, False): (
            "w ← sign(w)·max(|w| − η·λ₁, 0): the proximal map of λ₁·Σ|w|, which reaches exact zeros.",
            ["w.copy_(F.softshrink(w, lr * {l1}))"],
        ),
        (True, True): (
            "w ← sign(w)·max(|w| − η·λ₁, 0) / (1 + η·λ₂): the proximal map of λ₁·Σ|w| + (λ₂/2)·Σw².",
            ["w.copy_(F.softshrink(w, lr * {l1}))", "w.div_(1 + lr * {l2})"],
        ),
    },
}  # fmt: skip
