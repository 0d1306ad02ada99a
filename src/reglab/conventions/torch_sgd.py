"""torch.optim.SGD(weight_decay=λ): g ← g + λw, the gradient of (λ/2)Σw²."""

from reglab.conventions.convention import Convention
from reglab.conventions.forms import direct

ENTRY = Convention(
    name="torch-sgd",
    label="PyTorch SGD",
    order=20,
    formula=r"\frac{\lambda}{2} \sum w^2 \quad (g \leftarrow g + \lambda w)",
    plain="(λ/2)·Σw², as g ← g + λ·w",
    tensors="every tensor of the parameter group, biases and batch norms too",
    reach="all",
    conversion=direct(l2="weight_decay"),
    code="torch.optim.SGD(model.parameters(), {sgd}, weight_decay={weight_decay})",
    source="Read in torch 2.13 (torch/optim/sgd.py); executed by RegLab's tests.",
    help="Coupled: it joins the gradient, so it passes through the momentum. It is not in the printed loss.",
    in_loss=False,
    family="sgd",
)
