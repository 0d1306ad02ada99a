"""sklearn.linear_model.Lasso(α): RSS/(2n) + α‖w‖₁."""

from reglab.conventions.convention import Convention
from reglab.conventions.forms import direct

ENTRY = Convention(
    name="sklearn-lasso",
    label="scikit-learn Lasso",
    order=61,
    formula=r"\frac{1}{2n} \|y - Xw\|^2 + \alpha \|w\|_1",
    plain="RSS/(2n) + α·‖w‖₁",
    tensors="the coefficients, not the intercept",
    reach="weights",
    conversion=direct(l1="alpha"),
    code="sklearn.linear_model.Lasso(alpha={alpha})",
    source="Documentation of scikit-learn 1.9; its optimum executed by RegLab's tests.",
    help="Coordinate descent, which reaches exact zeros.",
    data_loss="½·mean square error",
)
