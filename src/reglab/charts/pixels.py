"""Weights and images as pixels: a diverging map that is perceptually symmetric about 0, RGB filters, grey images.

The map runs in OKLab from a light neutral at 0 to blue at −1 and to orange at +1. Lightness and chroma are the same for
−x and +x and change linearly with |x|, so that equal magnitudes look equally strong, in print without colour too.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from reglab.charts.style import to_hex

Pixels = NDArray[np.uint8]
"""(…, H, W, 3), sRGB."""

STEPS = 128
"""Colours on each side of 0."""

UNKNOWN = (128, 128, 128)
"""The colour of what is not a finite number."""

_MIDDLE, _END, _CHROMA = 0.965, 0.50, 0.125  # lightness at 0 and at ±1, chroma at ±1
_HUES = {-1: 250.0, 1: 50.0}  # degrees


@lru_cache(maxsize=1)
def diverging_map() -> Pixels:
    """(2·STEPS + 1, 3): the colours from −1 to +1."""
    return np.array([_colour(place / STEPS) for place in range(-STEPS, STEPS + 1)], dtype=np.uint8)


def _colour(x: float) -> tuple[int, ...]:
    hue, strength = np.deg2rad(_HUES[1 if x > 0 else -1]), abs(x)
    lightness, chroma = _MIDDLE + (_END - _MIDDLE) * strength, _CHROMA * strength
    text = to_hex(np.array([lightness, chroma * np.cos(hue), chroma * np.sin(hue)]))
    return tuple(int(text[i : i + 2], 16) for i in (1, 3, 5))


def signed_pixels(values: NDArray[np.floating], limit: float) -> Pixels:
    """(…, H, W) → (…, H, W, 3) by :func:`diverging_map`, ±``limit`` at its ends."""
    finite = np.isfinite(values)
    share = np.clip(np.where(finite, values, 0) / (limit or 1.0), -1, 1)
    pixels = diverging_map()[np.rint(share * STEPS).astype(np.int64) + STEPS]
    pixels[~finite] = UNKNOWN
    return pixels


def colour_pixels(values: NDArray[np.floating], limit: float) -> Pixels:
    """RGB filters (…, 3, H, W) → (…, H, W, 3): 0 is mid grey, ±``limit`` the ends of each channel."""
    finite = np.isfinite(values)
    share = np.clip(np.where(finite, values, 0) / (limit or 1.0), -1, 1)
    return np.moveaxis(np.rint(127.5 + 127.5 * share).astype(np.uint8), -3, -1)


def image_pixels(images: NDArray[np.generic]) -> Pixels:
    """Images (…, C, H, W), uint8 or in [0, 1], → (…, H, W, 3); a single channel is grey, of others the first three."""
    channels = np.moveaxis(np.asarray(images), -3, -1)
    if channels.dtype != np.uint8:
        channels = np.rint(255 * np.clip(channels.astype(np.float64), 0, 1)).astype(np.uint8)
    return np.repeat(channels[..., :1], 3, axis=-1) if channels.shape[-1] < 3 else channels[..., :3]
