"""The network of a run with given weights, in eval mode: what a confirmation and the pages predict with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from reglab.errors import CheckpointError
from reglab.models import Shape, build, summarise
from reglab.spec import RunSpec
from reglab.training.arrays import DTYPES
from reglab.training.devices import choose_device
from reglab.training.metrics import chunk_size


@dataclass(frozen=True, eq=False)
class Network:
    """``model`` on ``device``; ``chunk`` images go through it at a time."""

    model: nn.Module
    device: torch.device
    dtype: torch.dtype
    chunk: int

    @classmethod
    def of(
        cls, spec: RunSpec, weights: Mapping[str, NDArray[Any]], shape: Shape, classes: int, device: str = "auto"
    ) -> Network:
        """The network of ``spec`` with these parameters and buffers, for images of ``shape``.

        :raises CheckpointError: the weights are not those of such a network.
        """
        at, dtype = choose_device(device), DTYPES[spec.train.precision]
        model = build(spec.model, shape, classes, spec.train.seed)
        try:
            model.load_state_dict({name: torch.from_numpy(np.array(array)) for name, array in weights.items()})
        except (RuntimeError, TypeError):
            raise CheckpointError("The weights are not those of this CNN and dataset.") from None
        model.to(at, dtype, memory_format=torch.channels_last).eval()  # type: ignore[call-overload]
        return cls(model, at, dtype, chunk_size(summarise(model, shape, classes).activation_bytes, at))

    @torch.inference_mode()
    def logits(self, images: Tensor) -> Tensor:
        """Logits (n, classes), on the CPU, of normalised ``images`` (n, C, H, W), at most ``chunk`` of them."""
        x = images.to(self.device, self.dtype).contiguous(memory_format=torch.channels_last)
        logits: Tensor = self.model(x)
        return logits.cpu()

    def probabilities(self, images: Tensor) -> NDArray[np.float32]:
        """Class probabilities (n, classes) of normalised ``images`` (n, C, H, W), however many."""
        starts = range(0, len(images), self.chunk)
        parts = [self.logits(images[start : start + self.chunk]).float().softmax(1) for start in starts]
        found: NDArray[np.float32] = torch.cat(parts).numpy()
        return found
