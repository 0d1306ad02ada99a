"""sklearn.linear_model.LogisticRegression(C, ρ): mean CE + (1/(Cn))[(1 − ρ)½‖w‖² + ρ‖w‖₁]."""

from __future__ import annotations

from reglab.conventions.convention import Condition, Convention, Parameter
from reglab.conventions.forms import inverse

ENTRY = Convention(
    name="sklearn-logistic", label="scikit-learn LogisticRegression", order=63,
    formula=r"\overline{\mathrm{CE}} + \frac{1}{Cn} \left( \frac{1 - \rho}{2} \|w\|^2 + \rho \|w\|_1 \right)",
    plain="mean CE + (1/(C·n))·[(1 − ρ)/2·‖w‖² + ρ·‖w‖₁]",
    tensors="the coefficients, not the intercept", reach="weights",
    parameters=(Parameter("C", inverse=True), Parameter("l1_ratio", default=0.0, most=1.0)),
    conversion=inverse("C", "l1_ratio", "C weighs the sum of the losses over all of them"),
    code="sklearn.linear_model.LogisticRegression(C={C}, l1_ratio={l1_ratio}{solver})",
    source="Read in scikit-learn 1.9 (linear_model/_logistic.py); its optimum executed by RegLab's tests.",
    help="C is an inverse strength: a larger C is a weaker penalty. Its default 1 is λ₂ = 1/n.",
    data_loss="mean cross-entropy",
    conditions=(Condition("there are {n} training examples"),),
)  # fmt: skip
