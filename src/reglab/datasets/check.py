"""Check that a data specification fits its data set, before anything is loaded."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reglab.datasets.blocks import check_blocks
from reglab.datasets.class_sizes import class_weights_of, most_images, number_of
from reglab.datasets.dataset import DATASETS, Dataset
from reglab.datasets.folds import Folds, check_folds
from reglab.datasets.imported import check_digest
from reglab.datasets.label_noise import check_noise
from reglab.datasets.test_part import share_size
from reglab.errors import SpecError
from reglab.spec import DataSpec


@dataclass(frozen=True)
class Sizes:
    """Images: ``share`` set apart for validation, ``val`` of them used, ``left`` to train on, ``train`` used.

    With folds, ``share`` is the fold that validates, and ``left`` the others together. With blocks, ``share`` and
    ``left`` are those of one block. With chosen class sizes and no number of images, ``train`` is that of classes of
    equal size; the images tell the exact one.
    """

    share: int
    val: int
    left: int
    train: int


def check_data(spec: DataSpec) -> Sizes:
    """How many images ``spec`` trains and validates on, from the known size of its data set.

    Official test images are taken to be at hand; without them :func:`reglab.datasets.prepare` has fewer in the pool.

    :raises UnknownName: where no data set has this name.
    :raises SpecError: where the sizes do not fit, with the number that would.
    """
    entry = DATASETS.get(spec.name)
    check_digest(spec, entry)
    check_noise(spec, entry)
    return split_sizes(spec, entry, pool_size(spec))


def pool_size(spec: DataSpec) -> int:
    """How many images lie outside the test part, from the known size of the data set.

    :raises SpecError: where the test part is too small.
    """
    entry = DATASETS.get(spec.name)
    official = entry.test is not None
    return entry.size - (0 if official or not spec.test_fraction else share_size(spec, entry, entry.size))


def split_sizes(spec: DataSpec, entry: Dataset, pool: int) -> Sizes:
    """The sizes for so many images outside the test part, the ``pool``.

    The validation share is round(``val_fraction`` · pool), or a fold; of a block, round(``val_fraction`` · block).
    """
    if spec.folds is not None:
        return _fold_sizes(spec, entry, Folds.of(spec, pool))
    if spec.blocks is not None:
        check_blocks(spec, entry, pool, _split_sizes)
        pool //= spec.blocks
    return _split_sizes(spec, entry, pool)


def _split_sizes(spec: DataSpec, entry: Dataset, pool: int) -> Sizes:
    share = entry.own_val if spec.validation == "own" else round(spec.val_fraction * pool)
    left = pool - share
    sizes = Sizes(share, share if spec.val_size is None else spec.val_size, left, _number(spec, entry, left))
    _check_validation(spec, entry, sizes, pool)
    _check_training(spec, entry, sizes)
    return sizes


def _number(spec: DataSpec, entry: Dataset, left: int) -> int:
    """How many of ``left`` images are trained on, where all classes have the same number of them."""
    weights, classes = class_weights_of(spec, len(entry.classes)), len(entry.classes)
    return number_of(spec, left if weights is None else most_images(np.full(classes, left // classes), weights))


def _check_validation(spec: DataSpec, entry: Dataset, sizes: Sizes, pool: int) -> None:
    label, classes, apart = entry.label, len(entry.classes), f"data.val_fraction {spec.val_fraction:g} sets"
    if spec.validation == "own":
        if not entry.own_val:
            raise SpecError(f"data.validation own: {label} has no validation part of its own; use share.")
        apart = f"the own validation part of {label} sets"
    if sizes.share < classes:
        raise SpecError(
            f"{apart} {sizes.share} of the {pool:,} images of {label} apart for validation; "
            f"there must be at least {classes}, one for each class."
        )
    if sizes.val > sizes.share:
        raise SpecError(
            f"data.val_size {sizes.val:,} is more than there are: {apart} {sizes.share:,} images of {label} apart."
        )
    _check_val_size(sizes.val, entry)


def _check_val_size(n: int, entry: Dataset) -> None:
    if n < len(entry.classes):
        raise SpecError(
            f"data.val_size {n} is too small: each of the {len(entry.classes)} classes of {entry.label} needs one."
        )


def _check_training(spec: DataSpec, entry: Dataset, sizes: Sizes) -> None:
    label, classes, leaves = entry.label, len(entry.classes), f"data.val_fraction {spec.val_fraction:g} leaves"
    leaves = "the own validation part leaves" if spec.validation == "own" else leaves
    key = "train_size" if spec.train_share is None else f"train_share {spec.train_share:g}, that is"
    if sizes.left < classes:
        raise SpecError(f"{leaves} {sizes.left} images of {label} to train on; there must be at least {classes}.")
    if sizes.train > sizes.left:
        raise SpecError(
            f"data.train_size {sizes.train:,} is more than there are: {leaves} {sizes.left:,} images of {label}."
        )
    if sizes.train < classes:
        raise SpecError(f"data.{key} {sizes.train} is too small: each of the {classes} classes of {label} needs one.")


def _fold_sizes(spec: DataSpec, entry: Dataset, folds: Folds) -> Sizes:
    if folds.cut() > folds.pool:
        raise SpecError(
            f"data.train_size {folds.train_size:,} is more than there are: {folds.count} folds of the {folds.pool:,} "
            f"images of {entry.label} leave {folds.most:,} to train on."
        )
    check_folds(spec, entry, folds, lambda n: n // len(entry.classes))  # exact once the classes are known
    held = folds.held(spec.fold)
    val = held if spec.val_size is None else spec.val_size
    if spec.val_size is not None and val > folds.smallest:  # the same answer for every fold
        raise SpecError(
            f"data.val_size {val:,} is more than there are: each of the {folds.count} folds has "
            f"{folds.smallest:,} images of {entry.label}."
        )
    _check_val_size(val, entry)
    return Sizes(held, val, folds.cut() - held, folds.left)
