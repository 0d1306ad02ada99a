"""What a number called λ does to the weights, whatever system it was written for.

J(w) = mean data loss + l1·Σ|w| + (l2/2)·Σw², and beside the step w ← w − lr·decay·w; ``outputs`` is a penalty on
activations, which has no equivalent on weights.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass


@dataclass(frozen=True)
class Meaning:
    """A term of J (``l1``, ``l2``), a decoupled ``decay`` per unit of lr, a penalty on ``outputs``; or their sum."""

    l1: float = 0.0
    l2: float = 0.0
    decay: float = 0.0
    outputs: float = 0.0

    def __add__(self, other: Meaning) -> Meaning:
        """Both at once on the same tensors: gradients of terms add, and so do decays."""
        return Meaning(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))

    @property
    def parts(self) -> frozenset[str]:
        """Which of the four are not 0."""
        return frozenset(name for name in SYMBOLS if getattr(self, name))


SYMBOLS = {"l1": "λ₁", "l2": "λ₂", "decay": "decay", "outputs": "penalty on outputs"}
"""Part of a meaning → how formulas call it."""


def figure(value: float) -> str:
    """``value`` for people, to 12 digits: 0.1 + 0.2 → ``0.3``."""
    return f"{value:.12g}".replace("inf", "∞")
