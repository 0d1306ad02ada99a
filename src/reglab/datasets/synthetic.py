"""Noisy gratings made here: x = ½ + a·cos(2πf(u cos θ + v sin θ) + φ) + ε, and the class is the orientation θ.

Phase φ, frequency f and contrast a vary from image to image, so that no single pixel tells the class. One fixed seed
makes it a data set: every call, on every machine, gives the same images.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reglab.datasets.dataset import Dataset, Images, Progress

_SEED = 20_240_229
_SIDE = 16
_ANGLES = (0, 30, 60, 90, 120, 150)
_PER_CLASS = 500
_NOISE = 0.15


def _gratings(theta: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """(n, 16, 16) gratings in [0, 1] across ``theta`` (n,), in radians."""
    n = len(theta)
    u = np.arange(_SIDE)[None, None, :]
    v = np.arange(_SIDE)[None, :, None]
    frequency, phase, contrast = rng.uniform([0.12, 0, 0.1], [0.25, 2 * np.pi, 0.4], size=(n, 3)).T[:, :, None, None]
    along = u * np.cos(theta)[:, None, None] + v * np.sin(theta)[:, None, None]
    clean = 0.5 + contrast * np.cos(2 * np.pi * frequency * along + phase)
    noisy: NDArray[np.float64] = clean + rng.normal(0, _NOISE, size=clean.shape)
    return noisy.clip(0, 1)


def _load(_folder: Path, progress: Progress) -> Images:
    progress("Drawing the gratings", 0.0)
    y = np.tile(np.arange(len(_ANGLES)), _PER_CLASS)
    x = _gratings(np.deg2rad(_ANGLES)[y], np.random.default_rng(_SEED))
    pixels = np.rint(255 * x).astype(np.uint8)[:, None]
    return Images.of(pixels, y)


ENTRY = Dataset(
    name="synthetic",
    label="Gratings (synthetic)",
    order=90,
    about="3,000 noisy striped patterns of 16×16 pixels in six orientations: what a convolution sees best.",
    source="Made by RegLab from a fixed seed",
    licence="MIT, as RegLab",
    classes=tuple(f"{angle}°" for angle in _ANGLES),
    shape=(1, _SIDE, _SIDE),
    size=len(_ANGLES) * _PER_CLASS,
    load=_load,
)
