"""One optimizer step of a spec, exactly: rows of LaTeX with this spec's numbers, each with what it means.

Read from top to bottom, the rows are the step that :mod:`reglab.training` takes: tests run the LaTeX itself against
it. What λ adds is coloured; tensors that are not penalised take the same step without it. Pure text: no Streamlit,
no torch.

L is the mean cross-entropy of one batch, t counts steps and e epochs from 1, c is a tensor's factor of λ.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from reglab.number_format import PERCENT, exact, short
from reglab.penalties import PENALTIES, Term
from reglab.spec import OptimSpec, PenaltySpec, RunSpec
from reglab.ui.shared.text import latex_number
from reglab.ui.train.objective_text import penalised

COLOUR = "#c25c14"
"""Of what λ adds; a contrast of 4.2 to both themes' backgrounds."""

MAX_NAMES = 3
"""A factor that more tensors than these have is written with their number, not their names."""


@dataclass(frozen=True)
class Row:
    """One line of the step in LaTeX and its meaning; ``whole_penalty``: unpenalised tensors leave the line out."""

    latex: str
    meaning: str
    whole_penalty: bool = False


def update_rule(spec: RunSpec) -> tuple[Row, ...]:
    """The step line by line, in the order in which it is computed: m and v start at 0."""
    apply = spec.penalty.apply if penalised(spec.penalty) else None
    rows = [_rate(spec)]
    if apply and spec.penalty.factors:
        rows.append(_factor(spec.penalty.factors))
    rows.append(_gradient(spec, coupled=apply == "coupled"))
    if apply == "decoupled":
        rows.append(_decay(spec))
    rows += _moments(spec.optim, coupled=apply == "coupled")
    rows.append(_step(spec.optim))
    if apply == "proximal":
        rows += _proximal(spec)
    return tuple(rows)


def where(spec: RunSpec) -> str:
    """For which tensors the coloured parts hold, in one sentence or two."""
    if not penalised(spec.penalty):
        return "Both λ are 0: every tensor takes this step."
    if spec.penalty.scope == "all":
        return "In colour: what λ adds. It holds for every parameter."
    what, others = {
        "weights": ("kernels, the weights of convolutions and dense layers", "Biases and norms"),
        "weights+biases": ("kernels and their biases", "Norms' scales and shifts"),
    }[spec.penalty.scope]
    return f"In colour: what λ adds. It holds for {what}. {others} take the same step without it."


def _rate(spec: RunSpec) -> Row:
    optim, eta = spec.optim, latex_number(spec.optim.lr)
    first = f"The learning rate in epoch e: {exact(optim.lr)} in epoch 1"
    if optim.schedule == "cosine":
        curve = rf"\tfrac{{1}}{{2}}\,(1 + \cos(\pi\,(e - 1) / {spec.train.epochs}))"
        return Row(rf"\eta = {eta} \cdot {curve}", f"{first}, falling to 0 along a cosine.")
    if optim.schedule == "step":
        steps = rf"{_base(optim.step_factor)}^{{\lfloor (e - 1) / {optim.step_every} \rfloor}}"
        words = f"{first}, times {exact(optim.step_factor)} every {optim.step_every} epochs."
        return Row(rf"\eta = {eta} \cdot {steps}", words)
    return Row(rf"\eta = {eta}", "The learning rate, the same in every epoch.")


def _factor(factors: Mapping[str, float]) -> Row:
    """c by tensor: one line for each distinct factor, the smallest first."""
    lines = []
    for factor in sorted(set(factors.values())):
        names = [name for name, own in factors.items() if own == factor]
        said = ", ".join(names) if len(names) <= MAX_NAMES else f"{len(names)} tensors, see below"
        lines.append(rf"{latex_number(factor)} & \text{{{_text(said)}}}")
    lines.append(r"1 & \text{other tensors}")
    meaning = "The factor of the tensor that w is in; 0 exempts it."
    return Row(r"c = \begin{cases} " + r" \\ ".join(lines) + r" \end{cases}", meaning, whole_penalty=True)


def _gradient(spec: RunSpec, *, coupled: bool) -> Row:
    of = f"The gradient of the batch's data loss L: the mean cross-entropy of {spec.train.batch_size} images"
    if not coupled:
        return Row(r"g = \nabla L(w)", f"{of}.")
    sign = "".join(f" {term.formulas.gradient_note}" for term, _ in _terms(spec.penalty) if term.formulas.gradient_note)
    pull = _coloured(f"+ {_pull(spec.penalty)}")
    return Row(rf"g = \nabla L(w) {pull}", f"{of}. The penalty's gradient joins it.{sign}")


def _decay(spec: RunSpec) -> Row:
    penalty = spec.penalty
    if _terms(penalty) != [(PENALTIES.get("l2"), penalty.l2)]:
        notes = [term.formulas.gradient_note for term, _ in _terms(penalty) if term.formulas.gradient_note]
        meaning = " ".join(["The penalty's own step, beside the gradient.", *notes])
        return Row(_coloured(rf"w \leftarrow w - \eta\,({_pull(penalty)})"), meaning, whole_penalty=True)
    share = f"at η = {exact(spec.optim.lr)} it takes {short(100 * spec.optim.lr * penalty.l2, 3)}{PERCENT} off"
    each = " where c is 1" if penalty.factors else ""
    latex = rf"w \leftarrow (1 - \eta \cdot {latex_number(penalty.l2)}{_c(penalty)})\,w"
    return Row(_coloured(latex), f"The decay, beside the gradient: {share} each weight{each}.", whole_penalty=True)


def _moments(optim: OptimSpec, *, coupled: bool) -> list[Row]:
    if optim.name == "sgd":
        gathers = " It gathers the penalty's pull as well." if coupled else ""
        words = f"Momentum, from v = 0: the first step has v = g.{gathers}"
        return [Row(rf"v \leftarrow {_base(optim.momentum)}\,v + g", words)] if optim.momentum else []
    rescaled = " λ is in it, so the pull is rescaled with the gradient." if coupled else ""
    return [
        Row(r"m \leftarrow 0.9\,m + 0.1\,g", "The running mean of g, from m = 0."),
        Row(r"v \leftarrow 0.999\,v + 0.001\,g^2", f"The running mean of g², from v = 0.{rescaled}"),
    ]


def _step(optim: OptimSpec) -> Row:
    if optim.name != "sgd":
        mean, root = r"m / (1 - 0.9^t)", r"\sqrt{v / (1 - 0.999^t)} + 10^{-8}"
        words = "The step, number t: the divisions by 1 − 0.9ᵗ and 1 − 0.999ᵗ make up for the start at 0."
        return Row(rf"w \leftarrow w - \eta \cdot \dfrac{{{mean}}}{{{root}}}", words)
    if optim.momentum and optim.nesterov:
        ahead = "The step, looking ahead along the momentum (Nesterov, as PyTorch has it)."
        return Row(rf"w \leftarrow w - \eta\,(g + {_base(optim.momentum)}\,v)", ahead)
    return Row(rf"w \leftarrow w - \eta\,{'v' if optim.momentum else 'g'}", "The step.")


def _proximal(spec: RunSpec) -> list[Row]:
    """prox of η(λ₁|w| + (λ₂/2)w²): the soft threshold, then the division."""
    penalty, rows = spec.penalty, []
    each = " times c" if penalty.factors else ""
    if penalty.l1:
        reach = rf"\eta \cdot {latex_number(penalty.l1)}{_c(penalty)}"
        near = f"{short(spec.optim.lr * penalty.l1, 3)}{each}"
        words = f"The penalty's exact proximal map: weights within ηλ₁ of 0 ({near}, in epoch 1) become exactly 0."
        soft = rf"w \leftarrow \mathrm{{sign}}(w)\,\max(|w| - {reach},\,0)"
        rows.append(Row(_coloured(soft), words, whole_penalty=True))
    if own := penalty.strengths.get("group"):
        group = PENALTIES.get("group").formulas
        reach = rf"\eta \cdot {latex_number(own)}{_c(penalty)}"
        rows.append(Row(_coloured(group.proximal(reach)), group.proximal_note, whole_penalty=True))
    if penalty.l2:
        words = "and for L2 a division, which never overshoots." if rows else "The penalty's exact proximal map."
        shrunk = rf"w \leftarrow \dfrac{{w}}{{1 + \eta \cdot {latex_number(penalty.l2)}{_c(penalty)}}}"
        rows.append(Row(_coloured(shrunk), words[0].upper() + words[1:], whole_penalty=True))
    return rows


def _pull(penalty: PenaltySpec) -> str:
    """The penalty's gradient λ₁ c sign(w) + λ₂ c w."""
    return " + ".join(term.formulas.gradient(f"{latex_number(own)}{_c(penalty)}") for term, own in _terms(penalty))


def _terms(penalty: PenaltySpec) -> list[tuple[Term, float]]:
    """The terms with λ > 0, L1 first."""
    return [(PENALTIES.get(key), strength) for key, strength in penalty.strengths.items() if strength]


def _c(penalty: PenaltySpec) -> str:
    return r"\,c" if penalty.factors else ""


def _base(value: float) -> str:
    """A number that something follows closely: in brackets where it is itself a power."""
    text = latex_number(value)
    return f"({text})" if "^" in text else text


def _coloured(latex: str) -> str:
    return rf"\textcolor{{{COLOUR}}}{{{latex}}}"


def _text(words: str) -> str:
    """``words`` within ``\\text{}``."""
    return "".join(rf"\{sign}" if sign in "_&%#${}" else sign for sign in words)
