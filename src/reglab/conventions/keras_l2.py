"""keras.regularizers.L2(l): l·Σw², without ½."""

from reglab.conventions.convention import Convention
from reglab.conventions.forms import direct

ENTRY = Convention(
    name="keras-l2",
    label="Keras L2",
    order=30,
    formula=r"l \sum w^2",
    plain="l·Σw², without ½",
    tensors="the tensors where it is set: kernel, bias, gamma, beta apart",
    reach="chosen",
    conversion=direct(l2="l2", half=False),
    code="keras.regularizers.L2({l2})",
    source="Read in Keras 3.15 (keras/src/regularizers/regularizers.py); executed by RegLab's tests.",
    help="A term in the loss: Keras's loss and val_loss include it.",
)
