"""RegLab's ``apply: decoupled``: w ← w − lr·λ₂·w beside the step."""

from __future__ import annotations

from reglab.conventions.convention import Convention
from reglab.conventions.forms import one, same

ENTRY = Convention(
    name="reglab-decoupled", label="RegLab, decoupled", order=11,
    formula=r"w \leftarrow w - \eta\,\lambda_2\,w", plain="w ← w − lr·λ₂·w, beside the step",
    tensors="the scope: kernels unless you say otherwise", reach="kernels",
    parameters=one("l2"), conversion=same("l2", "decay"),
    code="penalty: {{l2: {l2}, apply: decoupled}}",
    source="RegLab's own definition, after Loshchilov and Hutter, 2019; executed by RegLab's tests.",
    help="Weights shrink beside the gradient step, with any of RegLab's optimizers.", in_loss=False,
)  # fmt: skip
