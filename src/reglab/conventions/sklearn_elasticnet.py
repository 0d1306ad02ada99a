"""sklearn.linear_model.ElasticNet(α, ρ): RSS/(2n) + αρ‖w‖₁ + α(1 − ρ)/2·‖w‖²."""

from reglab.conventions.convention import Convention
from reglab.conventions.forms import mixture

ENTRY = Convention(
    name="sklearn-elasticnet",
    label="scikit-learn ElasticNet",
    order=62,
    formula=r"\frac{1}{2n} \|y - Xw\|^2 + \alpha\rho \|w\|_1 + \frac{\alpha(1 - \rho)}{2} \|w\|^2",
    plain="RSS/(2n) + α·ρ·‖w‖₁ + α·(1 − ρ)/2·‖w‖²",
    tensors="the coefficients, not the intercept",
    reach="weights",
    conversion=mixture("alpha", "l1_ratio", 0.5, ("α", "ρ")),
    code="sklearn.linear_model.ElasticNet(alpha={alpha}, l1_ratio={l1_ratio})",
    source="Documentation of scikit-learn 1.9; its optimum executed by RegLab's tests.",
    help="α is the strength, ρ = l1_ratio the share of L1; no n, unlike Ridge.",
    data_loss="½·mean square error",
)
