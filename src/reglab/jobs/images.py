"""Images of a data set for pages, where they are at hand; nothing is downloaded for them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from reglab.datasets import DATASETS, load_images, status
from reglab.settings import load_settings


def images_at_hand(name: str, index: NDArray[np.int64]) -> NDArray[Any] | None:
    """Images ``index`` of the pool of a data set, (n, C, H, W), uint8 or float32 in [0, 1], as they are there.

    ``None`` where the data set is not at hand, or has not so many images here.
    """
    folder, entry = load_settings().data, DATASETS.find(name)
    if entry is None or status(entry, folder).state != "ready":
        return None
    pool: NDArray[Any] = load_images(name, folder).x.numpy()
    return pool[index] if index.max(initial=0) < len(pool) else None
