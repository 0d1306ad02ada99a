"""RegLab's own λ: J = mean data loss + λ₁Σ|w| + (λ₂/2)Σw²."""

from __future__ import annotations

from reglab.conventions.convention import Convention, Parameter
from reglab.conventions.forms import pair

ENTRY = Convention(
    name="reglab", label="RegLab", order=10,
    formula=r"\lambda_1 \sum |w| + \frac{\lambda_2}{2} \sum w^2", plain="λ₁·Σ|w| + (λ₂/2)·Σw²",
    tensors="the scope: kernels unless you say otherwise", reach="kernels",
    parameters=(Parameter("l1", default=0.0), Parameter("l2", default=0.0)), conversion=pair("l1", "l2"),
    code="penalty: {{l1: {l1}, l2: {l2}, apply: coupled}}",
    source="RegLab's own definition; executed by RegLab's tests.",
    help="What RegLab minimises with apply coupled, and with proximal steps too.",
)  # fmt: skip
