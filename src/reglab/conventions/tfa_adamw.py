"""tfa.optimizers.AdamW(weight_decay=λ): w ← w − λw before the step, not times lr."""

from reglab.conventions.convention import Condition, Convention
from reglab.conventions.forms import decay_per_step

ENTRY = Convention(
    name="tfa-adamw",
    label="TensorFlow Addons AdamW",
    order=41,
    formula=r"w \leftarrow w - \lambda w",
    plain="w ← w − λ·w before the step, not times lr",
    tensors="every variable unless you pass decay_var_list",
    reach="all",
    conversion=decay_per_step("weight_decay"),
    code="tfa.optimizers.AdamW(weight_decay={weight_decay}, learning_rate={lr_value})",
    source="Read in TensorFlow Addons (weight_decay_optimizers.py); its step checked in NumPy by RegLab's tests.",
    help="Decoupled, and not times lr: a number that is a thousand times smaller means the same at lr = 0.001.",
    in_loss=False,
    family="adaptive",
    conditions=(Condition("the learning rate stays at {lr}"),),
    notes=("TensorFlow Addons does not scale the decay with a learning-rate schedule: this holds at that one lr.",),
)
