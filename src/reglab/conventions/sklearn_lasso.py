"""sklearn.linear_model.Lasso(α): RSS/(2n) + α‖w‖₁."""

from __future__ import annotations

from reglab.conventions.convention import Convention
from reglab.conventions.forms import one, same

ENTRY = Convention(
    name="sklearn-lasso", label="scikit-learn Lasso", order=61,
    formula=r"\frac{1}{2n} \|y - Xw\|^2 + \alpha \|w\|_1", plain="RSS/(2n) + α·‖w‖₁",
    tensors="the coefficients, not the intercept", reach="weights",
    parameters=one("alpha"), conversion=same("alpha", "l1"),
    code="sklearn.linear_model.Lasso(alpha={alpha})",
    source="Documentation of scikit-learn 1.9; its optimum executed by RegLab's tests.",
    help="Coordinate descent, which reaches exact zeros.", data_loss="½·mean square error",
)  # fmt: skip
