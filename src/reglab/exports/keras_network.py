"""A network as Keras code: ``keras.Sequential`` where it is a chain, otherwise layers called on each other's output.

Images are channels-last. A dense layer behind a flattening keeps PyTorch's order of inputs, which is channels-first.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from textwrap import indent
from typing import Any

import torch
import torch.nn.functional as F
from torch import fx, nn

from reglab.exports.code import TAB, WIDTH, call, flat_name, literal, sequence, variables, with_headings
from reglab.exports.entry import ExportError
from reglab.models import Dropout, Network

Call = tuple[str, list[str]]
"""The name of a Keras layer, and its arguments."""
Arguments = Callable[[str, Mapping[str, str]], list[str]]
"""(flat layer name, its Keras variable names by PyTorch's) → regularizer or constraint arguments of that layer."""
Maker = Callable[[Any, tuple[int, ...], list[str]], list[Call] | None]
"""(layer, input shape (C, H, W) or (features,), name and penalty arguments) → Keras layers; None: no counterpart."""

_ACTIVATIONS: Mapping[object, str] = {
    **dict.fromkeys((F.relu, torch.relu, "relu"), "relu"),
    **dict.fromkeys((F.tanh, torch.tanh, "tanh"), "tanh"),
    **dict.fromkeys((F.sigmoid, torch.sigmoid, "sigmoid"), "sigmoid"),
    F.silu: "silu",
}
_ADDITIONS: tuple[Callable[..., Any], ...] = (operator.add, operator.iadd, torch.add)
_FLATTENINGS: tuple[object, ...] = (torch.flatten, "flatten")


def network_code(network: Network, penalty: Arguments) -> str:
    """Statements that return the model.

    :raises ExportError: a layer or function has no counterpart in Keras here, or a layer's weights are shared.
    """
    modules = [str(node.target) for node in network.calls if node.op == "call_module"]
    for path in modules:
        if modules.count(path) > 1 and any(True for _ in network.model.get_submodule(path).parameters()):
            raise ExportError(f"The layer {path} of this CNN is called twice, which cannot be written into Keras here.")
    shape = network.shapes[network.calls[0]]
    image = f"keras.Input({literal((*shape[1:], shape[0]))})"
    if network.is_chain:
        items = [image]
        for node in network.calls[1:-1]:
            items += [call(f"layers.{name}", own, WIDTH - 13) for name, own in _calls(node, network, penalty)]
        return f"return keras.Sequential(\n{indent(sequence('[', items, ']'), TAB)}\n)"
    names = variables(network.calls)
    body = with_headings((node, _statements(node, network, penalty, names)) for node in network.calls[1:])
    return f"x = inputs = {image}\n{body}"


def variable_names(layer: nn.Module) -> Mapping[str, str]:
    """PyTorch's name → Keras's name of the layer's parameters."""
    norm = isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d)
    return {"weight": "gamma", "bias": "beta"} if norm else {"weight": "kernel", "bias": "bias"}


def _statements(node: fx.Node, network: Network, penalty: Arguments, names: Mapping[fx.Node, str]) -> list[str]:
    inputs = [names[argument] for argument in node.all_input_nodes]
    if node.op == "output":
        return [f"return keras.Model(inputs, {inputs[0]})"]
    if node.target in _ADDITIONS and len(inputs) == len(node.args) == 2:
        return [f"{names[node]} = layers.Add()([{', '.join(inputs)}])"]
    lines, source = [], inputs[0]
    for name, own in _calls(node, network, penalty):
        lines.append(f"{names[node]} = {call(f'layers.{name}', own, WIDTH - 16)}({source})")
        source = names[node]
    return lines


def _calls(node: fx.Node, network: Network, penalty: Arguments) -> list[Call]:
    """The Keras layers, one after another, that compute one call."""
    shape = network.shapes[node.all_input_nodes[0]]
    if node.op == "call_module":
        layer, name = network.layer(node), flat_name(str(node.target))
        make = _MAKERS.get(type(layer))
        made = make(layer, shape, [f"name={literal(name)}", *penalty(name, variable_names(layer))]) if make else None
        if made is None:
            raise ExportError(
                f"This CNN has the layer {layer}, for which there is no Keras layer here; "
                "export a PyTorch script instead."
            )
        return made
    if node.target in _ACTIVATIONS:
        return _activation(_ACTIVATIONS[node.target])
    if node.target in _FLATTENINGS and (*node.args[1:], *node.kwargs.values()) == (1,):
        return _flatten(shape)
    name = getattr(node.target, "__name__", str(node.target))
    raise ExportError(f"This CNN's forward uses {name}, for which there is no Keras layer here.")


def _activation(name: str) -> list[Call]:
    return [("Activation", [literal(name)])]


def _flatten(shape: tuple[int, ...]) -> list[Call]:
    """Flatten in PyTorch's order."""
    in_order = len(shape) < 3 or shape[0] == 1 or shape[1] * shape[2] == 1
    return [*([] if in_order else [("Permute", ["(3, 1, 2)"])]), ("Flatten", [])]


def _convolution(layer: nn.Conv2d, _shape: tuple[int, ...], own: list[str]) -> list[Call] | None:
    if layer.padding_mode != "zeros" or isinstance(layer.padding, str):
        return None
    padding = tuple(int(p) for p in layer.padding)
    reach = tuple(d * (k - 1) for d, k in zip(layer.dilation, layer.kernel_size, strict=True))
    same = any(padding) and set(layer.stride) == {1} and reach == tuple(2 * p for p in padding)
    before: list[Call] = [] if same or not any(padding) else [("ZeroPadding2D", [_size(padding)])]
    arguments = [str(layer.out_channels), _size(layer.kernel_size)]
    arguments += [f"strides={_size(layer.stride)}"] * (set(layer.stride) != {1}) + ['padding="same"'] * same
    arguments += [f"dilation_rate={_size(layer.dilation)}"] * (set(layer.dilation) != {1})
    arguments += [f"groups={layer.groups}"] * (layer.groups != 1) + ["use_bias=False"] * (layer.bias is None)
    return [*before, ("Conv2D", arguments + own)]


def _dense(layer: nn.Linear, shape: tuple[int, ...], own: list[str]) -> list[Call] | None:
    bias = ["use_bias=False"] * (layer.bias is None)
    return [("Dense", [str(layer.out_features), *bias, *own])] if len(shape) == 1 else None


def _batch_norm(layer: nn.BatchNorm2d, _shape: tuple[int, ...], own: list[str]) -> list[Call] | None:
    if layer.momentum is None or not layer.track_running_stats:
        return None
    arguments = [f"momentum={1 - layer.momentum!r}", f"epsilon={layer.eps!r}"]
    return [("BatchNormalization", [*arguments, *["center=False", "scale=False"] * (not layer.affine), *own])]


def _pooling(kind: str) -> Maker:
    def make(layer: nn.MaxPool2d | nn.AvgPool2d, _shape: tuple[int, ...], _own: list[str]) -> list[Call] | None:
        plain = getattr(layer, "dilation", 1) == 1 and getattr(layer, "divisor_override", None) is None
        if _size(layer.padding) != "0" or layer.ceil_mode or not plain:
            return None
        strides = [] if layer.stride == layer.kernel_size else [f"strides={_size(layer.stride)}"]
        return [(kind, [_size(layer.kernel_size), *strides])]

    return make


def _size(value: Any) -> str:
    """One number for a square."""
    pair = tuple(value) if isinstance(value, tuple | list) else (value, value)
    return literal(pair[0] if len(set(pair)) == 1 else pair)


_MAKERS: dict[type[nn.Module], Maker] = {
    nn.Conv2d: _convolution,
    nn.Linear: _dense,
    nn.BatchNorm2d: _batch_norm,
    nn.BatchNorm1d: lambda layer, shape, own: _batch_norm(layer, shape, own) if len(shape) == 1 else None,
    nn.MaxPool2d: _pooling("MaxPooling2D"),
    nn.AvgPool2d: _pooling("AveragePooling2D"),
    nn.AdaptiveAvgPool2d: lambda layer, shape, own: (
        [("GlobalAveragePooling2D", ["keepdims=True"])] if layer.output_size in (1, (1, 1)) else None
    ),
    nn.Flatten: lambda layer, shape, own: _flatten(shape) if (layer.start_dim, layer.end_dim) == (1, -1) else None,
    nn.ReLU: lambda layer, shape, own: [("ReLU", [])],
    nn.Tanh: lambda layer, shape, own: _activation("tanh"),
    nn.Sigmoid: lambda layer, shape, own: _activation("sigmoid"),
    nn.SiLU: lambda layer, shape, own: _activation("silu"),
    nn.GELU: lambda layer, shape, own: _activation("gelu") if layer.approximate == "none" else None,
    nn.ELU: lambda layer, shape, own: [("ELU", [f"alpha={layer.alpha!r}"])],
    nn.LeakyReLU: lambda layer, shape, own: [("LeakyReLU", [f"negative_slope={layer.negative_slope!r}"])],
    Dropout: lambda layer, shape, own: [("Dropout", [repr(layer.p), "seed=SEED"])],
}
