"""Memory that lanes need and memory that is available: an estimate, made before anything is built."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from reglab.datasets import DATASETS
from reglab.machine import available_memory
from reglab.models import summarise
from reglab.optimizers import OPTIMIZERS
from reglab.spec import RunSpec
from reglab.training.devices import choose_device

_USED = 0.7  # share of the available memory to plan with: workspaces, data and pages come on top of the estimate


@dataclass(frozen=True)
class LaneSize:
    """Bytes of one lane: ``memory`` while it trains, ``weights`` as a file, ``checkpoint`` as a file."""

    memory: int
    weights: int
    checkpoint: int


def lane_size(spec: RunSpec) -> LaneSize:
    """The network's own need with this batch and optimizer, and a copy of the weights' gradients."""
    entry = DATASETS.get(spec.data.name)
    summary = summarise(spec.model, entry.shape, len(entry.classes))
    wide = 2 if spec.train.precision == "float64" else 1
    weights = wide * summary.weight_bytes
    state = len(OPTIMIZERS.get(spec.optim.name).state(spec.optim))
    training = wide * summary.training_bytes(spec.train.batch_size, state)
    return LaneSize(training + weights, weights, weights * (2 + state))


def free_memory(device: str) -> int:
    """Bytes that lanes may use on ``device``: most of what a GPU has free, or of what this process can allocate."""
    at = choose_device(device)
    if at.type == "cuda":
        return int(_USED * torch.cuda.mem_get_info(at)[0])
    return int(_USED * available_memory())
