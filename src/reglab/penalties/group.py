"""Group lasso: P(w) = λᴳ Σ_G √|G| ‖w_G‖₂, G a convolution's filter or a dense unit with its incoming weights.

(Yuan & Lin 2006; Wen et al., NeurIPS 2016, for filters.) Biases join no group, and the classifier's units, which are
the classes, are exempt.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from reglab.penalties.scaled import Scale, Tensors, lanewise
from reglab.penalties.term import Code, Formulas, Term

if TYPE_CHECKING:
    from torch import Tensor

    from reglab.penalties.scope import Parameter


def measure(weight: Tensor) -> Tensor:
    """Σ_G √|G| ‖w_G‖₂."""
    return _norms(weight).flatten(1).sum(1) * _root(weight)


def direction(weights: Tensors) -> Tensors:
    """√|G| w/‖w_G‖₂, and 0 where the group is 0: a subgradient."""
    return [weight * (_root(weight) / _norms(weight)).nan_to_num_(0.0, 0.0, 0.0) for weight in weights]


def shrink(weights: Tensors, threshold: Scale) -> None:
    """w_G ← max(1 − ηλᴳ √|G| / ‖w_G‖₂, 0) w_G: block soft thresholding, by which whole filters become exactly 0."""
    for weight in weights:
        norms, reach = _norms(weight), lanewise(threshold, weight) * _root(weight)
        weight.mul_((1 - reach / norms).mul_(norms > reach).nan_to_num_(0.0))


def _norms(weight: Tensor) -> Tensor:
    """‖w_G‖₂ (K, groups, 1, …)."""
    import torch

    norms: Tensor = torch.linalg.vector_norm(weight, dim=tuple(range(2, weight.ndim)), keepdim=True)
    return norms


def _root(weight: Tensor) -> float:
    """√|G|, for |G| weights in each group."""
    return math.sqrt(weight[0, 0].numel())


def _in_groups(parameter: Parameter) -> bool:
    return parameter.kind in ("conv", "dense") and not parameter.classifier


_HELPERS = {
    "group_norms": '''\
def group_norms(w):
    """‖w_G‖₂ of each filter or dense unit G, shaped (groups, 1, …)."""
    return w.reshape(len(w), -1).norm(dim=1).view(-1, *[1] * (w.ndim - 1))
''',
    "group_lasso": '''\
def group_lasso(w):
    """Σ_G √|G|·‖w_G‖₂ over the filters or dense units G."""
    return group_norms(w).sum() * (w.numel() / len(w)) ** 0.5
''',
    "group_direction": '''\
def group_direction(w):
    """√|G|·w / ‖w_G‖₂, and 0 where the group G is 0."""
    norms = group_norms(w)
    return w * torch.where(norms > 0, (w.numel() / len(w)) ** 0.5 / norms, 0.0)
''',
    "shrink_groups": '''\
def shrink_groups(w, reach):
    """w_G ← max(1 − reach·√|G| / ‖w_G‖₂, 0)·w_G for each filter or dense unit G."""
    norms, reach = group_norms(w), reach * (w.numel() / len(w)) ** 0.5
    w.mul_(torch.where(norms > reach, 1 - reach / norms, 0.0))
''',
    "GroupLasso": '''\
class GroupLasso(keras.regularizers.Regularizer):
    """λ·Σ_G √|G|·‖w_G‖₂ over the filters or units G, which are the last axis; gradient 0 where G is 0."""

    def __init__(self, strength):
        self.strength = strength

    def __call__(self, w):
        groups = keras.ops.reshape(w, (-1, w.shape[-1]))
        squares = keras.ops.sum(keras.ops.square(groups), axis=0)
        norms = keras.ops.sqrt(keras.ops.where(squares > 0, squares, 1.0))
        return self.strength * groups.shape[0] ** 0.5 * keras.ops.sum(keras.ops.where(squares > 0, norms, 0.0))
''',
    "group_gradient": '''\
def group_gradient(w):
    """√|G|·w / ‖w_G‖₂ for the filters or units G, which are the last axis; 0 where G is 0."""
    groups = w.reshape(-1, w.shape[-1])
    norms = np.linalg.norm(groups, axis=0)
    return w * np.divide(len(groups) ** 0.5, norms, out=np.zeros_like(norms), where=norms > 0)
''',
    "shrunk_groups": '''\
def shrunk_groups(w, reach):
    """max(1 − reach·√|G| / ‖w_G‖₂, 0)·w_G for the filters or units G, which are the last axis."""
    groups = keras.ops.reshape(w, (-1, w.shape[-1]))
    norms, reach = keras.ops.sqrt(keras.ops.sum(keras.ops.square(groups), axis=0)), reach * groups.shape[0] ** 0.5
    kept = norms > reach
    return w * keras.ops.where(kept, 1 - reach / keras.ops.where(kept, norms, 1.0), 0.0)
''',
}

ENTRY = Term(
    name="group",
    label="group lasso",
    order=20,
    symbol="λᴳ",
    latex=r"\lambda^G",
    help="Strength of λᴳ·Σ√|G|·‖w_G‖₂ over the filters of convolutions and the units of dense layers: in "
    "proximal mode it removes whole filters. The classifier's units are exempt.",
    formulas=Formulas(
        objective=lambda strength, total, factor: rf"{strength} \sum_G {factor}\sqrt{{|G|}}\,\lVert w_G \rVert_2",
        gradient=lambda strength: rf"{strength}\,\sqrt{{|G|}}\,\frac{{w}}{{\lVert w_G \rVert_2}}",
        proximal=lambda reach: (
            rf"w \leftarrow \max\left(1 - \frac{{{reach}\,\sqrt{{|G|}}}}{{\lVert w_G \rVert_2}},\,0\right) w"
        ),
        note="G is a filter of a convolution or a unit of a dense layer; the classifier's units are exempt",
        gradient_note="G is the filter or dense unit that w belongs to; the gradient is 0 where all of G is 0.",
        proximal_note="Filters and dense units whose norm is within ηλᴳ√|G| of 0 become exactly 0.",
    ),
    measure=measure,
    direction=direction,
    shrink=shrink,
    penalises=_in_groups,
    zeroes_filters=True,
    code=Code(
        value="{λ}·Σ_G {f}√|G|·‖w_G‖₂",
        gradient="{f}{λ}·√|G|·w/‖w_G‖₂",
        torch_value="group_lasso(w)",
        torch_gradient="group_direction(w)",
        torch_proximal="shrink_groups(w, lr * {λ})",
        keras_regularizer="GroupLasso({λ})",
        keras_gradient="group_gradient(w)",
        keras_proximal="shrunk_groups(w, lr * {λ})",
        helpers=_HELPERS,
        keras_note="Keras has no group lasso, so it is written out.",
    ),
)
