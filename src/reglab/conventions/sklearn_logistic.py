"""sklearn.linear_model.LogisticRegression(C, ρ): mean CE + (1/(Cn))[(1 − ρ)½‖w‖² + ρ‖w‖₁]."""

from __future__ import annotations

import math

from reglab.conventions.context import Context
from reglab.conventions.convention import Condition, Convention, Conversion, Parameter, Values
from reglab.conventions.forms import share_of
from reglab.conventions.meaning import Meaning


def _read(values: Values, context: Context) -> Meaning:
    """λ₁ = ρ/(C·n) and λ₂ = (1 − ρ)/(C·n)."""
    total = 1 / values["C"] / context.number("n")
    return Meaning(l1=total * values["l1_ratio"], l2=total * (1 - values["l1_ratio"]))


def _write(meaning: Meaning, context: Context) -> dict[str, float]:
    """C = 1/(n·(λ₁ + λ₂)), ∞ for no penalty."""
    total = (meaning.l1 + meaning.l2) * context.number("n")
    return {"C": 1 / total if total else math.inf, "l1_ratio": share_of(meaning)}


ENTRY = Convention(
    name="sklearn-logistic",
    label="scikit-learn LogisticRegression",
    order=63,
    formula=r"\overline{\mathrm{CE}} + \frac{1}{Cn} \left( \frac{1 - \rho}{2} \|w\|^2 + \rho \|w\|_1 \right)",
    plain="mean CE + (1/(C·n))·[(1 − ρ)/2·‖w‖² + ρ·‖w‖₁]",
    tensors="the coefficients, not the intercept",
    reach="weights",
    conversion=Conversion(
        parameters=(Parameter("C", inverse=True), Parameter("l1_ratio", default=0.0, most=1.0)),
        parts=frozenset({"l1", "l2"}),
        read=_read,
        write=_write,
        reading=(
            "λ₁ = ρ/(C·n) = {l1_ratio}/({C}·{n}) = {L1}",
            "λ₂ = (1 − ρ)/(C·n) = (1 − {l1_ratio})/({C}·{n}) = {L2}",
        ),
        writing=("C = 1/(n·(λ₁ + λ₂)) = 1/({n}·({L1} + {L2})) = {C}", "l1_ratio = λ₁/(λ₁ + λ₂) = {l1_ratio}"),
        needs={"n": "C weighs the sum of the losses over all of them"},
    ),
    code="sklearn.linear_model.LogisticRegression(C={C}, l1_ratio={l1_ratio}{solver})",
    source="Read in scikit-learn 1.9 (linear_model/_logistic.py); its optimum executed by RegLab's tests.",
    help="C is an inverse strength: a larger C is a weaker penalty. Its default 1 is λ₂ = 1/n.",
    data_loss="mean cross-entropy",
    conditions=(Condition("there are {n} training examples"),),
)
