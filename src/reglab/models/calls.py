"""A network as the calls of its forward pass, whatever class it is of: scripts are written and lanes fused from them.

The calls are recorded by running ``forward`` once on a stand-in, in a copy whose layers only note that they were
called. torch.fx's own tracer would patch ``nn.Module`` for the whole process, beside runs that are training in it.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.fx.proxy import GraphAppendingTracer

from reglab.models.architecture import Shape
from reglab.models.dropout import Dropout
from reglab.models.outline import outline


class CannotFollow(Exception):
    """A network whose forward pass is not a fixed list of calls of layers; the text says why."""


@dataclass(frozen=True)
class Network:
    """``calls`` in order, from the input's placeholder to the output; ``shapes`` of what each gives for one image."""

    model: nn.Module
    calls: tuple[fx.Node, ...]
    shapes: dict[fx.Node, tuple[int, ...]]

    def layer(self, call: fx.Node) -> nn.Module:
        """The layer that ``call`` calls."""
        return self.model.get_submodule(str(call.target))

    @property
    def is_chain(self) -> bool:
        """Whether the network is one plain ``nn.Sequential`` of layers."""
        return type(self.model) is nn.Sequential and all(is_layer(child) for child in self.model)


def follow(model: nn.Module, shape: Shape) -> Network:
    """The calls of ``model`` for images of ``shape``, without those that do nothing (identities, dropout of 0).

    :raises CannotFollow: where ``forward`` cannot be followed, because it depends on the numbers that it is given.
    """
    graph = _record(model)
    for call in list(graph.nodes):
        if call.op == "call_module" and _does_nothing(model.get_submodule(call.target)):
            call.replace_all_uses_with(call.args[0])
            graph.erase_node(call)
    _check_all_called(model, graph)
    shapes = _Shapes(fx.GraphModule(outline(model), graph), shape)
    return Network(model, tuple(graph.nodes), shapes.found)


def is_layer(module: nn.Module) -> bool:
    """Whether ``module`` is called as a whole: a layer of PyTorch's, or RegLab's dropout."""
    is_container = isinstance(module, nn.Sequential | nn.ModuleList | nn.ModuleDict)
    return isinstance(module, Dropout) or (type(module).__module__.startswith("torch.nn.") and not is_container)


def _record(model: nn.Module) -> fx.Graph:
    graph = fx.Graph()
    tracer = GraphAppendingTracer(graph)
    try:
        output = _recording(model, tracer)(fx.Proxy(graph.placeholder("x"), tracer))
        graph.output(tracer.create_arg(output))
    except (fx.proxy.TraceError, NotImplementedError, TypeError, RuntimeError, AttributeError) as error:
        raise CannotFollow(f"the forward pass of {type(model).__name__} depends on numbers: {error}") from None
    return graph


class _Note(nn.Module):
    """In a layer's place: notes the call and computes nothing."""

    def __init__(self, path: str, tracer: GraphAppendingTracer) -> None:
        super().__init__()
        self.path, self.tracer = path, tracer

    def forward(self, *args: Any, **kwargs: Any) -> fx.Proxy:
        return self.tracer.create_proxy("call_module", self.path, args, kwargs)


def _recording(model: nn.Module, tracer: GraphAppendingTracer) -> nn.Module:
    """A copy of ``model`` in which every layer only notes that it is called."""
    if is_layer(model):
        raise CannotFollow(f"{type(model).__name__} is a single layer.")
    noting = copy.deepcopy(model)
    for path, _ in list(_layers(model)):
        parent, _, name = path.rpartition(".")
        setattr(noting.get_submodule(parent), name, _Note(path, tracer))
    return noting


def _layers(module: nn.Module, prefix: str = "") -> Iterator[tuple[str, nn.Module]]:
    for name, child in module.named_children():
        if is_layer(child):
            yield prefix + name, child
        else:
            yield from _layers(child, f"{prefix}{name}.")


def _check_all_called(model: nn.Module, graph: fx.Graph) -> None:
    """Every weight and buffer belongs to a layer that is called: nobody else knows what to do with it."""
    called = tuple(f"{call.target}." for call in graph.nodes if call.op == "call_module")
    for name in model.state_dict():
        if not name.startswith(called):
            raise CannotFollow(f"{name} belongs to no layer that is called.")


def _does_nothing(layer: nn.Module) -> bool:
    return isinstance(layer, nn.Identity) or (isinstance(layer, Dropout | nn.Dropout) and layer.p == 0)


class _Shapes(fx.Interpreter):
    """Runs the calls on a batch of two images of zeros, and keeps the shapes."""

    def __init__(self, module: fx.GraphModule, shape: Shape) -> None:
        super().__init__(module)
        self.found: dict[fx.Node, tuple[int, ...]] = {}
        dtype = next((parameter.dtype for parameter in module.parameters()), torch.float32)
        self.run(torch.zeros(2, *shape, dtype=dtype))

    def run_node(self, n: fx.Node) -> Any:
        result = super().run_node(n)
        if isinstance(result, Tensor):
            self.found[n] = tuple(result.shape[1:])
        return result
