"""Group lasso: P(w) = λ_g Σ_g √|g| ‖w_g‖₂, g a convolution's filter or a dense unit with its incoming weights.

(Yuan & Lin 2006; Wen et al., NeurIPS 2016, for filters.) Biases join no group, and the classifier's units, which are
the classes, are exempt.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from reglab.penalties.scaled import Scale, Tensors, lanewise
from reglab.penalties.term import Formulas, Term

if TYPE_CHECKING:
    from torch import Tensor

    from reglab.penalties.scope import Parameter


def measure(weight: Tensor) -> Tensor:
    """Σ_g √|g| ‖w_g‖₂."""
    return _norms(weight).flatten(1).sum(1) * _root(weight)


def direction(weights: Tensors) -> Tensors:
    """√|g| w/‖w_g‖₂, and 0 where the group is 0: a subgradient."""
    return [weight * (_root(weight) / _norms(weight)).nan_to_num_(0.0, 0.0, 0.0) for weight in weights]


def shrink(weights: Tensors, threshold: Scale) -> None:
    """w_g ← max(1 − ηλ_g √|g| / ‖w_g‖₂, 0) w_g: block soft thresholding, by which whole filters become exactly 0."""
    for weight in weights:
        norms, reach = _norms(weight), lanewise(threshold, weight) * _root(weight)
        weight.mul_((1 - reach / norms).mul_(norms > reach).nan_to_num_(0.0))


def _norms(weight: Tensor) -> Tensor:
    """‖w_g‖₂ (K, groups, 1, …)."""
    import torch

    norms: Tensor = torch.linalg.vector_norm(weight, dim=tuple(range(2, weight.ndim)), keepdim=True)
    return norms


def _root(weight: Tensor) -> float:
    """√|g|, for |g| weights in each group."""
    return math.sqrt(weight[0, 0].numel())


def _in_groups(parameter: Parameter) -> bool:
    return parameter.kind in ("conv", "dense") and not parameter.classifier


ENTRY = Term(
    name="group",
    label="group lasso",
    order=20,
    symbol="λ_g",
    latex=r"\lambda_g",
    help="Strength of λ_g·Σ√|g|·‖w_g‖₂ over the filters of convolutions and the units of dense layers: it removes "
    "whole filters. The classifier's units are exempt.",
    formulas=Formulas(
        objective=lambda strength, total, factor: rf"{strength} \sum_g {factor}\sqrt{{|g|}}\,\lVert w_g \rVert_2",
        gradient=lambda strength: rf"{strength}\,\sqrt{{|g|}}\,\frac{{w}}{{\lVert w_g \rVert_2}}",
        proximal=lambda reach: (
            rf"w \leftarrow \max\left(1 - \frac{{{reach}\,\sqrt{{|g|}}}}{{\lVert w_g \rVert_2}},\,0\right) w"
        ),
        gradient_note="g is the filter or dense unit that w belongs to; the gradient is 0 where all of g is 0.",
        proximal_note="Filters and dense units whose norm is within ηλ_g√|g| of 0 become exactly 0.",
    ),
    measure=measure,
    direction=direction,
    shrink=shrink,
    penalises=_in_groups,
)
