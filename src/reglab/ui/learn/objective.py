"""The objective calculator: sums, penalties, totals and gradients of typed weights, digit by digit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction

import pandas as pd
import streamlit as st

from reglab.charts.loss_split import objective_split_chart
from reglab.errors import RegLabError
from reglab.lessons.checks import BadInput, exact, read_weights
from reglab.lessons.objective import (
    CONVENTIONS,
    Convention,
    Objective,
    digits,
    relation,
    result,
    sign,
    sum_of_magnitudes,
    sum_of_squares,
)
from reglab.number_format import typeset
from reglab.ui.learn.sections import Example, defaults, examples, number
from reglab.ui.shared.live_chart import live_chart
from reglab.ui.shared.text import literal

WEIGHTS, DATA, STRENGTH = "objective_weights", "objective_data", "objective_lambda"
FIRST = {WEIGHTS: "1, 2, 3, 4", DATA: "0.5", STRENGTH: "0.1"}
EXAMPLES = (
    Example("Four weights", "The penalty is 1.5 as (λ/2)Σw², 3.0 as λΣw².", FIRST),
    Example(
        "One large weight", "L2 is far larger for one 4 than for four 1s; L1 is the same.", {WEIGHTS: "4, 0, 0, 0"}
    ),
    Example("Spread out", "Σ|w| is still 4, but Σw² falls from 16 to 4.", {WEIGHTS: "1, 1, 1, 1"}),
)
NOTES: Mapping[str, str] = {
    "half": "PyTorch's `weight_decay` and RegLab's λ₂: the ½ makes the gradient λw.",
    "full": "Keras's `l2(λ)`: twice the penalty and twice the gradient for the same λ.",
    "l1": "RegLab's λ₁: the gradient is ±λ, however small the weight.",
}
HEADS: Mapping[str, str] = {"half": "λw", "full": "2λw", "l1": "λ·sign(w)"}
"""Convention → its gradient, as the head of a column."""

_TERMS = 6  # a longer sum is shortened in the middle


def objective() -> None:
    """Draw the section."""
    st.markdown(
        "Training minimises **data loss + penalty**; λ sets the strength of the penalty. L2 is written as (λ/2)Σw² or "
        "as λΣw², so the same λ can mean two strengths: **check which one is meant.**"
    )
    defaults(FIRST)
    examples("objective", EXAMPLES)
    try:
        _results(_inputs())
    except RegLabError as error:
        st.error(literal(str(error)), icon=":material/error:")


def _inputs() -> Objective:
    typed, data, strength = st.columns([2, 1, 1], gap="small")
    about = "At most 50 numbers, separated by commas; with spaces or semicolons, decimal commas are allowed."
    weights = typed.text_input("Weights", key=WEIGHTS, persist_state="session", help=about)
    loss = number("Data loss", DATA, "The loss on the data, without any penalty.", data)
    lam = number("λ", STRENGTH, "The strength of the penalty; 0 switches it off.", strength)
    return Objective(read_weights(weights or ""), _typed(loss, "The data loss"), _typed(lam, "λ"))


def _typed(text: str, name: str) -> Fraction:
    if not text.strip():
        raise BadInput(f"{name} is empty; type a number, for example 0.1.")
    return exact(text, name)


def _results(given: Objective) -> None:
    st.latex(sums(given))
    for column, convention in zip(st.columns(len(CONVENTIONS), gap="small"), CONVENTIONS, strict=True):
        with column, st.container(border=True, height="stretch"):
            _card(given, convention)
    left, right = st.columns(2, gap="medium")
    with left:
        live_chart(objective_split_chart(_split(given)), key="objective_split", height=300)
    with right:
        st.markdown(
            "**The gradient of the penalty**, for each weight. It is added to the data gradient, and the step goes in "
            "the opposite direction: the penalty moves every weight towards 0."
        )
        table = {HEADS[c.key]: gradients(given, c) for c in CONVENTIONS}
        st.dataframe(pd.DataFrame({"w": [digits(w) for w in given.weights], **table}), hide_index=True)


def _card(given: Objective, convention: Convention) -> None:
    """The formula with the numbers filled in, the penalty and the total."""
    st.markdown(f"**{convention.name}**  \n$P = {convention.formula}$")
    penalty, total = st.columns(2)
    penalty.metric("Penalty", result(given.penalty(convention)))
    total.metric("Total", result(given.total(convention)), help="Data loss + penalty: what training minimises.")
    st.latex(filled(given, convention))
    st.caption(NOTES[convention.key])


def _split(given: Objective) -> pd.DataFrame:
    """A row for each convention: convention, data, penalty, total, text."""
    totals = {c: given.total(c) for c in CONVENTIONS}
    rows = [(c.name, float(given.data), float(given.penalty(c)), float(t), result(t)) for c, t in totals.items()]
    return pd.DataFrame(rows, columns=["convention", "data", "penalty", "total", "text"])


# Formulas with the numbers filled in


def sums(given: Objective) -> str:
    """Σw² and Σ|w|, in LaTeX."""
    squares, magnitudes = sum_of_squares(given.weights), sum_of_magnitudes(given.weights)
    return _aligned(
        rf"\sum w^2 &= {_sum(given, lambda w: f'{_bracket(w)}^2')} {relation(squares)} {digits(squares)}",
        rf"\sum |w| &= {_sum(given, lambda w: digits(abs(w)))} {relation(magnitudes)} {digits(magnitudes)}",
    )


def filled(given: Objective, convention: Convention) -> str:
    """P and J = data loss + P, in LaTeX."""
    lam, penalty, total = digits(given.strength), given.penalty(convention), given.total(convention)
    size = sum_of_magnitudes(given.weights) if convention.key == "l1" else sum_of_squares(given.weights)
    factor = rf"\tfrac{{{lam}}}{{2}}" if convention.key == "half" else lam
    return _aligned(
        rf"P &= {factor} \cdot {digits(size)} {relation(penalty)} {result(penalty)}",
        rf"J &= {digits(given.data)} + {result(penalty)} {relation(total)} {result(total)}",
    )


def gradients(given: Objective, convention: Convention) -> list[str]:
    """The product for each weight: ``0.1 · 4 = 0.4``."""
    lam = digits(given.strength)
    product = {"half": f"{lam} · {{w}}", "full": f"2 · {lam} · {{w}}", "l1": f"{lam} · {{sign}}"}[convention.key]
    found = []
    for w, value in zip(given.weights, given.gradient(convention), strict=True):
        equals = "=" if relation(value) == "=" else "≈"
        terms = product.format(w=_bracket(w), sign=_bracket(Fraction(sign(w))))
        found.append(typeset(f"{terms} {equals} {result(value)}"))
    return found


def _aligned(*lines: str) -> str:
    return r"\begin{aligned} " + r" \\ ".join(lines) + r" \end{aligned}"


def _sum(given: Objective, term: Callable[[Fraction], str]) -> str:
    terms = [term(w) for w in given.weights]
    if len(terms) > _TERMS:
        terms = [*terms[: _TERMS - 2], r"\dots", terms[-1]]
    return " + ".join(terms)


def _bracket(w: Fraction) -> str:
    return f"({digits(w)})" if w < 0 else digits(w)
