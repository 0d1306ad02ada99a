"""Operations on tensors (K, …) of K lanes, scaled by a float for all lanes or by a tensor (K,), one number a lane.

Both compute the same formula; a float takes PyTorch's operations on lists of tensors. PyTorch is imported late, so that
the registry of terms can be read without it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias, Union

if TYPE_CHECKING:
    from torch import Tensor

Scale: TypeAlias = Union[float, "Tensor"]
Tensors: TypeAlias = Sequence["Tensor"]


def add(targets: Tensors, sources: Tensors, scale: Scale) -> None:
    """t ← t + scale·s."""
    import torch

    if isinstance(scale, torch.Tensor):
        scale = scale.to(targets[0].dtype)  # once for all tensors
        for target, source in zip(targets, sources, strict=True):
            target.addcmul_(source, lanewise(scale, source))
    else:
        torch._foreach_add_(list(targets), list(sources), alpha=scale)


def multiply(targets: Tensors, scale: Scale) -> None:
    """t ← scale·t."""
    import torch

    if isinstance(scale, torch.Tensor):
        scale = scale.to(targets[0].dtype)
        for target in targets:
            target.mul_(lanewise(scale, target))
    else:
        torch._foreach_mul_(list(targets), scale)


def divide(targets: Tensors, scale: Scale) -> None:
    """t ← t / scale."""
    import torch

    if isinstance(scale, torch.Tensor):
        for target in targets:
            target.div_(lanewise(scale, target))
    else:
        torch._foreach_div_(list(targets), scale)


def lanewise(scale: Scale, like: Tensor) -> Tensor:
    """``scale`` in the shape (K, 1, …) and the type of ``like``."""
    import torch

    if not isinstance(scale, torch.Tensor):
        return torch.full((1,) * like.ndim, scale, dtype=like.dtype, device=like.device)
    return scale.to(like.dtype).view(-1, *[1] * (like.ndim - 1))


def flat(weights: Tensor) -> Tensor:
    """(K, …) as (K, n), without a copy where the lanes lie one after another in memory, channels last or not."""
    order = sorted(range(1, weights.ndim), key=weights.stride().__getitem__, reverse=True)
    return weights.permute(0, *order).flatten(1)


def positive(scale: Scale) -> bool:
    """Whether it is above 0, for any lane."""
    return scale > 0 if isinstance(scale, float | int) else bool((scale > 0).any())
