"""The calculator's formulas with the numbers filled in: LaTeX and plain text, no Streamlit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction

from reglab.lessons.objective import (
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

_TERMS = 6  # a longer sum is shortened in the middle

NOTES: Mapping[str, str] = {
    "half": "PyTorch's `weight_decay`, this dashboard's λ₂: the ½ makes the gradient λw.",
    "full": "Keras's `l2(λ)`: twice the penalty and twice the gradient for the same λ.",
    "l1": "This dashboard's λ₁: the push is ±λ, however small the weight.",
}
"""Convention → who writes it so, and what follows."""

HEADS: Mapping[str, str] = {"half": "λw", "full": "2λw", "l1": "λ·sign(w)"}
"""Convention → its gradient, as a table's head."""


def sums(given: Objective) -> str:
    """Σw² and Σ|w| with the weights filled in."""
    squares, magnitudes = sum_of_squares(given.weights), sum_of_magnitudes(given.weights)
    lines = [
        rf"\sum w^2 &= {_sum(given, lambda w: f'{_bracket(w)}^2')} {relation(squares)} {digits(squares)}",
        rf"\sum |w| &= {_sum(given, lambda w: digits(abs(w)))} {relation(magnitudes)} {digits(magnitudes)}",
    ]
    return r"\begin{aligned} " + r" \\ ".join(lines) + r" \end{aligned}"


def filled(given: Objective, convention: Convention) -> str:
    """P and J = data loss + P with the numbers filled in."""
    lam, penalty, total = digits(given.strength), given.penalty(convention), given.total(convention)
    size = sum_of_magnitudes(given.weights) if convention.key == "l1" else sum_of_squares(given.weights)
    factor = rf"\tfrac{{{lam}}}{{2}}" if convention.key == "half" else lam
    lines = [
        rf"P &= {factor} \cdot {digits(size)} {_is(penalty)}",
        rf"J &= {digits(given.data)} + {result(penalty)} {_is(total)}",
    ]
    return r"\begin{aligned} " + r" \\ ".join(lines) + r" \end{aligned}"


def gradients(given: Objective, convention: Convention) -> list[str]:
    """For each weight, its product: ``0.1 · 4 = 0.4``."""
    lam = digits(given.strength)
    product = {"half": f"{lam} · {{w}}", "full": f"2 · {lam} · {{w}}", "l1": f"{lam} · {{sign}}"}[convention.key]
    values = given.gradient(convention)
    return [
        typeset(f"{product.format(w=_bracket(w), sign=_bracket(Fraction(sign(w))))} {_equals(value)} {result(value)}")
        for w, value in zip(given.weights, values, strict=True)
    ]


def _sum(given: Objective, term: Callable[[Fraction], str]) -> str:
    terms = [term(w) for w in given.weights]
    if len(terms) > _TERMS:
        terms = [*terms[: _TERMS - 2], r"\dots", terms[-1]]
    return " + ".join(terms)


def _is(value: Fraction) -> str:
    return f"{relation(value)} {result(value)}"


def _equals(value: Fraction) -> str:
    return "=" if relation(value) == "=" else "≈"


def _bracket(w: Fraction) -> str:
    return f"({digits(w)})" if w < 0 else digits(w)
