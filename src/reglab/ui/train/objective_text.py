"""J(w) = (1/n) Σ CE + λ₁ Σ|w| + (λ₂/2) Σw² with λ filled in, the same λ in PyTorch and Keras, and the update rule.

The update rule is one optimizer step of a spec, exactly: rows of LaTeX with this spec's numbers, each with what it
means. Read from top to bottom, they are the step that :mod:`reglab.training` takes: tests run the LaTeX itself against
it. What λ adds is coloured; tensors that are not penalised take the same step without it. L is the mean cross-entropy
of one batch, t counts steps and e epochs from 1, c is a tensor's factor of λ. Pure text: no Streamlit, no torch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from reglab.number_format import PERCENT, exact, latex_number, short
from reglab.optimizers import OPTIMIZERS
from reglab.optimizers.schedule import learning_rate_line
from reglab.penalties import PENALTIES, Term
from reglab.regularizers import Place, Regularizer, active
from reglab.spec import OptimSpec, PenaltySpec, RunSpec

SCOPES = {
    "weights": r"w\,\in\,\text{weights}",
    "weights+biases": r"\substack{w\,\in\,\text{weights}\\ \text{and biases}}",
    "all": r"\substack{w\,\in\,\text{all}\\ \text{parameters}}",
}
"""Scope → the set under the sums; weights are those of convolutions and dense layers."""

COLOUR = "#c25c14"
"""Of what λ adds; a contrast of 4.2 to both themes' backgrounds."""

_ACTS: Mapping[Place, str] = {
    "data": "on the images",
    "model": "in the network",
    "loss": "in the loss",
    "after the step": "after the step",
    "time": "in time",
}
"""Where a regularizer acts."""

BALANCED = (
    r"\omega_c = \dfrac{n}{C\,n_c}, \quad L = \dfrac{\sum_{i \in B} \omega_{y_i}\,\ell_i}{\sum_{i \in B} \omega_{y_i}}"
)
"""Class weights in LaTeX: n training labels, n_c of class c, and the criterion L of a batch B."""

MAX_NAMES = 3
"""A factor that more tensors than these have is written with their number, not their names."""


def objective(spec: RunSpec, n_train: int | None) -> str:
    """J(w) of ``spec`` in LaTeX with λ filled in, over ``n_train`` images (``n`` if the number is not known)."""
    n = "n" if n_train is None else str(n_train)
    data = rf"\frac{{1}}{{{n}}} \sum_{{i=1}}^{{{n}}} {_criteria(spec)[-1]}"
    over, factor = rf"\sum_{{{SCOPES[spec.penalty.scope]}}}", r"c_w\," if spec.penalty.factors else ""
    terms = (term.formulas.objective(latex_number(own), over, factor) for term, own in _terms(spec.penalty))
    lines = [rf"J(w) = {{}} & {data}", *(f"& + {term}" for term in terms)]
    return r"\begin{aligned} " + r" \\ ".join(lines) + r" \end{aligned}"


def size(spec: RunSpec) -> str:
    """The LaTeX size at which :func:`objective` fits its column in a narrow window: smaller for more digits."""
    longest = max(len(exact(strength)) for strength in spec.penalty.strengths.values())
    return r"\small" if longest <= 6 else r"\footnotesize" if longest <= 9 else r"\scriptsize"


def meaning(spec: RunSpec) -> str:
    """One or two sentences on what the penalty mode does to J."""
    if not penalised(spec.penalty):
        return f"No penalty: only the {'training criterion' if changes_criterion(spec) else 'data loss'} is minimised."
    if spec.penalty.apply == "coupled":
        return "The penalty's gradient joins the data gradient, so J itself is minimised."
    if spec.penalty.apply == "decoupled":
        return f"Weights shrink beside the data step{_at_rest(spec.optim)}."
    zeros = " L1 sets small weights to exactly 0." if spec.penalty.l1 else ""
    return f"A data step, then the penalty's exact proximal map{_at_rest(spec.optim)}.{zeros}"


def changes_criterion(spec: RunSpec) -> bool:
    """Whether the training criterion in J is another one than the data loss."""
    return len(_criteria(spec)) > 1


def _criteria(spec: RunSpec) -> list[str]:
    """One image's term of the training criterion in LaTeX: without regularizers, and as each of them redefines it."""
    weighted = [r"\omega_{y_i}\,\mathrm{CE}(f_w(x_i), y_i)"] * (spec.train.class_weights != "none")
    own = (entry.criterion for entry in active(spec) if entry.criterion)
    return [r"\mathrm{CE}(f_w(x_i), y_i)", *weighted, *own]


def other_regularizers(spec: RunSpec) -> tuple[Row, ...]:
    """The regularizers that ``spec`` switches on besides the penalty, in their order, but those after the step."""
    on = [entry for entry in active(spec) if entry.acts != "after the step"]
    rows = tuple(Row(entry.formula(entry.value(spec)), _about(entry, spec)) for entry in on)
    return rows if spec.train.class_weights == "none" else (CLASS_WEIGHTS, *rows)


def _about(entry: Regularizer, spec: RunSpec) -> str:
    more = " This is the training criterion in J; loss curves stay data losses." if entry.criterion else ""
    calls = {"PyTorch": entry.torch(entry.value(spec)), "Keras": entry.keras(entry.value(spec))}
    code = "".join(f" In {framework}: `{call}`." for framework, call in calls.items() if call)
    return f"{entry.label[0].upper()}{entry.label[1:]}, {_ACTS[entry.acts]}: {entry.meaning}{more}{code}"


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


@dataclass(frozen=True)
class Row:
    """One line of the step in LaTeX and its meaning; ``whole_penalty``: unpenalised tensors leave the line out."""

    latex: str
    meaning: str
    whole_penalty: bool = False


CLASS_WEIGHTS = Row(
    BALANCED,
    r"Class weights, in the loss: an image of class c counts $\omega_c$ times; over all training images Σ ω = n. "
    "This is the training criterion in J; loss curves stay data losses. In PyTorch: "
    "`nn.CrossEntropyLoss(weight=ω)`. Keras's `class_weight` divides by the number of images in the batch in place "
    "of Σ ω.",
)


def update_rule(spec: RunSpec) -> tuple[Row, ...]:
    """The step line by line, in the order in which it is computed."""
    apply = spec.penalty.apply if penalised(spec.penalty) else None
    optimizer = OPTIMIZERS.get(spec.optim.name)
    rate = learning_rate_line(spec.optim, spec.train.epochs)
    rows = [Row(rate.latex, rate.meaning)]
    if apply and spec.penalty.factors:
        rows.append(_factor(spec.penalty.factors))
    rows.append(_gradient(spec, coupled=apply == "coupled"))
    if apply == "decoupled":
        rows.append(_decay(spec))
    rows += [Row(line.latex, line.meaning) for line in optimizer.lines(spec.optim)]
    if apply == "proximal":
        rows += _proximal(spec)
    projections = [entry for entry in active(spec) if entry.acts == "after the step"]
    rows += [Row(entry.formula(entry.value(spec)), entry.meaning) for entry in projections]
    return tuple(rows)


def where(spec: RunSpec) -> str:
    """For which tensors the coloured parts hold, in one sentence or two."""
    if not penalised(spec.penalty):
        return "Every λ is 0: every tensor takes this step."
    notes = "".join(f" {term.symbol}: {term.formulas.note}." for term, _ in _terms(spec.penalty) if term.formulas.note)
    if spec.penalty.scope == "all":
        return f"In colour: what λ adds. It holds for every parameter.{notes}"
    what, others = {
        "weights": ("the weights of convolutions and dense layers", "Biases and norms"),
        "weights+biases": ("weights and biases of convolutions and dense layers", "Norms' scales and shifts"),
    }[spec.penalty.scope]
    return f"In colour: what λ adds. It holds for {what}. {others} take the same step without it.{notes}"


def _factor(factors: Mapping[str, float]) -> Row:
    """c by tensor: one line for each distinct factor, the smallest first."""
    lines = []
    for factor in sorted(set(factors.values())):
        names = [name for name, own in factors.items() if own == factor]
        listed = ", ".join(names) if len(names) <= MAX_NAMES else f"{len(names)} tensors, see below"
        lines.append(rf"{latex_number(factor)} & \text{{{_text(listed)}}}")
    lines.append(r"1 & \text{other tensors}")
    meaning = "The factor of the tensor that w is in; 0 exempts it."
    return Row(r"c = \begin{cases} " + r" \\ ".join(lines) + r" \end{cases}", meaning, whole_penalty=True)


def _gradient(spec: RunSpec, *, coupled: bool) -> Row:
    what = ("training criterion", "mean ℓ") if changes_criterion(spec) else ("data loss", "mean cross-entropy")
    what = what if spec.train.class_weights == "none" else (what[0], "mean ℓ with class weights")
    of = f"The gradient of the batch's {what[0]} L: the {what[1]} of {spec.train.batch_size} images"
    if not coupled:
        return Row(r"g = \nabla L(w)", f"{of}.")
    optimizer = OPTIMIZERS.get(spec.optim.name)
    then = f", and {optimizer.label} rescales their sum" if optimizer.adaptive else ""
    then = ", and the momentum accumulates both" if optimizer.momentum(spec.optim) else then
    added = _coloured(f"+ {_penalty_gradient(spec.penalty)}")
    meaning = " ".join([f"{of}. The penalty's gradient joins it{then}.", *_notes(spec.penalty)])
    return Row(rf"g = \nabla L(w) {added}", meaning)


def _decay(spec: RunSpec) -> Row:
    penalty = spec.penalty
    if _terms(penalty) != [(PENALTIES.get("l2"), penalty.l2)]:
        meaning = " ".join(["The penalty's own step, beside the gradient.", *_notes(penalty)])
        return Row(_coloured(rf"w \leftarrow w - \eta\,({_penalty_gradient(penalty)})"), meaning, whole_penalty=True)
    share = f"at η = {exact(spec.optim.lr)} it takes {short(100 * spec.optim.lr * penalty.l2, 3)}{PERCENT} off"
    each = " where c is 1" if penalty.factors else ""
    decayed = rf"w \leftarrow (1 - \eta \cdot {latex_number(penalty.l2)}{_c(penalty)})\,w"
    return Row(_coloured(decayed), f"The decay, beside the gradient: {share} each weight{each}.", whole_penalty=True)


def _proximal(spec: RunSpec) -> list[Row]:
    """prox of η(λ₁|w| + (λ₂/2)w²): the soft threshold, then the division."""
    penalty, rows = spec.penalty, []
    each = " times c" if penalty.factors else ""
    if penalty.l1:
        reach = rf"\eta \cdot {latex_number(penalty.l1)}{_c(penalty)}"
        near = f"{short(spec.optim.lr * penalty.l1, 3)}{each}"
        meaning = f"The penalty's exact proximal map: weights within ηλ₁ of 0 ({near}, in epoch 1) become exactly 0."
        soft = rf"w \leftarrow \mathrm{{sign}}(w)\,\max(|w| - {reach},\,0)"
        rows.append(Row(_coloured(soft), meaning, whole_penalty=True))
    for term, own in _terms(penalty):
        if term.name not in ("l1", "l2"):
            reach = rf"\eta \cdot {latex_number(own)}{_c(penalty)}"
            rows.append(Row(_coloured(term.formulas.proximal(reach)), term.formulas.proximal_note, whole_penalty=True))
    if penalty.l2:
        meaning = "For L2 a division, which never overshoots." if rows else "The penalty's exact proximal map."
        shrunk = rf"w \leftarrow \dfrac{{w}}{{1 + \eta \cdot {latex_number(penalty.l2)}{_c(penalty)}}}"
        rows.append(Row(_coloured(shrunk), meaning, whole_penalty=True))
    return rows


def _penalty_gradient(penalty: PenaltySpec) -> str:
    """The penalty's gradient λ₁ c sign(w) + λ₂ c w."""
    return " + ".join(term.formulas.gradient(f"{latex_number(own)}{_c(penalty)}") for term, own in _terms(penalty))


def _notes(penalty: PenaltySpec) -> list[str]:
    """Notes on the gradients of the terms."""
    return [term.formulas.gradient_note for term, _ in _terms(penalty) if term.formulas.gradient_note]


def _terms(penalty: PenaltySpec) -> list[tuple[Term, float]]:
    """The terms with λ > 0, L1 first."""
    return [(PENALTIES.get(key), strength) for key, strength in penalty.strengths.items() if strength]


def _c(penalty: PenaltySpec) -> str:
    return r"\,c" if penalty.factors else ""


def _coloured(part: str) -> str:
    return rf"\textcolor{{{COLOUR}}}{{{part}}}"


def _text(plain: str) -> str:
    """``plain`` within ``\\text{}``."""
    return "".join(rf"\{sign}" if sign in "_&%#${}" else sign for sign in plain)
