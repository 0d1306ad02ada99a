"""torch.optim.Adam, RMSprop, Adagrad (weight_decay=λ): g ← g + λw before the moments."""

from reglab.conventions.convention import Convention
from reglab.conventions.forms import direct

ENTRY = Convention(
    name="torch-adam",
    label="PyTorch Adam, RMSprop, Adagrad",
    order=21,
    formula=r"\frac{\lambda}{2} \sum w^2 \quad (g \leftarrow g + \lambda w \text{ before the moments})",
    plain="(λ/2)·Σw², as g ← g + λ·w before the moments",
    tensors="every tensor of the parameter group, biases and batch norms too",
    reach="all",
    conversion=direct(l2="weight_decay"),
    code="torch.optim.Adam(model.parameters(), {adam}, weight_decay={weight_decay})",
    source="Read in torch 2.13 (torch/optim/adam.py, rmsprop.py, adagrad.py); executed by RegLab's tests.",
    help="Coupled: L2 as an objective, rescaled by 1/√v on its way to the weights. It is not a decay.",
    in_loss=False,
    family="adaptive",
)
