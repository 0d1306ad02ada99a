"""What the time of a step depends on, as one key: the network, the batch, the operations of a step, the machine."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

import torch

from reglab.datasets import DATASETS, image_shape
from reglab.machine import processor
from reglab.models import CannotFollow, Shape, follow, skeleton
from reglab.optimizers import OPTIMIZERS
from reglab.regularizers import active
from reglab.spec import ModelSpec, RunSpec

ENGINE = 3
"""Raised whenever the engine's steps change so much that earlier timings no longer hold."""


def shape_key(specs: Sequence[RunSpec], device: torch.device, threads: int) -> str:
    """32 hexadecimal digits, equal for lanes whose step takes the same time fused, and alone.

    λ, learning rates, seeds and the number of images have no part in it; whether a λ is 0 has.
    """
    first = specs[0]
    shape, entry, optimizer = image_shape(first.data), DATASETS.get(first.data.name), OPTIMIZERS.get(first.optim.name)
    facts = {
        "engine": ENGINE,
        "torch": torch.__version__,
        "processor": _processor(device),
        "threads": threads,
        "lanes": len(specs),
        "network": _network(first.model, shape, len(entry.classes)),
        "images": [*shape, len(entry.classes), first.train.batch_size, first.train.precision],
        "optimizer": [first.optim.name, *optimizer.state(first.optim), optimizer.is_plain(first.optim)],
        "regularizers": [_kind(regularizer.name, regularizer.value(first)) for regularizer in active(first)],
        **({"class weights": first.train.class_weights} if first.train.class_weights != "none" else {}),
        "penalties": sorted({_penalty(spec) for spec in specs}),
        "scope": [first.penalty.scope, *sorted(first.penalty.factors.items())],
    }
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:32]


def _processor(device: torch.device) -> list[str]:
    """The model and, of a CPU, the instructions that torch uses on it."""
    if device.type == "cuda":
        return [torch.cuda.get_device_name(device), str(torch.version.cuda)]
    return [processor(), torch.backends.cpu.get_cpu_capability()]


def _network(model: ModelSpec, shape: Shape, classes: int) -> str:
    """Its layers and calls, as a CNN may change and keep its name; every dropout above 0 counts alike."""
    outline = skeleton(model.model_copy(update={"dropout": 0.5 if model.dropout else 0.0}), shape, classes)
    try:
        return f"{outline}\n{follow(outline, shape).calls[0].graph}"
    except CannotFollow as error:
        return f"{outline}\n{error}"


def _kind(name: str, value: Any) -> str:
    return f"{name} {value}" if isinstance(value, str) else name


def _penalty(spec: RunSpec) -> str:
    return " ".join([spec.penalty.apply, *(key for key, strength in spec.penalty.strengths.items() if strength > 0)])
