"""The locked test part: images that no choice has seen, evaluated by nothing but a confirmation.

The official test images where a data set has them. Otherwise, and where they can be neither found nor downloaded,
round(``test_fraction`` · N) of its N images, every class within one of its share, drawn by a generator whose seed is
the SHA-256 of the labels, and none from the data set's own validation part. Data set and ``test_fraction`` alone
decide, no seed of a run does: repeats, folds and training sizes share the test part, and none trains on another's.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from reglab.datasets.cache import load_images, load_test_images
from reglab.datasets.dataset import DATASETS, Dataset, Images, Progress, silent
from reglab.datasets.stratify import Indices, shares, shuffled_groups
from reglab.errors import SpecError
from reglab.spec import DataSpec

_CHUNK = 256  # images that are copied at a time

Source = Literal["none", "official", "share"]


@dataclass(frozen=True, eq=False)
class HeldOut:
    """The places ``index`` in ``images`` are the test part; ``pool``, all other places of the data set, is divided
    into training and validation images. Without a test part ``index`` is empty. ``original``: ``images`` before they
    were resized.
    """

    source: Source
    images: Images
    index: Indices
    pool: Indices
    original: Images

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of the labels and pixels of the test images, in order; empty without a test part.

        It is that of the images before they are resized: with other pixels they are no other test part.
        """
        if not len(self.index):
            return ""
        digest = hashlib.sha256(self.images.y.numpy()[self.index].astype("<i8").tobytes())
        pixels = self.original.x.numpy()
        for start in range(0, len(self.index), _CHUNK):
            digest.update(pixels[self.index[start : start + _CHUNK]].tobytes())
        return digest.hexdigest()


def find_test_part(spec: DataSpec, images: Images, folder: Path, progress: Progress = silent) -> HeldOut:
    """The test part of ``spec``, whose data set holds ``images``, and the pool that it leaves."""
    n, every, entry = len(images.y), np.arange(len(images.y)), DATASETS.get(spec.name)
    if not spec.test_fraction:
        return HeldOut("none", images, every[:0], every, images)
    official = load_test_images(spec.name, folder, progress, spec.resize)
    if official is not None:
        original = load_test_images(spec.name, folder, progress) if spec.resize else official
        assert original is not None
        return HeldOut("official", official, np.arange(len(official.y)), every, original)
    drawn_from = images.y.numpy()[: n - entry.own_val]
    index = draw_indices(drawn_from, len(entry.classes), share_size(spec, entry, n))
    original = load_images(spec.name, folder, progress) if spec.resize else images
    return HeldOut("share", images, index, np.setdiff1d(every, index, assume_unique=True), original)


def share_size(spec: DataSpec, entry: Dataset, images: int) -> int:
    """How many of so many ``images`` the test fraction takes.

    :raises SpecError: where they are fewer than the classes, or more than lie outside the own validation part.
    """
    n, classes = round(spec.test_fraction * images), len(entry.classes)
    if n > images - entry.own_val:
        raise SpecError(
            f"data.test_fraction {spec.test_fraction:g} sets {n:,} of the {images:,} images of {entry.label} apart for "
            f"the test, but only {images - entry.own_val:,} are not of its own validation part."
        )
    if n < classes:
        raise SpecError(
            f"data.test_fraction {spec.test_fraction:g} sets {n} of the {images:,} images of {entry.label} apart for "
            f"the test; there must be at least {classes}, one for each class."
        )
    return n


def draw_indices(y: NDArray[np.int64], n_classes: int, n: int) -> Indices:
    """``n`` places in the labels ``y``, ascending, every class within one image of its share."""
    rng = np.random.default_rng(np.frombuffer(hashlib.sha256(y.astype("<i8").tobytes()).digest(), "<u4"))
    groups = shuffled_groups(y, n_classes, rng)
    sizes = shares(np.array([len(group) for group in groups]), n)
    return np.sort(np.concatenate([group[:size] for group, size in zip(groups, sizes, strict=True)]))
