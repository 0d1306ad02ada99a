"""Given weights of a run on its test part; called by confirmations and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from reglab.datasets import HeldOut, held_out_images, prepare
from reglab.errors import SpecError
from reglab.models import Shape
from reglab.spec import RunSpec
from reglab.training.network import Network


@dataclass(frozen=True, eq=False)
class HeldOutSet:
    """The test part as runs with one data specification see it: normalised by ``mean`` and ``std`` of their images.

    The pixels of ``test`` are shared by all sets of a data set; a few at a time are normalised.
    """

    test: HeldOut
    mean: Tensor
    std: Tensor
    shape: Shape
    classes: int

    @classmethod
    def of(cls, spec: RunSpec, folder: Path) -> HeldOutSet:
        """The test part of ``spec``.

        :raises SpecError: it has none.
        """
        if not spec.data.test_fraction:
            raise SpecError("There is no test part; set data.test_fraction.")
        split = prepare(spec.data, folder)
        return cls(split.test, split.mean, split.std, split.shape, len(split.classes))

    @property
    def sha256(self) -> str:
        """What identifies the test part, as in a run's record."""
        return self.test.sha256

    @property
    def size(self) -> int:
        """Number of images."""
        return len(self.test.index)

    def rows(self, part: slice) -> tuple[Tensor, Tensor]:
        """Images (n, C, H, W) float32 and labels (n,) int64 of a part."""
        return held_out_images(self.test, self.mean, self.std, part)


@dataclass(frozen=True, eq=False)
class HeldOutScores:
    """Class ``probabilities`` (n, classes) float32 of every test image, and which images are classified correctly."""

    probabilities: NDArray[np.float32]
    correct: NDArray[np.bool_]


@torch.inference_mode()
def score_held_out(
    spec: RunSpec, weights: Mapping[str, NDArray[Any]], test: HeldOutSet, device: str = "auto"
) -> HeldOutScores:
    """The network of ``spec`` with these parameters and buffers on the test images, in eval mode."""
    network = Network.of(spec, weights, test.shape, test.classes, device)
    probabilities, correct = [], []
    for start in range(0, test.size, network.chunk):
        x, y = test.rows(slice(start, start + network.chunk))
        logits = network.logits(x)
        probabilities.append(logits.softmax(1).to(torch.float32))
        correct.append(logits.argmax(1) == y)
    return HeldOutScores(torch.cat(probabilities).numpy(), torch.cat(correct).numpy())
