"""A network as PyTorch code: an ``nn.Sequential`` where it is one, otherwise a class with a readable ``forward``."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from textwrap import indent
from typing import Any

import torch
import torch.nn.functional as F
from torch import fx

from reglab.exports.code import WIDTH, flat_name, literal, sequence, variables
from reglab.exports.entry import ExportError
from reglab.exports.graph import Network
from reglab.exports.torch_layers import layer_code

_INFIX: Mapping[Callable[..., Any], str] = {
    operator.add: "+", operator.iadd: "+", operator.sub: "-", operator.mul: "*", operator.truediv: "/",
    operator.floordiv: "//", operator.matmul: "@", operator.pow: "**",
}  # fmt: skip
_TAB = "    "


def network_code(network: Network) -> str:
    """The code of a function ``make_model()``, with the class that it makes where it needs one."""
    if network.is_chain:
        return _chain(network)
    layers, forward = _layers(network), _forward(network)
    about = '"""The network, layer by layer; a name such as layer1_0_conv1 stands for layer1.0.conv1."""'
    return (
        f"class Network(nn.Module):\n{_TAB}{about}\n\n"
        f"{_TAB}def __init__(self):\n{_TAB * 2}super().__init__()\n{indent(layers, _TAB * 2)}\n\n"
        f"{_TAB}def forward(self, x):\n{indent(forward, _TAB * 2)}\n\n\n"
        f'def make_model():\n{_TAB}"""The network, before its initial weights are loaded."""\n{_TAB}return Network()\n'
    )


def _chain(network: Network) -> str:
    items = []
    for call in network.calls[1:-1]:
        name = str(call.target)
        room = WIDTH - len(f'{_TAB * 4}("{name}", ),')
        items.append(f'("{name}", {layer_code(network.layer(call), room)})')
    pairs = indent(sequence("[", items, "]"), _TAB * 2).lstrip()
    body = f"return nn.Sequential(\n{_TAB}OrderedDict(\n{_TAB * 2}{pairs}\n{_TAB})\n)"
    return f'def make_model():\n{_TAB}"""The network, before its initial weights are loaded."""\n{indent(body, _TAB)}\n'


def _layers(network: Network) -> str:
    paths = dict.fromkeys(str(call.target) for call in network.calls if call.op == "call_module")
    lines = []
    for path in paths:
        name = flat_name(path)
        code = layer_code(network.model.get_submodule(path), WIDTH - len(f"{_TAB * 2}self.{name} = "))
        lines.append(f"self.{name} = {code}")
    return "\n".join(lines)


def _forward(network: Network) -> str:
    """One statement a call, with a comment where a new part of the network begins."""
    names, lines, part = variables(network.calls), [], ""
    for node in network.calls[1:]:
        if node.op == "call_module" and (here := _part(str(node.target))) != part:
            part = here
            lines += [f"# {part}"] if part else []
        lines.append(
            f"return {_written(node.args[0], names)}"
            if node.op == "output"
            else f"{names[node]} = {_call(node, names)}"
        )
    return "\n".join(lines)


def _part(path: str) -> str:
    """The block that a layer is in: "layer1.0" of "layer1.0.conv1", "layer2.0" of "layer2.0.downsample.0"."""
    return ".".join(path.split(".")[:2]) if path.count(".") >= 2 else ""


def _call(node: fx.Node, names: Mapping[fx.Node, str]) -> str:
    arguments = [_written(value, names) for value in node.args]
    keywords = [f"{name}={_written(value, names)}" for name, value in node.kwargs.items()]
    if node.op == "call_module":
        return f"self.{flat_name(str(node.target))}({', '.join([*arguments, *keywords])})"
    if node.op == "call_method":
        return f"{arguments[0]}.{node.target}({', '.join([*arguments[1:], *keywords])})"
    if node.op == "call_function":
        return _function(node, arguments, keywords)
    raise _cannot(str(node.target))


def _function(node: fx.Node, arguments: list[str], keywords: list[str]) -> str:
    target: Any = node.target
    if "training" in node.kwargs:  # noted once, while training: it would be wrong in evaluation
        raise _cannot(target.__name__)
    if target in _INFIX:
        return f" {_INFIX[target]} ".join(arguments)
    if target is getattr:
        return f"{arguments[0]}.{node.args[1]}"
    if target is operator.getitem:
        return f"{arguments[0]}[{arguments[1]}]"
    name = str(getattr(target, "__name__", target))
    for prefix, module in (("F", F), ("torch", torch)):
        if getattr(module, name, None) is target:
            return f"{prefix}.{name}({', '.join([*arguments, *keywords])})"
    raise _cannot(name)


def _written(value: Any, names: Mapping[fx.Node, str]) -> str:
    if isinstance(value, fx.Node):
        return names[value]
    if isinstance(value, tuple | list):
        inside = ", ".join(_written(item, names) for item in value)
        return f"[{inside}]" if isinstance(value, list) else f"({inside}{',' if len(value) == 1 else ''})"
    return literal(value)


def _cannot(what: str) -> ExportError:
    return ExportError(f"This CNN's forward uses {what}, which cannot be written into a PyTorch script.")
