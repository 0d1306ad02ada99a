"""TensorFlow Playground, regularization L2: rate·Σ½w²."""

from reglab.conventions.convention import Convention
from reglab.conventions.forms import direct

ENTRY = Convention(
    name="playground",
    label="TensorFlow Playground L2",
    order=80,
    formula=r"\text{rate} \sum \tfrac{1}{2} w^2",
    plain="rate·Σ½w²",
    tensors="the weights of all links, not the biases",
    reach="weights",
    conversion=direct(l2="rate"),
    code="regularization L2, regularization rate {rate}",
    source="Read in the Playground's source (nn.ts, updateWeights); its step checked in NumPy by RegLab's tests.",
    help="Plain SGD without momentum; the regularization rate is chosen from a list.",
    family="sgd",
    data_loss="½·mean square error",
    in_loss=False,
)
