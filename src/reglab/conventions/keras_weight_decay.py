"""``weight_decay`` of any Keras optimizer: w ← w − w·λ·lr before the step, decoupled even for SGD."""

from __future__ import annotations

from reglab.conventions.convention import Convention
from reglab.conventions.forms import one, same

ENTRY = Convention(
    name="keras-weight-decay", label="Keras optimizer weight_decay", order=34,
    formula=r"w \leftarrow w - \eta\,\lambda\,w", plain="w ← w − lr·λ·w, before the step",
    tensors="all trainable variables that are not excluded", reach="all",
    parameters=one("weight_decay"), conversion=same("weight_decay", "decay"),
    code="keras.optimizers.{keras_optimizer}({keras_lr}, weight_decay={weight_decay})",
    source="Read in Keras 3.15 (keras/src/optimizers/base_optimizer.py); executed by RegLab's tests.",
    help="Decoupled for every optimizer, SGD included, and times the scheduled lr.", in_loss=False,
)  # fmt: skip
