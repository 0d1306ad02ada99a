"""An optimizer's step on the CPU by one call of torch's fused kernel, to the bits of ``optimizer.step()``.

``torch.optim`` sorts parameters, checks options and opens a profiler range in every step; with small CNNs that takes
a fifth of the whole step. These calls are semi-private (torch 2.13); where one is missing, or an optimizer is of
another kind, has not taken its first step or has a parameter without a gradient, ``optimizer.step()`` is called.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.optim import SGD, Adam, AdamW, Optimizer


@torch.no_grad()
def take_step(optimizer: Optimizer) -> None:
    """``optimizer.step()``."""
    kernel = _KERNELS.get(type(optimizer))
    [group, *others] = optimizer.param_groups
    gradients = [parameter.grad for parameter in group["params"]]
    fits = kernel and not others and group["fused"] and group["params"][0].device.type == "cpu"
    if not fits or any(gradient is None for gradient in gradients) or not kernel(optimizer, group, gradients):  # type: ignore[misc]
        _whole_step(optimizer)


def _whole_step(optimizer: Optimizer) -> None:
    """``optimizer.step()``; torch's own without its wrappers, which would import the compiler for a second."""
    kind = type(optimizer)
    step = inspect.unwrap(kind.step) if kind.__module__.startswith("torch.optim.") else kind.step
    step(optimizer)


def clear_gradients(optimizer: Optimizer) -> None:
    """``optimizer.zero_grad(set_to_none=True)``."""
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            parameter.grad = None


Group = Mapping[str, Any]


def _adam(optimizer: Optimizer, group: Group, gradients: list[Tensor]) -> bool:
    """Whether the step is taken; the first one, which makes the moments, is not."""
    states = [optimizer.state[parameter] for parameter in group["params"]]
    if group["amsgrad"] or group["weight_decay"] or not all(states):
        return False
    means, squares, steps = ([state[key] for state in states] for key in ("exp_avg", "exp_avg_sq", "step"))
    torch._foreach_add_(steps, 1)
    torch._fused_adam_(
        group["params"], gradients, means, squares, [], steps,
        lr=group["lr"], beta1=group["betas"][0], beta2=group["betas"][1], weight_decay=0.0, eps=group["eps"],
        amsgrad=False, maximize=group["maximize"],
    )  # fmt: skip
    return True


def _sgd(optimizer: Optimizer, group: Group, gradients: list[Tensor]) -> bool:
    """Whether the step is taken; the first one with momentum, which makes the moments, is not."""
    buffers = []
    if group["momentum"]:
        buffers = [optimizer.state[parameter].get("momentum_buffer") for parameter in group["params"]]
    if group["weight_decay"] or any(buffer is None for buffer in buffers):
        return False
    torch._fused_sgd_(
        group["params"], gradients, buffers,
        weight_decay=0.0, momentum=group["momentum"], lr=group["lr"], dampening=group["dampening"],
        nesterov=group["nesterov"], maximize=group["maximize"], is_first_step=False,
    )  # fmt: skip
    return True


_KERNELS: Mapping[type, Callable[[Optimizer, Group, list[Any]], bool]] = {
    **({Adam: _adam, AdamW: _adam} if hasattr(torch, "_fused_adam_") else {}),
    **({SGD: _sgd} if hasattr(torch, "_fused_sgd_") else {}),
}
