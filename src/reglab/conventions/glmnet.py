"""glmnet in R (λ, α): RSS/(2n) + λ[(1 − α)/2·‖β‖² + α‖β‖₁], with x standardised."""

from reglab.conventions.convention import Condition, Convention
from reglab.conventions.forms import mixture

ENTRY = Convention(
    name="glmnet",
    label="glmnet in R",
    order=70,
    formula=r"\frac{1}{2n} \|y - X\beta\|^2 + \lambda \left( \frac{1 - \alpha}{2} \|\beta\|^2 + \alpha \|\beta\|_1"
    r" \right)",
    plain="RSS/(2n) + λ·[(1 − α)/2·‖β‖² + α·‖β‖₁], x standardised",
    tensors="the coefficients of standardised x, not the intercept",
    reach="weights",
    conversion=mixture("lambda", "alpha", 1.0, ("λ", "α")),
    code="glmnet(x, y, lambda = {lambda}, alpha = {alpha})",
    source="Documentation of glmnet 4 (Friedman, Hastie and Tibshirani, 2010); checked in NumPy by RegLab's tests.",
    help="Here α is the share of L1, and λ the strength.",
    data_loss="½·mean square error",
    conditions=(
        Condition("every column of x has variance 1 (with 1/n)"),
        Condition("y has standard deviation 1 (with 1/n)", frozenset({"l2"})),
    ),
    notes=(
        "glmnet scales every column of x to variance 1 (with 1/n): the λ holds for weights on such columns.",
        "glmnet also scales y, so its L2 part counts λ·(1 − α)/sd(y): give it a y with standard deviation 1.",
    ),
)
