"""How large a network is: its layer table, its parameters, and an estimate of the memory that training needs."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache, partial

import torch
from torch import Tensor, nn

from reglab.models.architecture import MODELS, Architecture, Shape
from reglab.models.construct import check_model, skeleton
from reglab.models.outline import outline
from reglab.spec import ModelSpec


@dataclass(frozen=True)
class LayerRow:
    """One call of one layer: its name, its PyTorch class, its output for one image, its own parameters.

    A layer that is called twice has two rows; its parameters count in the first.
    """

    name: str
    kind: str
    output: tuple[int, ...]
    parameters: int


@dataclass(frozen=True)
class Summary:
    """Sizes of a network. Memory is in bytes: ``weight_bytes`` of all parameters and buffers, ``activation_bytes`` of
    one image, its input and every layer's output, where that is memory of its own and not a view of the layer's input.
    """

    parameters: int
    weight_bytes: int
    activation_bytes: int
    layers: tuple[LayerRow, ...] = field(repr=False)

    def training_bytes(self, batch_size: int, state: int) -> int:
        """weights × (2 + s) + batch × activations: weights, gradients, s = ``state`` numbers that the optimizer keeps
        for each weight, and what the gradient needs.

        An estimate of the network's own need, for one run; PyTorch itself, workspaces and the data come on top.
        """
        return self.weight_bytes * (2 + state) + batch_size * self.activation_bytes


def summarise(model: ModelSpec | nn.Module, shape: Shape, classes: int) -> Summary:
    """The sizes of ``model`` (a spec, or a network already built) for images of ``shape``.

    Those of a spec are found once for all callers: every run of a form and every job that is queued asks for them.

    :raises SpecError: see :func:`reglab.models.check_model`.
    """
    if not isinstance(model, ModelSpec):
        return _sizes(model, shape)
    check_model(model, shape)
    return _of_spec(model, MODELS.get(model.name), shape, classes)


@lru_cache(maxsize=200)
def _of_spec(model: ModelSpec, _entry: Architecture, shape: Shape, classes: int) -> Summary:
    """``_entry`` tells apart CNNs that have the name one after the other."""
    return _sizes(skeleton(model, shape, classes), shape)


def _sizes(model: nn.Module, shape: Shape) -> Summary:
    """The sizes of a network, whose tensors may have shapes only."""
    copied = outline(model)
    tensors = [*copied.parameters(), *copied.buffers()]
    dtype = next((p.dtype for p in copied.parameters()), torch.float32)
    image = torch.zeros(1, *shape, dtype=dtype)
    layers, activation_bytes = _trace(copied, image)
    return Summary(
        parameters=sum(p.numel() for p in copied.parameters()),
        weight_bytes=sum(t.nbytes for t in tensors),
        activation_bytes=image.nbytes + activation_bytes,
        layers=layers,
    )


@torch.no_grad()
def _trace(model: nn.Module, image: Tensor) -> tuple[tuple[LayerRow, ...], int]:
    """The rows of one forward pass, and the bytes of all outputs that are memory of their own."""
    rows: list[LayerRow] = []
    owned: list[int] = []

    def note(name: str, layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        seen = any(row.name == name for row in rows)
        own = 0 if seen else sum(p.numel() for p in layer.parameters())
        rows.append(LayerRow(name, type(layer).__name__, tuple(output.shape[1:]), own))
        owned.append(0 if output is inputs[0] or output._is_view() else output.nbytes)

    for name, layer in model.named_modules():
        if not any(layer.children()):
            layer.register_forward_hook(partial(note, name))
    model(image)
    return tuple(rows), sum(owned)
