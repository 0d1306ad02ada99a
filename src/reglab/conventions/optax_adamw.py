"""optax.adamw(weight_decay=λ): update = −lr·(Adam + λw)."""

from reglab.conventions.convention import Convention
from reglab.conventions.forms import direct

ENTRY = Convention(
    name="optax-adamw",
    label="Optax adamw",
    order=51,
    formula=r"w \leftarrow w - \eta \left( \hat m / (\sqrt{\hat v} + \varepsilon) + \lambda w \right)",
    plain="w ← w − lr·(Adam + λ·w)",
    tensors="all parameters that no mask takes out",
    reach="all",
    conversion=direct(decay="weight_decay"),
    code="optax.adamw(learning_rate={lr_value}, weight_decay={weight_decay})",
    source="Read in Optax (optax/_src/alias.py, transform.py); its step checked in NumPy by RegLab's tests.",
    help="As PyTorch's AdamW: decoupled, times the scheduled lr; its default is 1e-4.",
    in_loss=False,
    family="adaptive",
)
