"""A network as Keras code: ``keras.Sequential`` where it is a chain, otherwise layers called on each other's output."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from textwrap import indent
from typing import Any

import torch
import torch.nn.functional as F
from torch import fx

from reglab.exports.code import WIDTH, call, flat_name, literal, sequence, variables
from reglab.exports.entry import ExportError
from reglab.exports.graph import Network
from reglab.exports.keras_layers import Call, Place, activation, flattened, keras_layers
from reglab.exports.keras_penalty import KerasPenalty

_TAB = "    "
_ACTIVATIONS: Mapping[object, str] = {
    F.relu: "relu", torch.relu: "relu", "relu": "relu", torch.tanh: "tanh", F.tanh: "tanh", "tanh": "tanh",
    torch.sigmoid: "sigmoid", F.sigmoid: "sigmoid", "sigmoid": "sigmoid", F.silu: "silu",
}  # fmt: skip
_ADDITIONS: tuple[Callable[..., Any], ...] = (operator.add, operator.iadd, torch.add)
_FLATTENINGS: tuple[object, ...] = (torch.flatten, "flatten")


def network_code(network: Network, penalty: KerasPenalty) -> str:
    """The function ``make_model()``; with a constraint that needs the optimizer, ``make_model(optimizer)``.

    :raises ExportError: where a layer or a function of the network has no counterpart here, or weights are shared.
    """
    _check_called_once(network)
    arguments = "optimizer" if penalty.place == "constraint" else ""
    shape = network.shapes[network.calls[0]]
    body = _chain(network, penalty) if network.is_chain else _branched(network, penalty)
    image = literal((*shape[1:], shape[0]))
    about = "The network, before its initial weights are loaded."
    permuted = "\n\n    Permute puts channels first, because in that order PyTorch flattens.\n    " * (
        "Permute" in body
    )
    return (
        f'def make_model({arguments}):\n{_TAB}"""{about}{permuted}"""\n{indent(body.replace("IMAGE", image), _TAB)}\n'
    )


def _chain(network: Network, penalty: KerasPenalty) -> str:
    items = ["keras.Input(IMAGE)"]
    for node in network.calls[1:-1]:
        items += [call(f"layers.{name}", arguments, WIDTH - 13) for name, arguments in _calls(node, network, penalty)]
    pairs = indent(sequence("[", items, "]"), _TAB).lstrip()
    return f"return keras.Sequential(\n{_TAB}{pairs}\n)"


def _branched(network: Network, penalty: KerasPenalty) -> str:
    names, lines, part = variables(network.calls), ["x = inputs = keras.Input(IMAGE)"], ""
    for node in network.calls[1:]:
        if node.op == "output":
            lines.append(f"return keras.Model(inputs, {names[node.all_input_nodes[0]]})")
            continue
        path = str(node.target).split(".")
        if node.op == "call_module" and (here := ".".join(path[:2]) if len(path) > 2 else "") != part:
            part = here
            lines += [f"# {part}"] if part else []
        lines += _statements(node, network, penalty, names)
    return "\n".join(lines)


def _statements(node: fx.Node, network: Network, penalty: KerasPenalty, names: Mapping[fx.Node, str]) -> list[str]:
    inputs, own = node.all_input_nodes, names[node]
    if node.target in _ADDITIONS and len(inputs) == len(node.args) == 2:
        return [f"{own} = layers.Add()([{names[inputs[0]]}, {names[inputs[1]]}])"]
    lines, source = [], names[inputs[0]]
    for name, arguments in _calls(node, network, penalty):
        lines.append(f"{own} = {call(f'layers.{name}', arguments, WIDTH - 16)}({source})")
        source = own
    return lines


def _calls(node: fx.Node, network: Network, penalty: KerasPenalty) -> list[Call]:
    """The Keras layers of one call."""
    shape = network.shapes[node.all_input_nodes[0]]
    if node.op == "call_module":
        return keras_layers(network.layer(node), Place(flat_name(str(node.target)), shape, penalty))
    if node.target in _ACTIVATIONS:
        return activation(_ACTIVATIONS[node.target])
    if node.target in _FLATTENINGS and (*node.args[1:], *node.kwargs.values()) == (1,):
        return flattened(shape)
    name = getattr(node.target, "__name__", str(node.target))
    raise ExportError(f"This CNN's forward uses {name}, for which there is no Keras layer here.")


def _check_called_once(network: Network) -> None:
    """A layer with weights that is called twice would be two layers in this code."""
    seen: set[str] = set()
    for node in network.calls:
        path = str(node.target)
        if node.op == "call_module" and path in seen and any(True for _ in network.layer(node).parameters()):
            raise ExportError(f"The layer {path} of this CNN is called twice, which cannot be written into Keras here.")
        seen.add(path)
