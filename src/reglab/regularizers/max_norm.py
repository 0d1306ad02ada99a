"""Max-norm: after each step, w ← w·min(1, c/‖w‖₂) for the incoming weights w of every unit and filter.

(Srebro, Rennie & Jaakkola 2004; Srivastava et al. 2014.) Biases and norm parameters are left alone. It is computed by
torch's ``renorm``, which divides by ‖w‖₂ + 1e-7 and so stays below c by that much.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from reglab.number_format import latex_number
from reglab.regularizers.regularizer import Code, Regularizer

if TYPE_CHECKING:
    from torch import Tensor


def project(most: float, weights: Sequence[Tensor]) -> None:
    """Scale the rows of tensors (K, units, …) that are longer than ``most`` to that length."""
    for weight in weights:
        weight.view(-1, *weight.shape[2:]).renorm_(2, 0, most)


_TORCH = '''\
@torch.no_grad()
def limit_norms(model):
    """‖w‖₂ ≤ {value} for the incoming weights w of every unit and filter, after the step."""
    for w in model.parameters():
        if w.ndim > 1:
            w.renorm_(2, 0, {value})
'''

_KERAS = '''\
def limit_norms(model):
    """w ← w·c/(‖w‖₂ + 1e-7) where ‖w‖₂ > c, as torch's renorm has it; units and filters are the last axis."""
    for variable in model.trainable_variables:
        if len(variable.shape) > 1:
            w = keras.ops.convert_to_numpy(variable)
            norms = np.linalg.norm(w.reshape(-1, w.shape[-1]), axis=0)
            variable.assign(w * np.where(norms > {value}, {value} / (norms + 1e-7), 1.0))
'''

ENTRY = Regularizer(
    name="max_norm",
    label="max-norm",
    order=50,
    setting="regularize.max_norm",
    example=0.5,
    acts="after the step",
    symbol="c",
    source="Srebro, Rennie & Jaakkola, NIPS 2004; Srivastava et al., JMLR 2014, section 5.1",
    formula=lambda most: (
        rf"w_G \leftarrow w_G\,\min\left(1,\,\dfrac{{{latex_number(most)}}}{{\lVert w_G \rVert_2}}\right)"
    ),
    meaning="After the step; G is a filter of a convolution, or a unit of a dense layer with its incoming weights. "
    "Biases are left alone.",
    torch=lambda most: f"w.renorm_(2, 0, {most})",
    keras=lambda most: f"keras.constraints.MaxNorm({most})",
    off=None,
    project=project,
    code=Code(
        torch_definitions=_TORCH,
        torch_step="limit_norms(model)",
        keras_definitions=_KERAS,
        keras_step="limit_norms(model)",
    ),
)
