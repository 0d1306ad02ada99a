"""L2: P(w) = (λ₂/2) Σw² (Hoerl & Kennard 1970, ridge; Krogh & Hertz 1991, weight decay)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reglab.penalties.scaled import Scale, Tensors, divide, flat
from reglab.penalties.term import Code, Formulas, Term

if TYPE_CHECKING:
    from torch import Tensor


def measure(weight: Tensor) -> Tensor:
    """½ Σw²."""
    return flat(weight).square().sum(1) / 2


def direction(weights: Tensors) -> Tensors:
    """w itself: coupled it is ``weight_decay=λ₂`` of torch's SGD and Adam, decoupled that of AdamW."""
    return weights


def shrink(weights: Tensors, amount: Scale) -> None:
    """w ← w / (1 + ηλ₂)."""
    divide(weights, 1 + amount)


ENTRY = Term(
    name="l2",
    label="L2",
    order=30,
    symbol="λ₂",
    latex=r"\lambda_2",
    help="Strength of (λ₂/2)·Σw²: a pull in proportion to the weight. PyTorch's weight_decay is λ₂; "
    "Keras's l2(l) is λ₂ = 2l.",
    formulas=Formulas(
        objective=lambda strength, total, factor: rf"\frac{{{strength}}}{{2}} {total} {factor}w^2",
        gradient=lambda strength: rf"{strength}\,w",
        proximal=lambda reach: rf"w \leftarrow \dfrac{{w}}{{1 + {reach}}}",
        decay=lambda rate: rf"w \leftarrow (1 - {rate})\,w",
        proximal_note="A division, which never overshoots.",
    ),
    measure=measure,
    direction=direction,
    shrink=shrink,
    code=Code(
        value="({λ}/2)·Σ{f}w²",
        gradient="{f}{λ}·w",
        torch_value="w.square().sum() / 2",
        torch_gradient="w",
        torch_decay="w.mul_(1 - lr * {λ})",
        torch_proximal="w.div_(1 + lr * {λ})",
        keras_regularizer="regularizers.L2({λ} / 2)",
        keras_gradient="w",
        keras_proximal="w / (1 + lr * {λ})",
        keras_note="Keras's L2(l) is l·Σw² without the ½, so l = λ₂/2.",
        is_weight_decay=True,
    ),
)
