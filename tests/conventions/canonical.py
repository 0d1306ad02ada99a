"""The canonical objective and decay in NumPy and torch, against which conventions are held."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from reglab.conventions import CONVENTIONS, Context, Meaning, Part, combine

Array = NDArray[np.float64]


def meaning(name: str, values: float | Mapping[str, float], context: Context | None = None) -> Meaning:
    """What the convention says that these numbers do."""
    return combine([Part(name, values)], context).meaning


def penalty(w: Array, m: Meaning) -> float:
    """λ₁Σ|w| + (λ₂/2)Σw²."""
    return float(m.l1 * np.abs(w).sum() + m.l2 / 2 * (w**2).sum())


def gradient(w: Array, m: Meaning) -> Array:
    """λ₁ sign(w) + λ₂w."""
    slope: Array = m.l1 * np.sign(w) + m.l2 * w
    return slope


def term(w: Tensor, m: Meaning) -> Tensor:
    """λ₁Σ|w| + (λ₂/2)Σw², for autograd."""
    return m.l1 * w.abs().sum() + m.l2 / 2 * (w**2).sum()


def weights(size: int = 40, seed: int = 0) -> Array:
    """Fixed normal draws."""
    return np.random.default_rng(seed).normal(size=size)


def names_of(part: str) -> list[str]:
    """Conventions that can express this part of a meaning."""
    return [c.name for c in CONVENTIONS.entries.values() if part in c.conversion.parts]


def same(a: Tensor, b: Tensor, tolerance: float = 1e-12) -> None:
    """Equal to ``tolerance``, absolutely and relatively."""
    torch.testing.assert_close(a, b, rtol=tolerance, atol=tolerance)
