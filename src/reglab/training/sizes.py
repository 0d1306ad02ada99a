"""How much memory lanes need, and how much there is: an estimate, made before anything is built."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import torch

from reglab.datasets import DATASETS
from reglab.models import summarise
from reglab.spec import RunSpec
from reglab.training.devices import choose_device

_USED = 0.7  # share of the free memory that a sweep may plan with


@dataclass(frozen=True)
class LaneSize:
    """Bytes of one lane: ``memory`` while it trains, ``weights`` as a file, ``checkpoint`` as a file."""

    memory: int
    weights: int
    checkpoint: int


def lane_size(spec: RunSpec) -> LaneSize:
    """The network's own need with this batch and optimizer, and a copy of the kernels' gradients."""
    entry = DATASETS.get(spec.data.name)
    summary = summarise(spec.model, entry.shape, len(entry.classes))
    wide = 2 if spec.train.precision == "float64" else 1
    weights = wide * summary.weight_bytes
    training = wide * summary.training_bytes(spec.train.batch_size, spec.optim.name)
    moments = 1 if spec.optim.name == "sgd" else 2
    return LaneSize(training + weights, weights, weights * (2 + moments))


def free_memory(device: str) -> int:
    """Bytes that lanes may use on ``device``: most of what is free of a GPU's memory, or of this machine's."""
    at = choose_device(device)
    if at.type == "cuda":
        return int(_USED * torch.cuda.mem_get_info(at)[0])
    return int(_USED * _free_on_machine())


def _free_on_machine() -> int:
    """What the system could give without swapping, within the limit of a container where there is one."""
    free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    information = Path("/proc/meminfo")
    if information.exists():
        for line in information.read_text().splitlines():
            if line.startswith("MemAvailable:"):
                free = int(line.split()[1]) * 1024
    return min([free, *_left_in_container()])


def _left_in_container() -> list[int]:
    try:
        limit = Path("/sys/fs/cgroup/memory.max").read_text().strip()
        used = int(Path("/sys/fs/cgroup/memory.current").read_text())
    except (OSError, ValueError):
        return []
    return [int(limit) - used] if limit.isdecimal() else []
