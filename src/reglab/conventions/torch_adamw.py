"""torch.optim.AdamW(weight_decay=λ): w ← (1 − lr·λ)w, then Adam's step."""

from reglab.conventions.convention import Convention
from reglab.conventions.forms import direct

ENTRY = Convention(
    name="torch-adamw",
    label="PyTorch AdamW",
    order=22,
    formula=r"w \leftarrow (1 - \eta\lambda)\,w",
    plain="w ← (1 − lr·λ)·w, then Adam's step",
    tensors="every tensor of the parameter group, biases and batch norms too",
    reach="all",
    conversion=direct(decay="weight_decay"),
    code="torch.optim.AdamW(model.parameters(), {adam}, weight_decay={weight_decay})",
    source="Read in torch 2.13 (torch/optim/adamw.py); executed by RegLab's tests.",
    help="Decoupled, times the scheduled lr; its default is 0.01, not 0.",
    in_loss=False,
    family="adaptive",
)
