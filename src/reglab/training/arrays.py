"""The images of a run, on its device and in the memory layout its convolutions like best."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from reglab.datasets import Split
from reglab.spec import Precision
from reglab.training.seeds import seed_for

DTYPES: dict[Precision, torch.dtype] = {"float32": torch.float32, "float64": torch.float64}


@dataclass(frozen=True)
class Arrays:
    """Training, evaluation and validation images; the evaluation part is a fixed share of the training part.

    Images are N×C×H×W in channels-last memory, kept on the device for the whole run.
    """

    x_train: Tensor
    y_train: Tensor
    x_eval: Tensor
    y_eval: Tensor
    x_val: Tensor
    y_val: Tensor


def place(split: Split, seed: int, precision: Precision, device: torch.device) -> Arrays:
    """``split`` on ``device``; training metrics use as many training images as there are validation images, or all."""
    x, y = _images(split.x_train, precision, device), split.y_train.to(device)
    x_val, y_val = _images(split.x_val, precision, device), split.y_val.to(device)
    if len(x) <= len(x_val):
        return Arrays(x, y, x, y, x_val, y_val)
    chosen = evaluated(len(x), len(x_val), seed).to(device)
    return Arrays(x, y, rows(x, chosen), y[chosen], x_val, y_val)


def evaluated(n_train: int, n_val: int, seed: int) -> Tensor:
    """Numbers, ascending, of the training images on which training metrics are taken: ``n_val`` of them, or all."""
    generator = torch.Generator().manual_seed(seed_for(seed, "evaluated training images"))
    return torch.randperm(n_train, generator=generator)[:n_val].sort().values


def rows(images: Tensor, index: Tensor) -> Tensor:
    """``images[index]``, channels last like ``images``."""
    return images.permute(0, 2, 3, 1).index_select(0, index).permute(0, 3, 1, 2)


def _images(images: Tensor, precision: Precision, device: torch.device) -> Tensor:
    return images.to(device, DTYPES[precision]).contiguous(memory_format=torch.channels_last)
