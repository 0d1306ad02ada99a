"""The data part of each step: SGD, Adam or AdamW without their own weight decay, and the learning-rate schedules.

λ never goes through ``weight_decay``: :mod:`reglab.training.apply` adds it, so that one code path serves every scope,
factor and penalty. AdamW without its decay is Adam, bit for bit.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch
from torch import Tensor

from reglab.spec import OptimSpec


def make_optimizer(spec: OptimSpec, parameters: Iterable[Tensor], *, captured: bool = False) -> torch.optim.Optimizer:
    """torch's optimizer for ``spec``, fused into one kernel per step; Adam's β = (0.9, 0.999), ε = 1e-8.

    ``captured``: its steps will be part of a CUDA graph.
    """
    if spec.name == "sgd":
        nesterov = spec.nesterov and spec.momentum > 0
        return torch.optim.SGD(
            parameters, lr=spec.lr, momentum=spec.momentum, nesterov=nesterov, weight_decay=0.0, fused=True
        )
    kind = torch.optim.AdamW if spec.name == "adamw" else torch.optim.Adam
    return kind(parameters, lr=spec.lr, weight_decay=0.0, fused=True, capturable=captured)


def learning_rate(spec: OptimSpec, epoch: int, epochs: int) -> float:
    """η of ``epoch`` (from 1) of ``epochs``.

    constant: η₀. cosine: η₀·½(1 + cos(π(epoch−1)/epochs)) (Loshchilov & Hutter 2017, without restarts).
    step: η₀·γ^⌊(epoch−1)/every⌋.
    """
    done = epoch - 1
    if spec.schedule == "cosine":
        return spec.lr * 0.5 * (1 + math.cos(math.pi * done / epochs))
    if spec.schedule == "step":
        return spec.lr * spec.step_factor ** (done // spec.step_every)
    return spec.lr


def set_learning_rate(optimizer: torch.optim.Optimizer, lr: float) -> None:
    """Give every parameter η = ``lr``."""
    for group in optimizer.param_groups:
        group["lr"] = lr
