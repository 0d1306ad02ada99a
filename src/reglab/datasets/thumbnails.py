"""A strip of thumbnails of a data set: one picture, the first images of each class in turn, none of the test part.

Without official test images, the test part is that of the usual test fraction.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reglab.datasets.cache import load_images
from reglab.datasets.dataset import DATASETS, Dataset, Images
from reglab.datasets.test_part import draw_indices, share_size
from reglab.spec import TEST_FRACTION, DataSpec

COUNT = 12
"""Thumbnails of a strip."""

SIDE = 32
"""Pixels of the longer side of a thumbnail; smaller images stay as they are."""

GAP = 1  # pixels between two thumbnails


def strip(name: str, folder: Path, count: int = COUNT) -> NDArray[np.uint8]:
    """(C, h, w), uint8: ``count`` thumbnails of data set ``name`` side by side on black.

    :raises DataError: the data set cannot be loaded.
    """
    entry, images = DATASETS.get(name), load_images(name, folder)
    chosen = _in_turn(images.y.numpy(), shown_places(entry, images), len(entry.classes), count)
    return np.concatenate([_framed(reduced(image)) for image in _bright(images.x.numpy()[chosen])], axis=-1)[..., :-GAP]


def shown_places(entry: Dataset, images: Images) -> NDArray[np.int64]:
    """Places of the images that may be shown."""
    every = np.arange(len(images.y))
    if entry.test is not None:
        return every  # official test images are apart from these
    spec = DataSpec(name=entry.name, test_fraction=TEST_FRACTION)
    locked = draw_indices(images.y.numpy(), len(entry.classes), share_size(spec, entry, len(every)))
    return np.setdiff1d(every, locked, assume_unique=True)


def reduced(image: NDArray[np.generic], side: int = SIDE) -> NDArray[np.uint8]:
    """An image (C, H, W), uint8 or in [0, 1], as uint8 with at most ``side`` pixels a side: means of square blocks."""
    pixels = image if image.dtype == np.uint8 else np.rint(255 * np.clip(image.astype(np.float64), 0, 1))
    step = -(-max(pixels.shape[1:]) // side)
    channels, height, width = pixels.shape[0], *(length // step for length in pixels.shape[1:])
    blocks = pixels[:, : height * step, : width * step].reshape(channels, height, step, width, step)
    made: NDArray[np.uint8] = np.rint(blocks.mean(axis=(2, 4), dtype=np.float64)).astype(np.uint8)
    return made


def _in_turn(y: NDArray[np.int64], places: NDArray[np.int64], n_classes: int, count: int) -> NDArray[np.int64]:
    """``count`` places, the first of each class, then the second of each, and so on."""
    rank = np.empty(len(places), np.int64)
    labels = y[places]
    for label in range(n_classes):
        own = labels == label
        rank[own] = np.arange(own.sum())
    chosen: NDArray[np.int64] = places[np.lexsort((labels, rank))[:count]]
    return chosen


def _bright(images: NDArray[np.generic]) -> NDArray[np.generic]:
    """Images in [0, 1] from 0 at their darkest to 1 at their 99th percentile; bytes as they are."""
    if images.dtype == np.uint8:
        return images
    values = images.astype(np.float64)
    low, high = values.min(), np.percentile(values, 99)
    stretched: NDArray[np.float64] = (values - low) / ((high - low) or 1)
    return stretched


def _framed(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.pad(image, ((0, 0), (0, 0), (0, GAP)))
