"""Label smoothing: (1 − ε)·CE + ε·mean CE over the classes (Szegedy et al. 2016), as torch's ``label_smoothing``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reglab.number_format import latex_number
from reglab.regularizers.regularizer import Code, Regularizer

if TYPE_CHECKING:
    from torch import Tensor


def smoothed(share: float, each: Tensor, log_probabilities: Tensor) -> Tensor:
    """(1 − ε)·CE − ε·mean_c log p_c of every image."""
    return (1 - share) * each - share * log_probabilities.mean(-1)


ENTRY = Regularizer(
    name="label_smoothing",
    label="label smoothing",
    order=20,
    setting="regularize.label_smoothing",
    example=0.1,
    acts="loss",
    symbol="ε",
    source="Szegedy, Vanhoucke, Ioffe, Shlens & Wojna, CVPR 2016, section 7",
    formula=lambda share: (
        rf"\ell(f_w(x), y) = (1 - {latex_number(share)})\,\mathrm{{CE}}(f_w(x), y) + "
        rf"\frac{{{latex_number(share)}}}{{C}} \sum_{{c=1}}^{{C}} \mathrm{{CE}}(f_w(x), c)"
    ),
    meaning="The share ε of every label is spread over all C classes, the right one included.",
    torch=lambda share: f"F.cross_entropy(scores, y, label_smoothing={share})",
    keras=lambda share: f"losses.CategoricalCrossentropy(from_logits=True, label_smoothing={share})",
    criterion=r"\ell(f_w(x_i), y_i)",
    loss=smoothed,
    code=Code(torch_loss="label_smoothing={value}", keras_loss="label_smoothing={value}"),
)
