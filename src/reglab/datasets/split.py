"""From a specification to the tensors that are trained and validated on.

Everything random comes from ``spec.seed`` through generators of its own: one for the split, one for label noise
(:mod:`reglab.datasets.label_noise`), one an image for input noise (:mod:`reglab.datasets.input_noise`). The validation
images depend neither on the training size, nor on the class sizes (:mod:`reglab.datasets.class_sizes`), nor on label
noise; smaller training sets are the beginnings of larger ones. With folds (:mod:`reglab.datasets.folds`) the validation
images are those of one fold, of images that depend on the training size, but not on the noise; with blocks
(:mod:`reglab.datasets.blocks`) all images are those of one block, which depends on neither; or they are the validation
part that the data set brings. Pixels are normalised as (x − mean)/std with the figures of the chosen training images
alone, input noise included. Images of the test part (:mod:`reglab.datasets.test_part`) take part in none of this.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from reglab.datasets.blocks import block_groups
from reglab.datasets.cache import load_images
from reglab.datasets.catalogue import not_at_hand
from reglab.datasets.check import check_data, split_sizes
from reglab.datasets.class_sizes import Weights, class_weights_of, fitting, order_by_size
from reglab.datasets.dataset import DATASETS, Dataset, Images, Progress, silent
from reglab.datasets.folds import fold_indices
from reglab.datasets.input_noise import add_noise
from reglab.datasets.label_noise import noisy_labels
from reglab.datasets.normalised_images import NormalisedImages, unit
from reglab.datasets.stratify import Indices, interleave, shuffled_groups
from reglab.datasets.test_part import HeldOut, find_test_part
from reglab.spec import DataSpec

if TYPE_CHECKING:
    from torch import Tensor

Part = Literal["train", "val"]

_SPLIT, _NOISE = 0, 1  # which generator
_FLAT = 1e-4  # a channel whose standard deviation is smaller counts as constant and is only shifted
_CHUNK = 1024  # images at a time; their sums are added up, so it fixes the last bits of the figures
_NUMBERS = 2**22  # at a time, if images are larger than 32 × 32 pixels in colour

_MomentsKey: TypeAlias = tuple[str, float, int]  # SHA-256 of the training images' places, input noise, seed
_MOMENTS: WeakKeyDictionary[Images, dict[_MomentsKey, tuple[Tensor, Tensor]]] = WeakKeyDictionary()
_KNOWN = 256  # of each pool of images


@dataclass(frozen=True, eq=False)
class Split:
    """Training images ``train``, validation images ``val`` and labels, int64 (N,).

    ``x_train`` and ``x_val`` are copies of all images, float32 (N, C, H, W), made when they are first asked for;
    ``train`` and ``val`` give them in parts. ``y_train`` has the label noise, ``true_y_train`` has not, ``flipped``
    (bool) marks where they differ; validation labels are true. ``train_index`` and ``val_index`` are places in the data
    set's images, in an order whose every beginning is stratified. ``mean`` and ``std`` (C,) are those of the training
    images in [0, 1]. ``test`` is the test part, which is neither trained nor validated on; its images are not
    normalised.
    """

    train: NormalisedImages
    y_train: Tensor
    val: NormalisedImages
    y_val: Tensor
    true_y_train: Tensor
    flipped: Tensor
    train_index: Tensor
    val_index: Tensor
    mean: Tensor
    std: Tensor
    classes: tuple[str, ...]
    shape: tuple[int, int, int]
    test: HeldOut

    @cached_property
    def x_train(self) -> Tensor:
        """All training images."""
        return self.train.all()

    @cached_property
    def x_val(self) -> Tensor:
        """All validation images."""
        return self.val.all()

    def counts(self, labels: Tensor) -> tuple[int, ...]:
        """How many of ``labels`` each class has."""
        return tuple(labels.bincount(minlength=len(self.classes)).tolist())


@dataclass(frozen=True, eq=False)
class Chosen:
    """The images that a specification trains and validates on, by their places in the data set's ``images``.

    ``labels`` (N,) of the training images ``train`` have the label noise, ``flipped`` (bool) marks where they are
    wrong. ``mean`` and ``std`` (C,) are those of the training images in [0, 1], input noise included.
    """

    spec: DataSpec
    entry: Dataset
    images: Images
    test: HeldOut
    train: Indices
    val: Indices
    labels: NDArray[np.int64]
    flipped: NDArray[np.bool_]
    mean: Tensor
    std: Tensor

    @property
    def shape(self) -> tuple[int, int, int]:
        """(C, H, W) of the images."""
        channels, height, width = self.images.x.shape[1:]
        return channels, height, width

    def pixels(self, part: Part, places: Indices) -> NDArray[np.float32]:
        """Images ``places`` (n, C, H, W) in [0, 1], with the input noise of the ``part`` that they are in."""
        return noisy_pixels(self.images, places, self.spec, part)

    def normalised(self, part: Part, places: Indices) -> NormalisedImages:
        """The same, normalised and still to be read."""
        sigma = _sigma(self.spec, part)
        return NormalisedImages(self.images.x, _tensor(places), self.mean, self.std, sigma, self.spec.seed)


def choose(spec: DataSpec, folder: Path, progress: Progress = silent) -> Chosen:
    """The images that ``spec`` chooses, without a normalised copy of them; errors as in :func:`prepare`."""
    check_data(spec)
    entry, images = DATASETS.get(spec.name), load_images(spec.name, folder, progress, spec.resize)
    test = find_test_part(spec, images, folder, progress)
    train, val = _chosen_places(spec, entry, images, test)
    labels, flipped = noisy_labels(spec, entry, images.y.numpy(), train, _generator(spec.seed, _NOISE))
    return Chosen(spec, entry, images, test, train, val, labels, flipped, *_moments_of(images, train, spec))


def check_class_sizes(spec: DataSpec, folder: Path) -> None:
    """Check chosen class sizes against the labels of images that are in ``folder``; images elsewhere are not fetched.

    :raises SpecError: where too few images of a class are there, with the number that fits.
    """
    if spec.uneven and not not_at_hand(spec, folder):
        original = spec.model_copy(update={"resize": None})
        images = load_images(spec.name, folder)
        _chosen_places(original, DATASETS.get(spec.name), images, find_test_part(original, images, folder))


def _chosen_places(spec: DataSpec, entry: Dataset, images: Images, test: HeldOut) -> tuple[Indices, Indices]:
    """Places of the training and of the validation images in the data set."""
    sizes = split_sizes(spec, entry, len(test.pool))  # a local copy may have fewer images than the original
    labels = images.y.numpy()[test.pool]
    train, val = (test.pool[places] for places in _places(labels, entry, spec, sizes.share))
    return train[: fitting(spec, entry, len(train)) if spec.uneven else sizes.train], val[: sizes.val]


def prepare(spec: DataSpec, folder: Path, progress: Progress = silent) -> Split:
    """The split that ``spec`` describes, the same for the same spec; local files are looked for in ``folder``.

    :raises SpecError: where the sizes do not fit the data set (before it is loaded), or folds its smallest class.
    :raises DataError: where the data set cannot be loaded.
    """
    own = choose(spec, folder, progress)
    every = own.images.y.numpy()
    return Split(
        train=own.normalised("train", own.train),
        y_train=_tensor(own.labels),
        val=own.normalised("val", own.val),
        y_val=_tensor(every[own.val]),
        true_y_train=_tensor(every[own.train]),
        flipped=_tensor(own.flipped),
        train_index=_tensor(own.train),
        val_index=_tensor(own.val),
        mean=own.mean,
        std=own.std,
        classes=own.entry.classes,
        shape=own.shape,
        test=own.test,
    )


def held_out_images(test: HeldOut, mean: Tensor, std: Tensor, part: slice = slice(None)) -> tuple[Tensor, Tensor]:
    """Images ``part`` of the test part, normalised with the figures of a split's training images, and their labels."""
    index = _tensor(test.index[part])
    return NormalisedImages(test.images.x, index, mean, std).all(), test.images.y[index]


def _places(y: NDArray[np.int64], entry: Dataset, spec: DataSpec, share: int) -> tuple[Indices, Indices]:
    classes = len(entry.classes)
    if spec.folds is not None:
        return fold_indices(y, entry, spec, _generator(spec.seed, _SPLIT))
    weights = class_weights_of(spec, classes)
    if spec.validation == "own":
        return own_indices(y, classes, entry.own_val, spec.seed, weights)
    return split_indices(y, classes, share, spec.seed, (spec.blocks or 1, spec.block), weights)


def split_indices(
    y: NDArray[np.int64],
    n_classes: int,
    n_val: int,
    seed: int,
    block: tuple[int, int] = (1, 0),
    weights: Weights | None = None,
) -> tuple[Indices, Indices]:
    """All training and all ``n_val`` validation places in ``y``, disjoint, every beginning of either stratified.

    ``block`` (blocks, number): of one of so many disjoint blocks, which the same ``seed`` cuts. With ``weights`` (C,)
    the training places are those of :func:`reglab.datasets.class_sizes.order_by_size`.
    """
    rng = _generator(seed, _SPLIT)
    groups, ties = shuffled_groups(y, n_classes, rng), rng.permutation(n_classes)
    groups = block_groups(y, groups, ties, *block) if block[0] > 1 else groups
    val = interleave(groups, ties)[:n_val]
    taken = np.bincount(y[val], minlength=n_classes)
    return _ordered([group[n:] for group, n in zip(groups, taken, strict=True)], ties, weights), val


def own_indices(
    y: NDArray[np.int64], n_classes: int, n_val: int, seed: int, weights: Weights | None = None
) -> tuple[Indices, Indices]:
    """As :func:`split_indices`, where the last ``n_val`` places are those of validation."""
    rng, first = _generator(seed, _SPLIT), len(y) - n_val
    groups, ties = shuffled_groups(y, n_classes, rng), rng.permutation(n_classes)
    train = _ordered([group[group < first] for group in groups], ties, weights)
    return train, interleave([group[group >= first] for group in groups], ties)


def _ordered(groups: Sequence[Indices], ties: NDArray[np.int64], weights: Weights | None) -> Indices:
    return interleave(groups, ties) if weights is None else order_by_size(groups, ties, weights)


def _moments_of(images: Images, train: Indices, spec: DataSpec) -> tuple[Tensor, Tensor]:
    """:func:`channel_moments`, once for all runs of this process on the same images, as those of a sweep are."""
    known = _MOMENTS.setdefault(images, {})
    key = (hashlib.sha256(train.tobytes()).hexdigest(), spec.input_noise, spec.seed)
    if key not in known:
        if len(known) >= _KNOWN:
            known.clear()
        known[key] = channel_moments(images, train, spec)
    return known[key]


def channel_moments(images: Images, index: Indices, spec: DataSpec | None = None) -> tuple[Tensor, Tensor]:
    """Mean and population standard deviation (1 where constant) of each channel over images ``index`` in [0, 1].

    With ``spec``, over these images as training images, with its input noise.
    """
    total = np.zeros((2, images.x.shape[1]))
    chunk = max(1, min(_CHUNK, _NUMBERS // images.x.shape[1:].numel()))
    for start in range(0, len(index), chunk):
        x = noisy_pixels(images, index[start : start + chunk], spec, "train").astype(np.float64)
        total += x.sum(axis=(0, 2, 3)), (x * x).sum(axis=(0, 2, 3))
    mean, square = total / (len(index) * images.x[0, 0].numel())
    std = np.sqrt(np.maximum(square - mean**2, 0))
    std = np.where(std < _FLAT, 1.0, std)
    return _tensor(mean.astype(np.float32)), _tensor(std.astype(np.float32))


def noisy_pixels(images: Images, index: Indices, spec: DataSpec | None, part: Part) -> NDArray[np.float32]:
    """A copy of images ``index`` as float32 in [0, 1], with the input noise that ``spec`` gives this ``part``."""
    pixels: NDArray[np.float32] = unit(images.x[_tensor(index)]).numpy()
    return pixels if spec is None else add_noise(pixels, index, _sigma(spec, part), spec.seed)


def _sigma(spec: DataSpec, part: Part) -> float:
    return spec.input_noise if part == "train" else spec.val_input_noise


def _generator(seed: int, which: int) -> np.random.Generator:
    return np.random.default_rng([seed, which])


def _tensor(array: NDArray[Any]) -> Tensor:
    import torch  # slow to load: the registry imports this module, and a list of runs needs the entries only

    return torch.from_numpy(array)
