"""The images of a run for its device, in the channels-last layout that convolutions are fastest on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from reglab.datasets import Split
from reglab.spec import Precision
from reglab.training.class_weights import balanced_weights
from reglab.training.mapped import Images, are_mapped, copied, gathered, mapped
from reglab.training.seeds import seed_for

DTYPES: dict[Precision, torch.dtype] = {"float32": torch.float32, "float64": torch.float64}


@dataclass(frozen=True)
class Labelled:
    """Images N×C×H×W, and their labels (N,).

    With label noise, ``flipped`` (bool) marks the wrong labels and ``true`` are the labels without noise.
    """

    images: Images
    labels: Tensor
    flipped: Tensor | None = None
    true: Tensor | None = None
    n_flipped: int = 0

    def rows(self, index: Tensor) -> Labelled:
        if self.flipped is None or self.true is None:
            return Labelled(gathered(self.images, index), self.labels[index])
        return labelled(gathered(self.images, index), self.labels[index], self.flipped[index], self.true[index])


@dataclass(frozen=True)
class Arrays:
    """Images for the whole run; ``evaluated`` is a fixed part of ``train``.

    ``val_index``: the places of the validation images in the pool. ``background`` (C,) is a normalised black pixel.
    ``class_weights`` (classes,) are those of balanced classes. ``test_sha256`` identifies the test part, whose images
    are not here.
    """

    train: Labelled
    evaluated: Labelled
    val: Labelled
    val_index: NDArray[np.int64]
    background: Tensor
    class_weights: Tensor
    test_sha256: str = ""


def place(split: Split, seed: int, precision: Precision, device: torch.device) -> Arrays:
    """``split`` on ``device``; training metrics use as many training images as there are validation images, or all."""
    dtype = DTYPES[precision]
    make = mapped if are_mapped((split.train, split.val), dtype, device) else copied
    x = make(split.train, dtype, device)
    train = labelled(x, *(labels.to(device) for labels in (split.y_train, split.flipped, split.true_y_train)))
    val = Labelled(make(split.val, dtype, device), split.y_val.to(device))
    n, n_val = len(x), len(val.images)
    measured = train if n <= n_val else train.rows(evaluated(n, n_val, seed).to(device))
    background = (-split.mean / split.std).to(device, dtype)
    weights = torch.tensor(balanced_weights(split.counts(split.y_train)), dtype=dtype, device=device)
    return Arrays(train, measured, val, split.val_index.numpy(), background, weights, split.test.sha256)


def labelled(images: Images, labels: Tensor, flipped: Tensor, true: Tensor) -> Labelled:
    """Images with label noise, or plain ones if no label is flipped."""
    count = int(flipped.sum())
    return Labelled(images, labels, flipped, true, count) if count else Labelled(images, labels)


def evaluated(n_train: int, n_val: int, seed: int) -> Tensor:
    """Indices, ascending, of the training images that training metrics use: ``n_val`` of them, or all."""
    generator = torch.Generator().manual_seed(seed_for(seed, "evaluated training images"))
    return torch.randperm(n_train, generator=generator)[:n_val].sort().values
