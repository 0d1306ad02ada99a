"""torch's optimizers, without weight decay of their own.

λ never goes through ``weight_decay``: :mod:`reglab.training.apply` adds it, so that one code path serves every scope,
factor and penalty. AdamW without its decay is Adam, bit for bit.
"""

from __future__ import annotations

import inspect
import pkgutil
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING

from reglab.optimizers import OPTIMIZERS
from reglab.spec import OptimSpec

if TYPE_CHECKING:  # the registry imports this module, and a spec is read without torch
    import torch
    from torch import Tensor


def make_optimizer(spec: OptimSpec, parameters: Iterable[Tensor], *, captured: bool = False) -> torch.optim.Optimizer:
    """torch's optimizer for ``spec``, fused into one kernel per step where torch can.

    ``captured``: its steps will be part of a CUDA graph.
    """
    _leave_compiler_out()
    entry = OPTIMIZERS.get(spec.name)
    options = {"lr": spec.lr, "weight_decay": 0.0, **entry.arguments(spec)}
    options |= {"fused": True} if entry.fused else {}
    options |= {"capturable": captured} if entry.capturable else {}
    optimizer: torch.optim.Optimizer = pkgutil.resolve_name(entry.torch)(parameters, **options)
    return optimizer


def set_learning_rate(optimizer: torch.optim.Optimizer, lr: float) -> None:
    """Give every parameter η = ``lr``."""
    for group in optimizer.param_groups:
        group["lr"] = lr


@lru_cache
def _leave_compiler_out() -> None:
    """Have ``Optimizer.add_param_group`` be called as it is.

    At its first call torch imports its compiler, which takes a second, to shield the method from it. What is looked for
    is semi-private (torch 2.13): where it is not, the import is all that happens.
    """
    from torch.optim import Optimizer

    own = inspect.unwrap(Optimizer.add_param_group)
    vars(own).setdefault("__dynamo_disable", own)
