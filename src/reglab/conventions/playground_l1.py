"""TensorFlow Playground, regularization L1: rate·Σ|w|."""

from reglab.conventions.convention import Condition, Convention
from reglab.conventions.forms import direct

ENTRY = Convention(
    name="playground-l1",
    label="TensorFlow Playground L1",
    order=81,
    formula=r"\text{rate} \sum |w|",
    plain="rate·Σ|w|",
    tensors="the weights of all links, not the biases",
    reach="weights",
    conversion=direct(l1="rate"),
    code="regularization L1, regularization rate {rate}",
    source="Read in the Playground's source (nn.ts, updateWeights); its step checked in NumPy by RegLab's tests.",
    help="Plain SGD without momentum; a weight that crosses 0 is removed for good.",
    family="sgd",
    data_loss="½·mean square error",
    in_loss=False,
    conditions=(
        Condition("it is the objective that counts, since the Playground removes weights that L1 carries across 0"),
    ),
    notes=("The Playground removes a weight for good once L1 carries it across 0: J is the same, the steps are not.",),
)
