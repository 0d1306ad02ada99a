"""A plain PyTorch script that reproduces a run's metrics from its images and initial weights."""

from __future__ import annotations

import inspect
import operator
from collections.abc import Callable, Mapping
from textwrap import indent
from typing import Any

import torch
import torch.nn.functional as F
from torch import fx, nn

from reglab.exports.code import (
    TAB,
    WIDTH,
    brackets,
    call,
    flat_name,
    literal,
    network,
    sequence,
    variables,
    with_headings,
)
from reglab.exports.entry import ExportError
from reglab.exports.script import Plan, optimizer_text, others_of, script_export, unpenalised
from reglab.exports.subject import Subject
from reglab.models import Dropout, Network
from reglab.optimizers import OPTIMIZERS, Optimizer
from reglab.spec import OptimSpec

_INFIX: Mapping[Callable[..., Any], str] = {
    operator.add: "+",
    operator.iadd: "+",
    operator.sub: "-",
    operator.mul: "*",
    operator.truediv: "/",
    operator.floordiv: "//",
    operator.matmul: "@",
    operator.pow: "**",
}
_WHOLE_NETWORK = ("device", "dtype")
_VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def network_code(network: Network) -> str:
    """The expression that makes a chain of layers, or the class ``Network``.

    :raises ExportError: PyTorch code cannot express a layer or a call.
    """
    if network.is_chain:
        items = []
        for node in network.calls[1:-1]:
            name = literal(str(node.target))
            items.append(f"({name}, {layer_code(network.layer(node), WIDTH - len(f'{TAB * 4}({name}, ),'))})")
        pairs = indent(sequence("[", items, "]"), TAB * 2).lstrip()
        return f"nn.Sequential(\n{TAB}OrderedDict(\n{TAB * 2}{pairs}\n{TAB})\n)"
    layers = []
    for path in dict.fromkeys(str(node.target) for node in network.calls if node.op == "call_module"):
        assigned = f"self.{flat_name(path)} = "
        layers.append(assigned + layer_code(network.model.get_submodule(path), WIDTH - len(TAB * 2 + assigned)))
    names = variables(network.calls)
    forward = with_headings((node, [_statement(node, names)]) for node in network.calls[1:])
    return (
        f"class Network(nn.Module):\n"
        f'{TAB}"""The network, layer by layer; a name such as layer1_0_conv1 stands for layer1.0.conv1."""\n\n'
        f"{TAB}def __init__(self):\n{TAB * 2}super().__init__()\n{indent(chr(10).join(layers), TAB * 2)}\n\n"
        f"{TAB}def forward(self, x):\n{indent(forward, TAB * 2)}\n"
    )


def layer_code(layer: nn.Module, room: int = WIDTH) -> str:
    """The call that makes ``layer``, e.g. ``nn.Conv2d(1, 32, 3, padding=1)``, without arguments at their defaults.

    Works for every layer of ``torch.nn`` whose attributes are named after its constructor's arguments; the layer is
    remade from them to verify that.

    :raises ExportError: the layer cannot be remade.
    """
    kind = type(layer)
    if isinstance(layer, Dropout):
        return f"Dropout({literal(layer.p)})"
    parameters = inspect.signature(kind).parameters.values()
    known = [p for p in parameters if p.name not in _WHOLE_NETWORK and p.kind not in _VARIADIC]
    try:
        given = {p.name: _argument(layer, p.name) for p in known}
        needed = {p.name: given[p.name] for p in known if p.default is p.empty}
        usual = _remade(layer, needed)
        changed = {name: value for name, value in given.items() if _argument(usual, name) != value}
        again = _remade(layer, needed | changed)
    except (AttributeError, TypeError, ValueError):
        again = nn.Identity()
    if getattr(nn, kind.__name__, None) is not kind or repr(again) != repr(layer) or _shapes(again) != _shapes(layer):
        raise ExportError(
            f"This CNN has a layer of type {kind.__name__}, which cannot be written into a PyTorch script."
        )
    arguments = [*map(literal, needed.values()), *(f"{name}={literal(value)}" for name, value in changed.items())]
    return call(f"nn.{kind.__name__}", arguments, room)


def _argument(layer: nn.Module, name: str) -> Any:
    """The constructor's argument ``name``; one number for a tuple of equal ones, as of a square kernel."""
    value = getattr(layer, name)
    if name == "bias" and not isinstance(value, bool):
        return value is not None
    return value[0] if isinstance(value, tuple) and value and len(set(value)) == 1 else value


def _remade(layer: nn.Module, arguments: Mapping[str, Any]) -> nn.Module:
    with torch.device("meta"):
        made: nn.Module = type(layer)(**arguments)
    return made.train(layer.training)


def _shapes(layer: nn.Module) -> dict[str, tuple[int, ...]]:
    return {name: tuple(tensor.shape) for name, tensor in layer.state_dict().items()}


def _statement(node: fx.Node, names: Mapping[fx.Node, str]) -> str:
    if node.op == "output":
        return f"return {_value(node.args[0], names)}"
    arguments = [_value(value, names) for value in node.args]
    keywords = [f"{name}={_value(value, names)}" for name, value in node.kwargs.items()]
    if node.op == "call_module":
        code = f"self.{flat_name(str(node.target))}({', '.join([*arguments, *keywords])})"
    elif node.op == "call_method":
        code = f"{arguments[0]}.{node.target}({', '.join([*arguments[1:], *keywords])})"
    else:
        code = _function(node, arguments, keywords)
    return f"{names[node]} = {code}"


def _function(node: fx.Node, arguments: list[str], keywords: list[str]) -> str:
    target: Any = node.target
    name = str(getattr(target, "__name__", target))
    if target in _INFIX:
        return f" {_INFIX[target]} ".join(arguments)
    if target is getattr:
        return f"{arguments[0]}.{node.args[1]}"
    if target is operator.getitem:
        return f"{arguments[0]}[{arguments[1]}]"
    for prefix, module in (("F", F), ("torch", torch)):
        # a recorded training=True would also hold in evaluation
        if getattr(module, name, None) is target and "training" not in node.kwargs:
            return f"{prefix}.{name}({', '.join([*arguments, *keywords])})"
    raise ExportError(f"This CNN's forward uses {name}, which cannot be written into a PyTorch script.")


def _value(value: Any, names: Mapping[fx.Node, str]) -> str:
    if isinstance(value, fx.Node):
        return names[value]
    if isinstance(value, tuple | list):
        return brackets(value, [_value(item, names) for item in value])
    return literal(value)


_CODE = {
    "loss": "torch_value",
    "coupled": "torch_gradient",
    "decoupled": "torch_gradient",
    "proximal": "torch_proximal",
}
"""Place of the penalty → the code of a term that stands there."""


def _context(subject: Subject, plan: Plan) -> dict[str, Any]:
    graph, spec = network(subject.model, subject.split.shape), subject.spec
    place = _place(plan, optimizer := unpenalised(spec.optim))
    return {
        "device": "cuda" if subject.device.startswith("cuda") else "cpu",
        "network": network_code(graph),
        "network_is_chain": graph.is_chain,
        "place": place,
        "optimizer": _optimizer(optimizer, spec.optim, decoupled=place == "weight_decay" and plan.mode == "decoupled"),
        "helpers": plan.helpers(_CODE.get(place)),
        "definitions": "".join(others_of(spec).code("torch_definitions")),
        "gradient_order": plan.terms[::-1],
        "bracketed": lambda code: f"({code})" if "*" in code else code,
        "single_left_over": subject.leaves_single_image,
    }


def _place(plan: Plan, optimizer: Optimizer) -> str:
    """Where the penalty stands in the script: where the optimizer can apply it, in ``weight_decay``."""
    if not plan.terms:
        return "none"
    if plan.is_weight_decay and (plan.mode == "coupled" or (plan.mode == "decoupled" and optimizer.decoupled)):
        return "weight_decay"
    return "loss" if plan.mode == "coupled" and len(plan.terms) == 1 else plan.mode


def _optimizer(entry: Optimizer, spec: OptimSpec, decoupled: bool) -> dict[str, Any]:
    kind, named = str(entry.decoupled) if decoupled else entry.torch, OPTIMIZERS.get(spec.name)
    settings = entry.arguments(spec)
    arguments = [f"{key}={value!r}" for key, value in settings.items() if value is not False]
    return {
        "kind": kind,
        "name": kind.rpartition(".")[2],
        "about": optimizer_text(entry, spec),
        "without_decay": f" ({named.label} without its own decay)" if named.twin else "",
        "arguments": ["lr=LEARNING_RATE", *arguments, *["fused=True"] * entry.fused],
    }


ENTRY = script_export(
    label="PyTorch",
    order=10,
    about="A plain script that reproduces the run's metrics, with its images and initial weights beside it.",
    context=_context,
    inexact=lambda subject: (),
)
