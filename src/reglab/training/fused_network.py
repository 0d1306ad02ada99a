"""One forward pass for K networks of the same shape: every layer is one call over the stacked weights of all lanes.

Feature maps of the lanes lie side by side as channels, (N, K·C, H, W) in channels-last memory, so that a convolution is
one grouped convolution and batch norm one over K·C channels; dense activations are (K, N, F), so that a dense layer is
one batched matrix product. Lanes that share their images share the first layer's input: its convolution is an ordinary
one with K·C outputs. (HFTA: Wang et al., MLSys 2021, fuse by the same identities.)

A layer that is not known here makes the network one that cannot be fused; its lanes are then advanced one by one.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, fx, nn

from reglab.models import CannotFollow, Dropout, Network, Shape, follow
from reglab.training.products import Products, dense_convolution, has_one_pixel, has_patches, patch_product

Weights = Mapping[str, Tensor]
"""Parameters and buffers (K, …) by name."""

_ELEMENTWISE = (nn.ReLU, nn.Tanh, nn.Sigmoid, nn.GELU, nn.SiLU, nn.LeakyReLU, nn.ELU, nn.Hardtanh, nn.Softplus)
_POOLS = (nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool2d)
_SUMS = (operator.add, operator.iadd, torch.add)
_SCALINGS = (operator.add, operator.sub, operator.mul, operator.truediv)
_ACTIVATIONS = (F.relu, torch.relu, torch.tanh, torch.sigmoid, F.gelu, F.silu)


@dataclass(frozen=True)
class Value:
    """An activation: maps (N, lanes·C, H, W), or ``flat`` units (lanes, N, F); one lane where all share the same."""

    tensor: Tensor
    lanes: int
    flat: bool = False

    def of(self, tensor: Tensor) -> Value:
        """The same arrangement with other numbers."""
        return Value(tensor, self.lanes, self.flat)

    def spread(self, lanes: int) -> Value:
        """Every lane with numbers of its own."""
        if self.lanes == lanes:
            return self
        repeats = (lanes, 1, 1) if self.flat else (1, lanes, 1, 1)
        return Value(self.tensor.repeat(repeats), lanes, self.flat)


@dataclass
class Pass:
    """What the layers of one forward pass know: the stacked weights, how many lanes, and whether it trains.

    ``products``: which layers are computed as products.
    """

    weights: Weights
    lanes: int
    training: bool
    products: Products


class Fused:
    """The network of K lanes as one function: ``scores(weights, images, training)`` → logits (K, N, classes)."""

    def __init__(self, network: Network, lanes: int, products: Products) -> None:
        self.lanes, self.products = lanes, products
        for call in network.calls:
            _check(network, call)
        self._calls = [(call, tuple(call.all_input_nodes), _compute_of(network, call)) for call in network.calls]

    def scores(self, weights: Weights, images: Tensor, *, training: bool) -> Tensor:
        """The logits of every lane; running statistics in ``weights`` move where it trains."""
        on = Pass(weights, self.lanes, training, self.products)
        values: dict[fx.Node, Value] = {}
        for call, inputs, compute in self._calls:
            if call.op == "placeholder":
                values[call] = Value(images, 1)
            elif call.op == "output":
                [result] = inputs
                return values[result].spread(self.lanes).tensor
            else:
                values[call] = compute([values[node] for node in inputs], on)
        raise CannotFollow("it gives no output")


Compute = Callable[[Sequence[Value], Pass], Value]
"""What a call gives for its inputs."""


def _compute_of(network: Network, call: fx.Node) -> Compute:
    """How fused lanes compute a call that :func:`_check` has let pass."""
    target: Any = call.target
    if call.op == "call_module":
        layer, name = network.layer(call), str(call.target)
        rule = _rule_of(layer)
        return lambda inputs, on: rule(layer, name, inputs[0], on)
    if _scales(call):
        number = call.args[1]
        return lambda inputs, _: inputs[0].of(target(inputs[0].tensor, number))
    if call.op == "call_function" and target in _SUMS:
        return _summed
    if target in _ACTIVATIONS:
        return lambda inputs, _: inputs[0].of(target(inputs[0].tensor))
    return lambda inputs, _: _flattened(inputs[0])


def _summed(inputs: Sequence[Value], on: Pass) -> Value:
    left, right = (value.spread(on.lanes) for value in inputs)
    return left.of(left.tensor + right.tensor)


def fuse(model: nn.Module, shape: Shape, lanes: int, products: Products = MappingProxyType({})) -> Fused:
    """K lanes of ``model``, for images of ``shape``, as one network; ``products`` as the lanes have them.

    :raises CannotFollow: where a layer, or how layers are put together, is not known here; the text names it.
    """
    return Fused(follow(model, shape), lanes, products)


Rule = Callable[[Any, str, Value, Pass], Value]


def _convolution(layer: nn.Conv2d, name: str, x: Value, on: Pass) -> Value:
    """K convolutions as one with K times the groups; as one matrix product where lanes share the input.

    A kernel as large as the maps leaves one pixel: K convolutions are K dense layers.
    """
    if has_one_pixel(on.products, name, layer, x.tensor):
        maps, own = x.spread(on.lanes).tensor, on.weights.get(f"{name}.bias")
        return Value(dense_convolution(maps, on.weights[f"{name}.weight"], own), on.lanes)
    weight, bias = on.weights[f"{name}.weight"].flatten(0, 1), on.weights.get(f"{name}.bias")
    flat_bias = None if bias is None else bias.flatten()
    if x.lanes == 1 and has_patches(on.products, name, x.tensor):
        return Value(patch_product(layer, x.tensor, weight, flat_bias), on.lanes)
    if x.lanes == 1 and _has_patches(layer):
        return Value(_patch_product(layer, x.tensor, weight, flat_bias), on.lanes)
    maps, groups = x.spread(on.lanes).tensor, on.lanes * layer.groups
    return Value(F.conv2d(maps, weight, flat_bias, layer.stride, layer.padding, layer.dilation, groups), on.lanes)


def _has_patches(layer: nn.Conv2d) -> bool:
    return layer.groups == 1 and layer.dilation == (1, 1) and not isinstance(layer.padding, str)


def _patch_product(layer: nn.Conv2d, images: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """The convolution of shared images as patches (N·H·W, k·k·C) times weights (k·k·C, K·O), in channels-last memory.

    The patches are the same for all lanes and need no gradient; oneDNN's convolution of one channel into some hundred
    takes ten times as long.
    """
    (rows, columns), (down, right) = layer.kernel_size, layer.stride
    up, left = (int(side) for side in layer.padding)
    padded = F.pad(images.permute(0, 2, 3, 1), (0, 0, left, left, up, up))
    patches = padded.unfold(1, rows, down).unfold(2, columns, right)  # (N, H, W, C, k, k)
    n, height, width = patches.shape[:3]
    matrix = weight.flatten(1).t().contiguous()  # its gradient is then patchesᵀ·g, six times as fast as (gᵀ·patches)ᵀ
    flat_patches = patches.reshape(n * height * width, -1)
    product = flat_patches @ matrix if bias is None else torch.addmm(bias, flat_patches, matrix)
    return product.view(n, height, width, -1).permute(0, 3, 1, 2)


def _dense(layer: nn.Linear, name: str, x: Value, on: Pass) -> Value:
    """K matrix products as one batched product; as one product with K times the outputs where lanes share the input."""
    weight, bias = on.weights[f"{name}.weight"], on.weights.get(f"{name}.bias")
    if not x.flat:
        raise CannotFollow(f"{name} is a dense layer on maps that are not flattened")
    if x.lanes == 1:
        made = F.linear(x.tensor[0], weight.flatten(0, 1), None if bias is None else bias.flatten())
        return Value(_split(made, on.lanes).transpose(0, 1), on.lanes, flat=True)
    product = weight.transpose(1, 2)
    made = x.tensor @ product if bias is None else torch.baddbmm(bias[:, None], x.tensor, product)
    return Value(made, on.lanes, flat=True)


def _batch_norm(layer: nn.BatchNorm2d | nn.BatchNorm1d, name: str, x: Value, on: Pass) -> Value:
    """Batch norm works channel by channel, so K of them are one over K·C channels."""
    own = x.spread(on.lanes)
    maps = own.tensor.transpose(0, 1).flatten(1) if own.flat else own.tensor
    mean, variance, scale, shift = (
        None if tensor is None else tensor.flatten()
        for tensor in (on.weights.get(f"{name}.{k}") for k in ("running_mean", "running_var", "weight", "bias"))
    )
    if on.training and (count := on.weights.get(f"{name}.num_batches_tracked")) is not None:
        count += 1
    made = F.batch_norm(
        maps, mean, variance, scale, shift, on.training or mean is None, layer.momentum or 0.0, layer.eps
    )
    return own.of(_split(made, on.lanes).transpose(0, 1) if own.flat else made)


def _dropout(layer: Dropout, _name: str, x: Value, on: Pass) -> Value:
    """The same mask for every lane: fused lanes have equal generators, and a run alone would draw it too."""
    if not on.training or layer.p == 0:
        return x
    if x.flat:
        kept = layer.mask(x.tensor.shape[1:]).to(x.tensor)
        return x.of(x.tensor * (kept / (1 - layer.p)))
    n, channels, *sides = x.tensor.shape
    kept = layer.mask((n, channels // x.lanes, *sides)).to(x.tensor)
    return x.of((_split(x.tensor, x.lanes) * (kept / (1 - layer.p))[:, None]).flatten(1, 2))


def _same_everywhere(layer: nn.Module, _name: str, x: Value, _on: Pass) -> Value:
    """A layer without weights that treats every number, or every channel, alike."""
    return x.of(layer(x.tensor))


def _flattened(x: Value) -> Value:
    """Maps (N, K·C, H, W) → units (K, N, C·H·W), in the order of one network's own flattening."""
    if x.flat:
        return x
    return Value(_split(x.tensor, x.lanes).transpose(0, 1).flatten(2), x.lanes, flat=True)


def _split(tensor: Tensor, lanes: int) -> Tensor:
    """(N, K·C, …) → (N, K, C, …)."""
    n, channels, *sides = tensor.shape
    return tensor.reshape(n, lanes, channels // lanes, *sides)


def _flatten(_layer: nn.Flatten, _name: str, x: Value, _on: Pass) -> Value:
    return _flattened(x)


_RULES: tuple[tuple[type | tuple[type, ...], Rule], ...] = (
    (nn.Conv2d, _convolution),
    (nn.Linear, _dense),
    ((nn.BatchNorm2d, nn.BatchNorm1d), _batch_norm),
    (Dropout, _dropout),
    (nn.Flatten, _flatten),
    (_ELEMENTWISE, _same_everywhere),
    (_POOLS, _same_everywhere),
)


def _rule_of(layer: nn.Module) -> Rule:
    for kind, rule in _RULES:
        if isinstance(layer, kind):
            return rule
    raise CannotFollow(f"{type(layer).__name__} is not a layer that can be fused")


def _check(network: Network, call: fx.Node) -> None:
    """Raise where ``call`` is not one that :meth:`Fused.scores` computes as the network does."""
    if call.op == "call_module":
        _check_layer(network.layer(call))
        if len(call.args) != 1 or call.kwargs:
            raise CannotFollow(f"{call.target} is called with more than one argument")
    elif call.op in ("call_function", "call_method"):
        flattens = call.target in (torch.flatten, "flatten") and call.args[1:] == (1,) and not call.kwargs
        activates = call.target in _ACTIVATIONS and len(call.args) == 1 and not call.kwargs
        sums = call.target in _SUMS and len(call.all_input_nodes) == len(call.args) == 2 and not call.kwargs
        if not (flattens or activates or sums or _scales(call)):
            raise CannotFollow(f"{getattr(call.target, '__name__', call.target)} cannot be fused")
    elif call.op not in ("placeholder", "output"):
        raise CannotFollow(f"{call.op} {call.target} cannot be fused")


def _scales(call: fx.Node) -> bool:
    """Whether ``call`` is an activation ∘ a number, such as x * 0.5."""
    number = len(call.args) == 2 and isinstance(call.args[1], int | float)
    return call.op == "call_function" and call.target in _SCALINGS and number and not call.kwargs


def _check_layer(layer: nn.Module) -> None:
    _rule_of(layer)
    if isinstance(layer, nn.Conv2d) and layer.padding_mode != "zeros":
        raise CannotFollow(f"a convolution padded with {layer.padding_mode} cannot be fused")
    if isinstance(layer, nn.Flatten) and (layer.start_dim, layer.end_dim) != (1, -1):
        raise CannotFollow("only flattening from axis 1 on can be fused")
    if isinstance(layer, nn.BatchNorm2d | nn.BatchNorm1d) and layer.momentum is None:
        raise CannotFollow("batch norm with a cumulative average cannot be fused")
