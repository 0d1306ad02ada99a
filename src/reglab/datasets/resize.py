"""``data.resize``: the images of a data set with another number of pixels, made once for all runs.

PIL's bilinear filter with antialiasing (torchvision's default for its ``Resize``): where images shrink, a triangle as
wide as two of the new pixels weighs the old ones. Bytes are computed in fixed-point numbers, so they are the same on
every machine.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from reglab.datasets.dataset import DATASETS, Images, Progress
from reglab.spec import DataSpec

Shape = tuple[int, int, int]
_STEP = 1000  # images between two reports


def image_shape(spec: DataSpec) -> Shape:
    """(C, H, W) of the images that a run trains on."""
    return resized_shape(DATASETS.get(spec.name).shape, spec.resize)


def resized_shape(shape: Shape, side: int | None) -> Shape:
    """``shape`` (C, H, W) with ``side`` pixels on the shorter side and the same aspect; None changes nothing."""
    if side is None:
        return shape
    channels, height, width = shape
    shorter = min(height, width)
    return channels, round(height * side / shorter), round(width * side / shorter)


def resize_images(images: Images, shape: Shape, label: str, progress: Progress) -> Images:
    """``images`` with the height and width of ``shape``, of the same type."""
    old = images.x.numpy()
    new = np.empty((len(old), *shape), dtype=old.dtype)
    for place, image in enumerate(old):
        if place % _STEP == 0:
            progress(f"Resizing {label} to {shape[2]} × {shape[1]} px", place / len(old))
        new[place] = [_resized(channel, shape) for channel in image]
    return Images.of(new, images.y.numpy())


def _resized(channel: NDArray[Any], shape: Shape) -> NDArray[Any]:
    """One channel (h, w) as (H, W): uint8, or float32, which the filter does not take out of [0, 1]."""
    from PIL import Image

    picture = Image.fromarray(np.ascontiguousarray(channel))  # of 8-bit integers (mode L) or of 32-bit floats (F)
    return np.asarray(picture.resize((shape[2], shape[1]), Image.Resampling.BILINEAR))
