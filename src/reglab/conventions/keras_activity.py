"""Keras's ``activity_regularizer``: the same sums over a layer's outputs, divided by the batch size."""

from __future__ import annotations

from reglab.conventions.convention import Convention, Conversion, Parameter
from reglab.conventions.meaning import Meaning

ENTRY = Convention(
    name="keras-activity", label="Keras activity_regularizer", order=33,
    formula=r"\frac{1}{B} \left( l_1 \sum |a| + l_2 \sum a^2 \right)",
    plain="(l1·Σ|a| + l2·Σa²) / batch size, over outputs a",
    tensors="outputs of the layer, no weights", reach="chosen",
    parameters=(Parameter("l1", default=0.0), Parameter("l2", default=0.0)),
    conversion=Conversion(
        frozenset({"outputs"}), lambda v, c: Meaning(outputs=v["l1"] + v["l2"]),
        lambda m, c: {"l1": 0.0, "l2": 0.0}, (), (),
    ),
    code="activity_regularizer=keras.regularizers.L1L2(l1={l1}, l2={l2})",
    source="Read in Keras 3.15 (keras/src/layers/layer.py); executed by RegLab's tests.",
    help="It penalises what a layer puts out, not its weights.",
)  # fmt: skip
