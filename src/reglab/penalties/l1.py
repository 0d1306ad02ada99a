"""L1: P(w) = λ₁ Σ|w| (Tibshirani 1996, the lasso)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reglab.penalties.scaled import Scale, Tensors, flat, lanewise
from reglab.penalties.term import Code, Formulas, Term

if TYPE_CHECKING:
    from torch import Tensor


def measure(weight: Tensor) -> Tensor:
    """Σ|w|."""
    return flat(weight).abs().sum(1)


def direction(weights: Tensors) -> Tensors:
    """sign(w), with sign(0) = 0: a subgradient, which does not reach exact zeros."""
    import torch

    return torch._foreach_sign(list(weights))


def shrink(weights: Tensors, threshold: Scale) -> None:
    """w ← sign(w) max(|w| − ηλ₁, 0): soft thresholding, which reaches exact zeros."""
    import torch

    for weight in weights:
        if isinstance(threshold, torch.Tensor):
            weight.copy_(weight.sign() * (weight.abs() - lanewise(threshold, weight)).clamp_(min=0))
        else:
            weight.copy_(torch.nn.functional.softshrink(weight, threshold))


ENTRY = Term(
    name="l1",
    label="L1",
    order=10,
    symbol="λ₁",
    latex=r"\lambda_1",
    help="Strength of λ₁·Σ|w|: a constant pull towards zero.",
    formulas=Formulas(
        objective=lambda strength, total, factor: rf"{strength} {total} {factor}|w|",
        gradient=lambda strength: rf"{strength}\,\mathrm{{sign}}(w)",
        proximal=lambda reach: rf"w \leftarrow \mathrm{{sign}}(w)\,\max(|w| - {reach},\,0)",
        gradient_note="sign(w) is 1 or −1, and 0 at w = 0.",
        proximal_note="Weights within ηλ₁ of 0 become exactly 0.",
    ),
    measure=measure,
    direction=direction,
    shrink=shrink,
    code=Code(
        value="{λ}·Σ{f}|w|",
        gradient="{f}{λ}·sign(w)",
        torch_value="w.abs().sum()",
        torch_gradient="w.sign()",
        torch_proximal="w.copy_(F.softshrink(w, lr * {λ}))",
        keras_regularizer="regularizers.L1({λ})",
        keras_gradient="np.sign(w)",
        keras_proximal="keras.ops.sign(w) * keras.ops.maximum(keras.ops.abs(w) - lr * {λ}, 0.0)",
        keras_note="Keras's L1(l) is l·Σ|w|, so l = λ₁.",
    ),
)
