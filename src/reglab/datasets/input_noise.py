"""Gaussian noise on the pixels: x + σ·ε, ε standard normal, σ in units of the pixel range (0 black, 1 white).

Noisy pixels are not clipped, so that σ is exactly what comes out (as in Cohen et al. 2019). ε of an image follows from
the data seed and the image's place in the data set alone: it is the same in every epoch, in every run of a sweep, after
a resume, at every σ, and in smaller and larger training sets.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_INPUT = 2  # beside the generators of split and label noise


def add_noise(
    pixels: NDArray[np.float32], places: NDArray[np.int64] | Sequence[int], sigma: float, seed: int
) -> NDArray[np.float32]:
    """``pixels`` (n, C, H, W) of the images at these places of a data set, with their noise added in place."""
    if sigma:
        for image, place in zip(pixels, places, strict=True):
            rng = np.random.default_rng([seed, _INPUT, int(place)])
            np.add(image, np.float32(sigma) * rng.standard_normal(image.shape, np.float32), out=image)
    return pixels
