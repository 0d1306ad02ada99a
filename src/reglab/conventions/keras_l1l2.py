"""keras.regularizers.L1L2(l1, l2): l1·Σ|w| + l2·Σw², without ½."""

from reglab.conventions.convention import Convention
from reglab.conventions.forms import direct

ENTRY = Convention(
    name="keras-l1l2",
    label="Keras L1L2",
    order=32,
    formula=r"l_1 \sum |w| + l_2 \sum w^2",
    plain="l1·Σ|w| + l2·Σw², without ½",
    tensors="the tensors where it is set: kernel, bias, gamma, beta apart",
    reach="chosen",
    conversion=direct(l1="l1", l2="l2", half=False),
    code="keras.regularizers.L1L2(l1={l1}, l2={l2})",
    source="Read in Keras 3.15 (keras/src/regularizers/regularizers.py); executed by RegLab's tests.",
    help="A term in the loss: Keras's loss and val_loss include it.",
)
