"""One optimizer step of a spec, exactly: rows of LaTeX with this spec's numbers, each with what it means.

Read from top to bottom, the rows are the step that :mod:`reglab.training` takes: tests run the LaTeX itself against
it. What λ adds is coloured; tensors that are not penalised take the same step without it. Pure text: no Streamlit,
no torch.

L is the mean cross-entropy of one batch, t counts steps and e epochs from 1, c is a tensor's factor of λ.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from reglab.number_format import PERCENT, exact, latex_number, short
from reglab.optimizers import OPTIMIZERS
from reglab.optimizers.schedule import learning_rate_line
from reglab.penalties import PENALTIES, Term
from reglab.spec import PenaltySpec, RunSpec
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
    return tuple(rows)


def where(spec: RunSpec) -> str:
    """For which tensors the coloured parts hold, in one sentence or two."""
    if not penalised(spec.penalty):
        return "Every λ is 0: every tensor takes this step."
    notes = "".join(f" {term.symbol}: {term.formulas.note}." for term, _ in _terms(spec.penalty) if term.formulas.note)
    if spec.penalty.scope == "all":
        return f"In colour: what λ adds. It holds for every parameter.{notes}"
    what, others = {
        "weights": ("kernels, the weights of convolutions and dense layers", "Biases and norms"),
        "weights+biases": ("kernels and their biases", "Norms' scales and shifts"),
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
    of = f"The gradient of the batch's data loss L: the mean cross-entropy of {spec.train.batch_size} images"
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
