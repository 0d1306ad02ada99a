"""``weight_decay`` of any Keras optimizer: w ← w − w·λ·lr before the step, decoupled even for SGD."""

from reglab.conventions.convention import Convention
from reglab.conventions.forms import direct

ENTRY = Convention(
    name="keras-weight-decay",
    label="Keras optimizer weight_decay",
    order=34,
    formula=r"w \leftarrow w - \eta\,\lambda\,w",
    plain="w ← w − lr·λ·w, before the step",
    tensors="all trainable variables that are not excluded",
    reach="all",
    conversion=direct(decay="weight_decay"),
    code="keras.optimizers.{keras_optimizer}({keras_lr}, weight_decay={weight_decay})",
    source="Read in Keras 3.15 (keras/src/optimizers/base_optimizer.py); executed by RegLab's tests.",
    help="Decoupled for every optimizer, SGD included, and times the scheduled lr.",
    in_loss=False,
)
