"""The two files beside a script: its images and labels, and its initial weights."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from reglab.exports.subject import Subject
from reglab.store.arrays import encode_weights
from reglab.training.arrays import evaluated


def data_file(subject: Subject) -> bytes:
    """An npz archive: x_train and x_val (N, H, W, C) float32, normalised; y_train and y_val; ``evaluated``, the numbers
    of the training images on which training loss and accuracy are taken.
    """
    split = subject.split
    arrays = {
        "x_train": _images(split.x_train),
        "y_train": _small(split.y_train),
        "x_val": _images(split.x_val),
        "y_val": _small(split.y_val),
        "evaluated": _small(evaluated(len(split.x_train), len(split.x_val), subject.spec.train.seed)),
    }
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def weights_file(subject: Subject) -> bytes:
    """The initial weights as safetensors, under the network's own names."""
    return encode_weights(subject.initial)


def _images(images: Tensor) -> NDArray[Any]:
    array: NDArray[Any] = images.permute(0, 2, 3, 1).contiguous().numpy()
    return array


def _small(numbers: Tensor) -> NDArray[Any]:
    """Whole numbers from 0 up in as few bytes as the largest needs."""
    array: NDArray[Any] = numbers.numpy()
    return array.astype(np.min_scalar_type(int(array.max(initial=0))))
