"""λ·tf.nn.l2_loss(w): λ·Σw²/2."""

from reglab.conventions.convention import Convention
from reglab.conventions.forms import direct

ENTRY = Convention(
    name="tf-l2-loss",
    label="TensorFlow, tf.nn.l2_loss",
    order=40,
    formula=r"\lambda \sum \frac{w^2}{2}",
    plain="λ·Σw²/2",
    tensors="the tensors that you list",
    reach="chosen",
    conversion=direct(l2="factor"),
    code="loss = loss + {factor} * tf.add_n([tf.nn.l2_loss(w) for w in weights])",
    source="Documentation of tf.nn.l2_loss, TensorFlow 2; its formula checked in NumPy by RegLab's tests.",
    help="The ½ is inside l2_loss; the factor in front of it is λ₂.",
)
