"""Images of a data set for pages, where they are at hand; nothing is downloaded for them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from reglab.datasets import DATASETS, load_images, noisy_pixels, status
from reglab.datasets.split import Part
from reglab.settings import load_settings
from reglab.spec import DataSpec


def images_at_hand(spec: DataSpec, index: NDArray[np.int64], part: Part = "val") -> NDArray[Any] | None:
    """Images ``index`` of the pool of a data set, (n, C, H, W), uint8 or float32, 0 black and 1 white.

    They are as the network sees them: resized, and with input noise in ``part`` of ``spec`` noisy.

    ``None`` where the data set is not at hand, or has not so many images here.
    """
    folder, entry = load_settings().data, DATASETS.find(spec.name)
    if entry is None or status(entry, folder).state != "ready":
        return None
    images = load_images(spec.name, folder, resize=spec.resize)
    if index.max(initial=0) >= len(images.y):
        return None
    noisy = spec.input_noise if part == "train" else spec.val_input_noise
    pixels: NDArray[Any] = noisy_pixels(images, index, spec, part) if noisy else images.x.numpy()[index]
    return pixels
