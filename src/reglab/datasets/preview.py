"""What training sees of a data set: its classes, its pixels, and a few of its images, from :func:`choose` itself.

Pixels are those before normalisation, in [0, 1], with whatever the spec adds to them. No image of the test part is
among them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reglab.datasets.split import Chosen, Part
from reglab.datasets.stratify import Indices

BINS = 64
"""Bins of the histogram for each unit; pixels in [0, 1] fall into so many."""

_LOW, _HIGH = -1, 2  # the range of the histogram, for pixels that input noise has moved; beyond it the last bins
_CHUNK = 1024


@dataclass(frozen=True, eq=False)
class ClassCounts:
    """Images of each class (C,): training images by their label, of these those with a ``wrong`` one, and validation
    images.
    """

    train: NDArray[np.int64]
    wrong: NDArray[np.int64]
    val: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class PixelStatistics:
    """Mean and population variance of each pixel (C, H, W) over the training images; ``histogram`` (C, B) has the
    number of pixels of each channel between ``edges`` (B + 1,).
    """

    mean_image: NDArray[np.float64]
    variance_image: NDArray[np.float64]
    histogram: NDArray[np.int64]
    edges: NDArray[np.float64]


@dataclass(frozen=True)
class Sample:
    """A training image: its place in the data set, the ``label`` that it is trained with, and its ``true`` class."""

    place: int
    label: int
    true: int


def class_counts(chosen: Chosen) -> ClassCounts:
    """How many images of each class training and validation have."""
    every, n = chosen.images.y.numpy(), len(chosen.entry.classes)
    count = {"minlength": n}
    return ClassCounts(
        np.bincount(chosen.labels, **count),
        np.bincount(chosen.labels[chosen.flipped], **count),
        np.bincount(every[chosen.val], **count),
    )


def pixel_statistics(chosen: Chosen) -> PixelStatistics:
    """Statistics of the pixels of all training images, read in parts."""
    shape = chosen.images.x.shape[1:]
    total, square = np.zeros(shape), np.zeros(shape)
    counts = np.zeros((shape[0], (_HIGH - _LOW) * BINS), dtype=np.int64)
    for start in range(0, len(chosen.train), _CHUNK):
        x = chosen.pixels("train", chosen.train[start : start + _CHUNK])
        total += x.sum(axis=0, dtype=np.float64)
        square += np.square(x, dtype=np.float64).sum(axis=0)
        counts += [_bins(x[:, channel]) for channel in range(shape[0])]
    mean = total / len(chosen.train)
    edges = np.linspace(_LOW, _HIGH, counts.shape[1] + 1)
    used = np.flatnonzero(counts.any(axis=0) | ((edges[:-1] >= 0) & (edges[1:] <= 1)))
    kept = slice(used[0], used[-1] + 1)
    variance = np.maximum(square / len(chosen.train) - mean**2, 0)
    return PixelStatistics(mean, variance, counts[:, kept], edges[used[0] : used[-1] + 2])


def _bins(x: NDArray[np.float32]) -> NDArray[np.int64]:
    """How many of the pixels fall into each bin; 1 itself belongs to the last one below it."""
    place = np.floor((x.ravel() - _LOW) * BINS).astype(np.int64)
    place[x.ravel() == 1] -= 1
    last = (_HIGH - _LOW) * BINS - 1
    return np.bincount(np.clip(place, 0, last), minlength=last + 1)


def samples(chosen: Chosen, each: int) -> list[list[Sample]]:
    """For each class the first ``each`` training images that are labelled as it."""
    return [
        _samples(chosen, np.flatnonzero(chosen.labels == label)[:each]) for label in range(len(chosen.entry.classes))
    ]


def wrong_samples(chosen: Chosen, most: int) -> list[Sample]:
    """The first ``most`` training images with a wrong label."""
    return _samples(chosen, np.flatnonzero(chosen.flipped)[:most])


def _samples(chosen: Chosen, at: Indices) -> list[Sample]:
    every = chosen.images.y.numpy()
    places, labels = chosen.train[at], chosen.labels[at]
    return [Sample(*row) for row in zip(places.tolist(), labels.tolist(), every[places].tolist(), strict=True)]


def pictures(chosen: Chosen, part: Part, places: Indices) -> NDArray[np.float32]:
    """Images ``places`` (n, C, H, W) of a part, :func:`to_look_at`."""
    pixels = chosen.pixels(part, places)
    return to_look_at(pixels) if chosen.images.x.dtype.is_floating_point else pixels.clip(0, 1)


def to_look_at(images: NDArray[Any]) -> NDArray[Any]:
    """Bytes as they are. Pixels that are numbers may hold little between 0 and 1: they are stretched from the least one
    of these ``images`` to their 99th percentile.
    """
    if images.dtype == np.uint8 or not images.size:
        return images
    low, high = float(images.min()), float(np.percentile(images, 99))
    stretched: NDArray[Any] = ((images - low) / ((high - low) or 1)).clip(0, 1)
    return stretched
