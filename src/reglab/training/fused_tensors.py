"""Tensors of K lanes as rows of one tensor (K, …), in the memory layout that each had alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn


def stacked(each: Sequence[Tensor]) -> Tensor:
    """The tensors as rows of one; axes keep their order in memory, so that channels stay last where they were."""
    first = each[0]
    order = sorted(range(first.ndim), key=first.stride().__getitem__, reverse=True)
    back = [1 + order.index(axis) for axis in range(first.ndim)]
    return torch.stack([tensor.detach().permute(order) for tensor in each]).permute(0, *back)


def adopt_parameters(each: Sequence[Mapping[str, nn.Parameter]]) -> dict[str, Tensor]:
    """Trainable stacks of the lanes' parameters, by name; the parameters become their rows."""
    made = {}
    for name in each[0]:
        rows = stacked([parameters[name] for parameters in each])
        for parameters, row in zip(each, rows, strict=True):
            parameters[name].data = row
            parameters[name].grad = None
        made[name] = rows.requires_grad_()
    return made


def adopt_buffers(models: Sequence[nn.Module]) -> dict[str, Tensor]:
    """Stacks of the networks' buffers, by name; the buffers become their rows."""
    made = {}
    for name, _ in list(models[0].named_buffers()):
        rows = stacked([model.get_buffer(name) for model in models])
        path, _, leaf = name.rpartition(".")
        for model, row in zip(models, rows, strict=True):
            model.get_submodule(path)._buffers[leaf] = row
        made[name] = rows
    return made


def rows_into(state: Mapping[str, Any], lanes: int) -> list[dict[str, Any]]:
    """An optimizer's state of a stacked parameter as one for each lane: rows, and what has no axes shared."""
    return [{key: value if value.ndim == 0 else value[k] for key, value in state.items()} for k in range(lanes)]
