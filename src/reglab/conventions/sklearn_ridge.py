"""sklearn.linear_model.Ridge(α): ‖y − Xw‖² + α‖w‖², sums without ½ or n."""

from reglab.conventions.convention import Condition, Convention
from reglab.conventions.forms import divided

ENTRY = Convention(
    name="sklearn-ridge",
    label="scikit-learn Ridge",
    order=60,
    formula=r"\|y - Xw\|^2 + \alpha \|w\|^2",
    plain="‖y − Xw‖² + α·‖w‖², sums without ½ or n",
    tensors="the coefficients, not the intercept",
    reach="weights",
    conversion=divided("alpha", "l2", "n", "scikit-learn's Ridge adds up the squared errors instead of averaging them"),
    code="sklearn.linear_model.Ridge(alpha={alpha})",
    source="Documentation of scikit-learn 1.9; its optimum executed by RegLab's tests.",
    help="Dividing by 2n gives ½·mean square error + (α/n)·½‖w‖².",
    data_loss="½·mean square error",
    conditions=(Condition("there are {n} training examples"),),
)
