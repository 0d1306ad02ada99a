"""The objective that is minimised, as a formula with λ filled in, and the same λ in PyTorch and Keras.

J(w) = (1/n) Σ CE + λ₁ Σ|w| + (λ₂/2) Σw² over the penalised tensors. Pure text: no Streamlit, no torch.
"""

from __future__ import annotations

from decimal import Decimal

from reglab.number_format import exact, latex_number
from reglab.optimizers import OPTIMIZERS
from reglab.penalties import PENALTIES
from reglab.spec import OptimSpec, PenaltySpec, RunSpec

SCOPES = {
    "weights": r"w\,\in\,\text{weights}",
    "weights+biases": r"\substack{w\,\in\,\text{weights}\\ \text{and biases}}",
    "all": r"\substack{w\,\in\,\text{all}\\ \text{parameters}}",
}
"""Scope → the set under the sums; weights are those of convolutions and dense layers."""


def objective(spec: RunSpec, n_train: int | None) -> str:
    """J(w) of ``spec`` in LaTeX with λ filled in, over ``n_train`` images (``n`` if the number is not known)."""
    n = "n" if n_train is None else str(n_train)
    data = rf"\frac{{1}}{{{n}}} \sum_{{i=1}}^{{{n}}} \mathrm{{CE}}(f_w(x_i), y_i)"
    lines = [rf"J(w) = {{}} & {data}", *(f"& + {term}" for term in _penalty_terms(spec.penalty))]
    return r"\begin{aligned} " + r" \\ ".join(lines) + r" \end{aligned}"


def size(spec: RunSpec) -> str:
    """The LaTeX size at which :func:`objective` fits its column in a narrow window: smaller for more digits."""
    longest = max(len(exact(strength)) for strength in spec.penalty.strengths.values())
    return r"\small" if longest <= 6 else r"\footnotesize" if longest <= 9 else r"\scriptsize"


def meaning(spec: RunSpec) -> str:
    """One or two sentences on what the penalty mode does to J."""
    if not penalised(spec.penalty):
        return "No penalty: only the data loss is minimised."
    if spec.penalty.apply == "coupled":
        return "The penalty's gradient joins the data gradient, so J itself is minimised."
    if spec.penalty.apply == "decoupled":
        return f"Weights shrink beside the data step{_at_rest(spec.optim)}."
    zeros = " L1 sets small weights to exactly 0." if spec.penalty.l1 else ""
    return f"A data step, then the penalty's exact proximal map{_at_rest(spec.optim)}.{zeros}"


def _at_rest(optim: OptimSpec) -> str:
    """The objective that a penalty step minimises: at rest, shrinking by ηλ cancels the optimizer's own step.

    That step is ηg/(1 − μ) with momentum μ, so λ counts as (1 − μ)λ; an adaptive one is rescaled weight by weight.
    """
    optimizer = OPTIMIZERS.get(optim.name)
    if optimizer.adaptive:
        return f". {optimizer.label} rescales the data gradient and not the penalty's, so no J is minimised exactly"
    if optimizer.is_plain(optim):
        return ", and with plain SGD that minimises J itself"
    mu = optimizer.momentum(optim)
    left = exact(float(1 - Decimal(repr(mu))))
    return (
        f". Momentum multiplies the data gradient by 1/(1 − {exact(mu)}), not the penalty's, so J is minimised with "
        f"λ times {left}"
    )


def translation(spec: RunSpec) -> str:
    """The same λ in PyTorch and in Keras, in Markdown; empty without a penalty."""
    penalty = spec.penalty
    if not penalised(penalty):
        return ""
    if set(penalty.strengths) > {"l1", "l2"}:
        return "Neither PyTorch nor Keras has this penalty built in; an exported script writes it out."
    if penalty.apply == "proximal":
        return "Neither PyTorch nor Keras has proximal steps built in."
    text = _coupled(spec) if penalty.apply == "coupled" else _decoupled(spec)
    return text + (" Multiply λ by each tensor's factor." if penalty.factors else "")


def penalised(penalty: PenaltySpec) -> bool:
    """Whether any λ is above 0."""
    return any(strength > 0 for strength in penalty.strengths.values())


def _penalty_terms(penalty: PenaltySpec) -> list[str]:
    where = rf"\sum_{{{SCOPES[penalty.scope]}}}"
    factor = r"c_w\," if penalty.factors else ""
    return [
        PENALTIES.get(key).formulas.objective(latex_number(strength), where, factor)
        for key, strength in penalty.strengths.items()
        if strength
    ]


def _coupled(spec: RunSpec) -> str:
    penalty = spec.penalty
    where = {"weights": "for the weights", "weights+biases": "for weights and biases"}.get(
        penalty.scope, "for every parameter"
    )
    torch = [f"`weight_decay={exact(penalty.l2)}`"] if penalty.l2 else []
    torch += [f"`{exact(penalty.l1)} * w.abs().sum()` added to the loss"] if penalty.l1 else []
    return f"In PyTorch: {' and '.join(torch)} {where}. In Keras: {_keras(penalty)}."


def _keras(penalty: PenaltySpec) -> str:
    l1, half = f"l1={exact(penalty.l1)}", f"l2={exact(penalty.l2 / 2)}"
    both = penalty.l1 and penalty.l2
    term = f"l1_l2({l1}, {half})" if both else f"l1({l1[3:]})" if penalty.l1 else f"l2({half[3:]})"
    roles = {"weights": ["kernel"], "weights+biases": ["kernel", "bias"], "all": ["kernel", "bias", "gamma", "beta"]}
    return ", ".join(f"`{role}_regularizer={term}`" for role in roles[penalty.scope])


def _decoupled(spec: RunSpec) -> str:
    penalty = spec.penalty
    if penalty.l1:
        return "Neither PyTorch nor Keras has a decoupled L1 built in."
    decay = f"weight_decay={exact(penalty.l2)}"
    optimizer = OPTIMIZERS.get(spec.optim.name)
    if optimizer.decoupled:
        kind = optimizer.decoupled.rpartition(".")[2]
        return f"In PyTorch and in Keras: `{kind}({decay})`. No λ in a loss does exactly this."
    return (
        f"In Keras: `{optimizer.keras.name}({decay})`. PyTorch's {optimizer.label} has only the coupled form. "
        "No λ in a loss does exactly this."
    )
