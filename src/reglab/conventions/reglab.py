"""RegLab's own λ: J = mean data loss + λ₁Σ|w| + (λ₂/2)Σw²."""

from reglab.conventions.convention import Convention
from reglab.conventions.forms import direct

ENTRY = Convention(
    name="reglab",
    label="RegLab",
    order=10,
    formula=r"\lambda_1 \sum |w| + \frac{\lambda_2}{2} \sum w^2",
    plain="λ₁·Σ|w| + (λ₂/2)·Σw²",
    tensors="the penalised parameters: conv and dense weights unless you choose others",
    reach="scope",
    conversion=direct(l1="l1", l2="l2"),
    code="penalty: {{l1: {l1}, l2: {l2}, apply: coupled}}",
    source="RegLab's own definition; executed by RegLab's tests.",
    help="What RegLab minimises with apply coupled, and with proximal steps too.",
)
