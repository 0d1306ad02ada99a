"""A CNN as ONNX operators, one for each of its layers, with weights under their own names ("conv1.weight").

Layers that have no operator here are left to PyTorch's exporter, which takes a hundred times as long.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, fx, nn

from reglab.models import CannotFollow, Dropout, Shape, follow

Attributes = Mapping[str, Any]


class NoOperator(Exception):
    """A call that has no operator here; the text names it."""


@dataclass
class Graph:
    """ONNX nodes and initializers as they grow; values are known by the call that they come from."""

    nodes: list[Any] = field(default_factory=list)
    weights: list[Any] = field(default_factory=list)

    def add(self, kind: str, inputs: Iterable[str], output: str, **attributes: Any) -> str:
        """A node called after its ``output``."""
        from onnx import helper

        self.nodes.append(helper.make_node(kind, list(inputs), [output], output, **attributes))
        return output

    def weight(self, name: str, tensor: Tensor | NDArray[Any] | None) -> str:
        """An initializer."""
        from onnx import numpy_helper

        if tensor is None:
            raise NoOperator("a call with an argument that is no number")
        array = tensor.detach().numpy() if isinstance(tensor, Tensor) else tensor
        self.weights.append(numpy_helper.from_array(np.asarray(array, order="C"), name))
        return name


def add_network(graph: Graph, model: nn.Module, shape: Shape, images: str, output: str) -> None:
    """Add ``model`` in eval mode to ``graph``: the value ``images`` in, the value ``output`` out.

    :raises NoOperator: a call has no operator here, or the forward pass is no fixed list of calls.
    """
    try:
        network = follow(model, shape)
    except CannotFollow as error:
        raise NoOperator(str(error)) from None
    values: dict[fx.Node, str] = {}
    for call in network.calls:
        if call.op == "placeholder":
            values[call] = images
        elif call.op == "output":
            (last,) = call.all_input_nodes
            graph.add("Identity", [values[last]], output)
        elif call.op == "call_module":
            values[call] = _layer(
                graph, network.layer(call), str(call.target), values[call.all_input_nodes[0]], call.name
            )
        else:
            values[call] = _function(graph, call, values)


def _layer(graph: Graph, layer: nn.Module, name: str, value: str, output: str) -> str:
    translate = _LAYERS.get(type(layer))
    if translate is None:
        raise NoOperator(type(layer).__name__)
    kind, weights, attributes = translate(layer)
    if kind is None:
        return value
    own = [f"{name}.{key}" for key in weights]
    known = {one.name for one in graph.weights}
    for key, full in zip(weights, own, strict=True):
        if full not in known:  # a layer may be called twice
            graph.weight(full, getattr(layer, key))
    return graph.add(kind, [value, *own], output, **attributes)


def _function(graph: Graph, call: fx.Node, values: Mapping[fx.Node, str]) -> str:
    if call.target is torch.flatten and call.args[1:] == (1,) and not call.kwargs:
        return graph.add("Flatten", [values[call.all_input_nodes[0]]], call.name, axis=1)
    kind = "Add" if call.target is operator.add else "Mul" if call.target is operator.mul else None
    if kind is None or call.kwargs:
        raise NoOperator(str(getattr(call.target, "__name__", call.target)))
    inputs = []
    for i, one in enumerate(call.args):
        number = np.array(one, dtype=np.float32) if isinstance(one, int | float) else None
        inputs.append(values[one] if isinstance(one, fx.Node) else graph.weight(f"{call.name}.{i}", number))
    return graph.add(kind, inputs, call.name)


Translation = tuple[str | None, tuple[str, ...], Attributes]
"""Operator (None: nothing to do in eval mode), names of its weights, attributes."""


def _convolution(layer: Any) -> Translation:
    if isinstance(layer.padding, str) or layer.padding_mode != "zeros":
        raise NoOperator("Conv2d with this padding")
    weights = ("weight", "bias") if layer.bias is not None else ("weight",)
    strides = {"strides": list(layer.stride), "dilations": list(layer.dilation), "group": layer.groups}
    return "Conv", weights, {"pads": [*layer.padding, *layer.padding], **strides}


def _dense(layer: Any) -> Translation:
    return "Gemm", ("weight", "bias") if layer.bias is not None else ("weight",), {"transB": 1}


def _batch_norm(layer: Any) -> Translation:
    if layer.running_mean is None or layer.weight is None:
        raise NoOperator("BatchNorm2d without its statistics")
    return "BatchNormalization", ("weight", "bias", "running_mean", "running_var"), {"epsilon": layer.eps}


def _pooling(kind: str) -> Callable[[Any], Translation]:
    def translate(layer: Any) -> Translation:
        size, stride, padding = (_pair(one) for one in (layer.kernel_size, layer.stride, layer.padding))
        plain = _pair(getattr(layer, "dilation", 1)) == [1, 1] and getattr(layer, "divisor_override", None) is None
        if layer.ceil_mode or not plain or (padding != [0, 0] and kind != "MaxPool"):
            raise NoOperator(f"{type(layer).__name__} with these settings")
        pads = {"pads": [*padding, *padding]} if padding != [0, 0] else {}
        return kind, (), {"kernel_shape": size, "strides": stride, **pads}

    return translate


def _global_pooling(layer: Any) -> Translation:
    if _pair(layer.output_size) != [1, 1]:
        raise NoOperator("AdaptiveAvgPool2d to more than one pixel")
    return "GlobalAveragePool", (), {}


def _flatten(layer: Any) -> Translation:
    if (layer.start_dim, layer.end_dim) != (1, -1):
        raise NoOperator("Flatten of these axes")
    return "Flatten", (), {"axis": 1}


def _pair(value: Any) -> list[int]:
    return [value, value] if isinstance(value, int) else list(value)


def _plain(kind: str | None) -> Callable[[Any], Translation]:
    return lambda layer: (kind, (), {})


_LAYERS: Mapping[type[nn.Module], Callable[[Any], Translation]] = {
    nn.Conv2d: _convolution,
    nn.Linear: _dense,
    nn.BatchNorm2d: _batch_norm,
    nn.MaxPool2d: _pooling("MaxPool"),
    nn.AvgPool2d: _pooling("AveragePool"),
    nn.AdaptiveAvgPool2d: _global_pooling,
    nn.Flatten: _flatten,
    nn.ReLU: _plain("Relu"),
    nn.Tanh: _plain("Tanh"),
    nn.Sigmoid: _plain("Sigmoid"),
    nn.Dropout: _plain(None),
    Dropout: _plain(None),
}
