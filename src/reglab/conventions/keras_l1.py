"""keras.regularizers.L1(l): l·Σ|w|."""

from reglab.conventions.convention import Convention
from reglab.conventions.forms import direct

ENTRY = Convention(
    name="keras-l1",
    label="Keras L1",
    order=31,
    formula=r"l \sum |w|",
    plain="l·Σ|w|",
    tensors="the tensors where it is set: kernel, bias, gamma, beta apart",
    reach="chosen",
    conversion=direct(l1="l1"),
    code="keras.regularizers.L1({l1})",
    source="Read in Keras 3.15 (keras/src/regularizers/regularizers.py); executed by RegLab's tests.",
    help="A term in the loss: Keras's loss and val_loss include it.",
)
