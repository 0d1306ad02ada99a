"""A copy of a network that finds the shapes of its outputs and computes next to nothing.

Tensors on the device ``meta`` would do the same, but torch finds shapes there in Python and imports SymPy and its
compiler for it, which takes a second of every process and 60 MB.
"""

from __future__ import annotations

import copy
from types import MethodType

import torch
from torch import Tensor, nn


def outline(model: nn.Module) -> nn.Module:
    """A copy of ``model`` on the CPU, in eval mode, for images of zeros; the model itself is not touched.

    One zero stands for all numbers of a weight. Plain convolutions and dense layers give zeros of the right shape,
    all other layers compute: their outputs are views of their inputs where those of ``model`` are.
    """
    empty: dict[int, Tensor] = {id(buffer): _zeros(buffer) for buffer in model.buffers()}
    empty |= {id(p): nn.Parameter(_zeros(p), p.requires_grad) for p in model.parameters()}
    copied = copy.deepcopy(model, empty)
    for layer in copied.modules():
        if type(layer) is nn.Linear:
            vars(layer)["forward"] = MethodType(_dense, layer)
        elif type(layer) is nn.Conv2d and layer.padding_mode == "zeros" and not isinstance(layer.padding, str):
            vars(layer)["forward"] = MethodType(_convolution, layer)
    return copied.eval()


def _zeros(tensor: Tensor) -> Tensor:
    return torch.zeros((), dtype=tensor.dtype).expand(tensor.shape)


def _dense(layer: nn.Linear, x: Tensor) -> Tensor:
    """Zeros (…, units) for x (…, features)."""
    _check(x.shape[-1], layer.in_features)
    return x.new_zeros(*x.shape[:-1], layer.out_features)


def _convolution(layer: nn.Conv2d, maps: Tensor) -> Tensor:
    """Zeros (N, channels, h', w') for maps (N, C, h, w): h' = ⌊(h + 2p − d·(k − 1) − 1)/s⌋ + 1."""
    _check(maps.shape[-3], layer.in_channels)
    assert not isinstance(layer.padding, str)
    sides = [
        (side + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1
        for side, padding, dilation, kernel, stride in zip(
            maps.shape[-2:], layer.padding, layer.dilation, layer.kernel_size, layer.stride, strict=True
        )
    ]
    if min(sides) < 1:
        raise RuntimeError(f"maps of {tuple(maps.shape[-2:])} are too small for kernels of {layer.kernel_size}")
    return maps.new_zeros(*maps.shape[:-3], layer.out_channels, *sides)


def _check(found: int, wanted: int) -> None:
    """Raise what torch's own layer would."""
    if found != wanted:
        raise RuntimeError(f"expected an input of {wanted} features or channels, but got {found}")
