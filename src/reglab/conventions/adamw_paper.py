"""Loshchilov and Hutter 2019, algorithm 2: w ← w − η(α·m̂/(√v̂ + ε) + λw); times the schedule η, not the base α."""

from reglab.conventions.convention import Condition, Convention
from reglab.conventions.forms import decay_per_step

ENTRY = Convention(
    name="adamw-paper",
    label="AdamW paper",
    order=50,
    formula=r"w \leftarrow w - \eta_t \left( \alpha\, \hat m / (\sqrt{\hat v} + \varepsilon) + \lambda w \right)",
    plain="w ← w − η·(α·Adam + λ·w)",
    tensors="every weight of the text",
    reach="weights",
    conversion=decay_per_step("lambda"),
    code="λ = {lambda} in algorithm 2, with α = {lr_value}",
    source="Loshchilov and Hutter, Decoupled Weight Decay Regularization, 2019, algorithm 2; checked in NumPy.",
    help="Times the schedule η, which starts at 1, and not the base learning rate α.",
    in_loss=False,
    family="adaptive",
    conditions=(Condition("the base learning rate α is {lr}"),),
    notes=("In the AdamW paper, lr is the base α; the schedule η multiplies the decay and Adam's step alike.",),
)
