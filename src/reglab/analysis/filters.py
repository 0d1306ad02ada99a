"""The filters of the first layer: those of a convolution, or the units of a dense layer in the shape of an image."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Filters:
    """``values`` (F, C, h, w): the weights of ``kind`` in the tensor ``name``."""

    name: str
    kind: Literal["filter", "unit"]
    values: NDArray[np.float64]

    @property
    def zero(self) -> NDArray[np.bool_]:
        """(F,): whose weights are all exactly 0."""
        return np.asarray(~self.values.any(axis=(1, 2, 3)))

    @property
    def norms(self) -> NDArray[np.float64]:
        """(F,): ‖w‖₂ of each."""
        return np.asarray(np.sqrt(np.square(self.values).sum(axis=(1, 2, 3))))

    @property
    def limits(self) -> NDArray[np.float64]:
        """(F,): max|w| of each; what is not finite does not count."""
        finite = np.where(np.isfinite(self.values), np.abs(self.values), 0.0)
        return np.asarray(finite.max(axis=(1, 2, 3)))


def first_filters(name: str, weights: NDArray[Any], shape: Sequence[int]) -> Filters | None:
    """The filters of the first layer's ``weights``, for images of ``shape`` (C, H, W).

    A convolution has (F, C, h, w), a dense layer (F, C·H·W). None for a tensor of any other shape.
    """
    values = np.asarray(weights, dtype=np.float64)
    if values.ndim == 4:
        return Filters(name, "filter", values)
    if values.ndim == 2 and values.shape[1] == math.prod(shape):
        return Filters(name, "unit", values.reshape(len(values), *shape))
    return None
