"""The code of each penalty term in exported scripts: one :class:`TermCode` a key of the spec's penalty."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TermCode:
    """A penalty term λ·R(w) as plain text and as statements of exported scripts.

    ``{λ}`` stands for λ (times a tensor's factor) and ``{f}`` for "f·" where tensors have factors. Code changes the
    tensor ``w`` in place, with the learning rate ``lr``.

    ``constant``, ``symbol``: names of λ in code and in formulas. ``value``, ``gradient``: λ·R and its gradient as text.
    ``torch_value``: R(w) as PyTorch expression. ``torch_gradient``: ∇R(w). ``torch_decay``: w ← w − lr·λ·∇R(w).
    ``torch_proximal``: the proximal map of lr·λ·R.
    ``keras_regularizer``: a Keras regularizer of λ·R. ``keras_gradient``: ∇R of a NumPy array. ``keras_proximal``: the
    proximal map's value as Keras expression.
    """

    constant: str
    symbol: str
    value: str
    gradient: str
    torch_value: str
    torch_gradient: str
    torch_decay: str
    torch_proximal: str
    keras_regularizer: str
    keras_gradient: str
    keras_proximal: str
    torch_helper: str = ""
    keras_helper: str = ""


L1 = TermCode(
    constant="L1",
    symbol="λ₁",
    value="{λ}·Σ{f}|w|",
    gradient="{f}{λ}·sign(w)",
    torch_value="w.abs().sum()",
    torch_gradient="w.sign()",
    torch_decay="w.add_({gradient}, alpha=-lr * {λ})",
    torch_proximal="w.copy_(F.softshrink(w, lr * {λ}))",
    keras_regularizer="regularizers.L1({λ})",
    keras_gradient="np.sign(w)",
    keras_proximal="keras.ops.sign(w) * keras.ops.maximum(keras.ops.abs(w) - lr * {λ}, 0.0)",
)
L2 = TermCode(
    constant="L2",
    symbol="λ₂",
    value="({λ}/2)·Σ{f}w²",
    gradient="{f}{λ}·w",
    torch_value="w.square().sum() / 2",
    torch_gradient="w",
    torch_decay="w.mul_(1 - lr * {λ})",
    torch_proximal="w.div_(1 + lr * {λ})",
    keras_regularizer="regularizers.L2({λ} / 2)",
    keras_gradient="w",
    keras_proximal="w / (1 + lr * {λ})",
)
CODES = {"l1": L1, "l2": L2}
