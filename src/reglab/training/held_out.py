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

from reglab.datasets import held_out_images, prepare
from reglab.errors import SpecError
from reglab.models import Shape, build, summarise
from reglab.spec import RunSpec
from reglab.training.arrays import DTYPES
from reglab.training.devices import choose_device
from reglab.training.metrics import chunk_size


@dataclass(frozen=True, eq=False)
class HeldOutSet:
    """The test images as runs with one data specification see them: normalised by their training images.

    ``images`` (n, C, H, W) float32, ``labels`` (n,) int64; ``sha256`` identifies the part, as in a run's record.
    """

    images: Tensor
    labels: Tensor
    sha256: str
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
        return cls(*held_out_images(split), split.test.sha256, split.shape, len(split.classes))


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
    at, dtype = choose_device(device), DTYPES[spec.train.precision]
    model = build(spec.model, test.shape, test.classes, spec.train.seed)
    model.load_state_dict({name: torch.from_numpy(np.array(array)) for name, array in weights.items()})
    model.to(at, dtype, memory_format=torch.channels_last).eval()  # type: ignore[call-overload]
    size = chunk_size(summarise(model, test.shape, test.classes).activation_bytes, at)
    x = test.images.to(dtype).contiguous(memory_format=torch.channels_last)
    parts = [model(x[start : start + size].to(at)).cpu() for start in range(0, len(x), size)]
    logits = torch.cat(parts)
    correct = logits.argmax(1) == test.labels
    return HeldOutScores(logits.softmax(1).to(torch.float32).numpy(), correct.numpy())
