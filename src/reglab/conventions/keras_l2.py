"""keras.regularizers.L2(l): l·Σw², without ½."""

from __future__ import annotations

from reglab.conventions.convention import Convention
from reglab.conventions.forms import one, scaled

ENTRY = Convention(
    name="keras-l2", label="Keras L2", order=30,
    formula=r"l \sum w^2", plain="l·Σw², without ½",
    tensors="the tensors where it is set: kernel, bias, gamma, beta apart", reach="chosen",
    parameters=one("l2"),
    conversion=scaled("l2", "l2", lambda c: 2.0, ("λ₂ = 2·l2 = 2·{l2} = {L2}",), ("l2 = λ₂/2 = {L2}/2 = {l2}",)),
    code="keras.regularizers.L2({l2})",
    source="Read in Keras 3.15 (keras/src/regularizers/regularizers.py); executed by RegLab's tests.",
    help="A term in the loss: Keras's loss and val_loss include it.",
)  # fmt: skip
