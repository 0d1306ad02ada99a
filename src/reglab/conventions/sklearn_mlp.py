"""sklearn.neural_network.MLPClassifier(alpha): ½·alpha·‖W‖²/batch size."""

from reglab.conventions.convention import Condition, Convention
from reglab.conventions.forms import divided

ENTRY = Convention(
    name="sklearn-mlp",
    label="scikit-learn MLPClassifier",
    order=64,
    formula=r"\frac{\alpha}{2B} \sum w^2",
    plain="alpha/(2·batch size)·Σw²",
    tensors="the weight matrices, not the biases",
    reach="weights",
    conversion=divided("alpha", "l2", "batch_size", "scikit-learn's MLPClassifier divides its penalty by it"),
    code="sklearn.neural_network.MLPClassifier(alpha={alpha}, batch_size={batch_size})",
    source="Read in scikit-learn 1.9 (neural_network/_multilayer_perceptron.py); executed by RegLab's tests.",
    help="Its batch size is min(200, n) unless you set it, and all of n with solver lbfgs.",
    data_loss="mean cross-entropy",
    conditions=(Condition("every batch has {batch_size} examples, the last one too"),),
    notes=("In MLPClassifier a smaller last batch is penalised more: the penalty is divided by that batch's size.",),
)
