"""‖a − b‖ / ‖b‖ over all parameters of two networks."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Weights = Mapping[str, NDArray[Any]]


def distance(a: Weights, b: Weights) -> float:
    """The Euclidean distance of ``a`` from ``b`` relative to ``b``'s norm, summed in float64; 0 for equal bits.

    :raises ValueError: where they are not weights of the same network.
    """
    if a.keys() != b.keys():
        raise ValueError("These are weights of different networks.")
    apart = sum(float(np.square(np.subtract(a[name], b[name], dtype=np.float64)).sum()) for name in b)
    return math.sqrt(apart / sum(float(np.square(b[name], dtype=np.float64).sum()) for name in b))
