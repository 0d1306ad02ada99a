"""RegLab's ``apply: decoupled``: w ← w − lr·λ₂·w beside the step."""

from reglab.conventions.convention import Convention
from reglab.conventions.forms import direct

ENTRY = Convention(
    name="reglab-decoupled",
    label="RegLab, decoupled",
    order=11,
    formula=r"w \leftarrow w - \eta\,\lambda_2\,w",
    plain="w ← w − lr·λ₂·w, beside the step",
    tensors="the penalised parameters: conv and dense weights unless you choose others",
    reach="scope",
    conversion=direct(decay="l2"),
    code="penalty: {{l2: {l2}, apply: decoupled}}",
    source="RegLab's own definition, after Loshchilov and Hutter, 2019; executed by RegLab's tests.",
    help="Weights shrink beside the gradient step, with any of RegLab's optimizers.",
    in_loss=False,
)
