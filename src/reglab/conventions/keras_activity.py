"""Keras's ``activity_regularizer``: the same sums over a layer's outputs, divided by the batch size."""

from reglab.conventions.convention import Convention, Conversion, Parameter
from reglab.conventions.meaning import Meaning

ENTRY = Convention(
    name="keras-activity",
    label="Keras activity_regularizer",
    order=33,
    formula=r"\frac{1}{B} \left( l_1 \sum |a| + l_2 \sum a^2 \right)",
    plain="(l1·Σ|a| + l2·Σa²) / batch size, over outputs a",
    tensors="outputs of the layer, no weights",
    reach="chosen",
    conversion=Conversion(
        parameters=(Parameter("l1", default=0.0), Parameter("l2", default=0.0)),
        parts=frozenset({"outputs"}),
        read=lambda values, c: Meaning(outputs=values["l1"] + values["l2"]),
        write=lambda meaning, c: {"l1": 0.0, "l2": 0.0},
    ),
    code="activity_regularizer=keras.regularizers.L1L2(l1={l1}, l2={l2})",
    source="Read in Keras 3.15 (keras/src/layers/layer.py); executed by RegLab's tests.",
    help="It penalises a layer's outputs, not its weights.",
)
