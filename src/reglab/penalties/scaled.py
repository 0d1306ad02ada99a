"""Tensors scaled by a number, or by one number for each lane of a stack.

A scale is a float, or a tensor (K,) for tensors (K, …) whose first axis are the lanes of a stack. Both compute the same
formula; a float takes PyTorch's kernels over lists of tensors.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import torch
import torch.nn.functional as F
from torch import Tensor

Scale: TypeAlias = float | Tensor
Tensors: TypeAlias = Sequence[Tensor]


def add(targets: Tensors, sources: Tensors, scale: Scale) -> None:
    """t ← t + scale·s."""
    if isinstance(scale, Tensor):
        for target, source in zip(targets, sources, strict=True):
            target.addcmul_(source, lanewise(scale, source))
    else:
        torch._foreach_add_(list(targets), list(sources), alpha=scale)


def multiply(targets: Tensors, scale: Scale) -> None:
    """t ← scale·t."""
    if isinstance(scale, Tensor):
        for target in targets:
            target.mul_(lanewise(scale, target))
    else:
        torch._foreach_mul_(list(targets), scale)


def divide(targets: Tensors, scale: Scale) -> None:
    """t ← t / scale."""
    if isinstance(scale, Tensor):
        for target in targets:
            target.div_(lanewise(scale, target))
    else:
        torch._foreach_div_(list(targets), scale)


def soften(targets: Tensors, scale: Scale) -> None:
    """t ← sign(t) max(|t| − scale, 0)."""
    for target in targets:
        if isinstance(scale, Tensor):
            target.copy_(target.sign() * (target.abs() - lanewise(scale, target)).clamp_(min=0))
        else:
            target.copy_(F.softshrink(target, scale))


def lanewise(scale: Tensor, like: Tensor) -> Tensor:
    """``scale`` (K,) as a tensor (K, 1, …) that multiplies each lane of ``like``, in its type."""
    return scale.to(like.dtype).view(-1, *[1] * (like.ndim - 1))


def positive(scale: Scale) -> bool:
    """Whether it is above 0, for any lane."""
    return bool((scale > 0).any()) if isinstance(scale, Tensor) else scale > 0
