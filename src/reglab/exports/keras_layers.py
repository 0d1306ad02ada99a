"""PyTorch's layers in Keras's words, images channels last; a dense layer after a flattening sees PyTorch's order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import nn

from reglab.exports.code import literal
from reglab.exports.entry import ExportError
from reglab.exports.keras_penalty import KerasPenalty
from reglab.models import Dropout

KERNEL, NORM = {"weight": "kernel", "bias": "bias"}, {"weight": "gamma", "bias": "beta"}
Call = tuple[str, list[str]]
"""A Keras layer's name, and its arguments."""


@dataclass(frozen=True)
class Place:
    """A layer in its network: its flat name, the shape (C, H, W) or (features) of its input, the penalty on it."""

    name: str
    shape: tuple[int, ...]
    penalty: KerasPenalty


def keras_layers(layer: nn.Module, place: Place) -> list[Call]:
    """The Keras layers, one after another, that do what ``layer`` does.

    :raises ExportError: where Keras has no such layer, or not with these settings.
    """
    make = _MAKERS.get(type(layer))
    calls = make(layer, place) if make else None
    if calls is None:
        raise ExportError(
            f"This CNN has the layer {layer}, for which there is no Keras layer here; export a PyTorch script instead."
        )
    return calls


def flattened(shape: tuple[int, ...]) -> list[Call]:
    """The flattening of images that are channels last, in PyTorch's order, which is channels first."""
    in_order = len(shape) < 3 or shape[0] == 1 or shape[1] * shape[2] == 1
    return [*([] if in_order else [("Permute", ["(3, 1, 2)"])]), ("Flatten", [])]


def activation(name: str) -> list[Call]:
    """One of Keras's activations."""
    return [("Activation", [literal(name)])]


def roles(layer: nn.Module) -> dict[str, str]:
    """Keras's words for the tensors of ``layer``."""
    return NORM if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d) else KERNEL


def _convolution(layer: nn.Conv2d, place: Place) -> list[Call] | None:
    if layer.padding_mode != "zeros" or isinstance(layer.padding, str):
        return None
    padding = tuple(int(p) for p in layer.padding)
    reach = tuple(d * (k - 1) for d, k in zip(layer.dilation, layer.kernel_size, strict=True))
    same = any(padding) and set(layer.stride) == {1} and reach == tuple(2 * p for p in padding)
    before: list[Call] = [] if same or not any(padding) else [("ZeroPadding2D", [_size(padding)])]
    arguments = [str(layer.out_channels), _size(layer.kernel_size)]
    arguments += [f"strides={_size(layer.stride)}"] * (set(layer.stride) != {1}) + ['padding="same"'] * same
    arguments += [f"dilation_rate={_size(layer.dilation)}"] * (set(layer.dilation) != {1})
    arguments += [f"groups={layer.groups}"] * (layer.groups != 1)
    return [*before, ("Conv2D", [*arguments, *_named(layer, place)])]


def _dense(layer: nn.Linear, place: Place) -> list[Call] | None:
    if len(place.shape) != 1:
        return None
    return [("Dense", [str(layer.out_features), *_named(layer, place)])]


def _named(layer: nn.Conv2d | nn.Linear, place: Place) -> list[str]:
    bias = ["use_bias=False"] * (layer.bias is None)
    return [*bias, f"name={literal(place.name)}", *place.penalty.arguments(place.name, KERNEL)]


def _batch_norm(layer: nn.BatchNorm2d, place: Place) -> list[Call] | None:
    if layer.momentum is None or not layer.track_running_stats:
        return None
    arguments = [f"momentum={1 - layer.momentum!r}", f"epsilon={layer.eps!r}"]
    arguments += ["center=False", "scale=False"] * (not layer.affine)
    own = place.penalty.arguments(place.name, NORM)
    return [("BatchNormalization", [*arguments, f"name={literal(place.name)}", *own])]


def _pooling(kind: str) -> Callable[[Any, Place], list[Call] | None]:
    def make(layer: nn.MaxPool2d | nn.AvgPool2d, _place: Place) -> list[Call] | None:
        plain = getattr(layer, "dilation", 1) == 1 and getattr(layer, "divisor_override", None) is None
        if _size(layer.padding) != "0" or layer.ceil_mode or not plain:
            return None
        strides = [] if layer.stride == layer.kernel_size else [f"strides={_size(layer.stride)}"]
        return [(kind, [_size(layer.kernel_size), *strides])]

    return make


def _mean_of_all(layer: nn.AdaptiveAvgPool2d, _place: Place) -> list[Call] | None:
    return [("GlobalAveragePooling2D", ["keepdims=True"])] if layer.output_size in (1, (1, 1)) else None


def _flatten(layer: nn.Flatten, place: Place) -> list[Call] | None:
    return flattened(place.shape) if (layer.start_dim, layer.end_dim) == (1, -1) else None


def _gelu(layer: nn.GELU, _place: Place) -> list[Call] | None:
    return activation("gelu") if layer.approximate == "none" else None


def _elu(layer: nn.ELU, _place: Place) -> list[Call] | None:
    return [("ELU", [f"alpha={layer.alpha!r}"])]


_MAKERS: dict[type[nn.Module], Callable[[Any, Place], list[Call] | None]] = {
    nn.Conv2d: _convolution,
    nn.Linear: _dense,
    nn.BatchNorm2d: _batch_norm,
    nn.BatchNorm1d: lambda layer, place: _batch_norm(layer, place) if len(place.shape) == 1 else None,
    nn.MaxPool2d: _pooling("MaxPooling2D"),
    nn.AvgPool2d: _pooling("AveragePooling2D"),
    nn.AdaptiveAvgPool2d: _mean_of_all,
    nn.Flatten: _flatten,
    nn.ReLU: lambda layer, place: [("ReLU", [])],
    nn.Tanh: lambda layer, place: activation("tanh"),
    nn.Sigmoid: lambda layer, place: activation("sigmoid"),
    nn.SiLU: lambda layer, place: activation("silu"),
    nn.GELU: _gelu,
    nn.ELU: _elu,
    nn.LeakyReLU: lambda layer, place: [("LeakyReLU", [f"negative_slope={layer.negative_slope!r}"])],
    Dropout: lambda layer, place: [("Dropout", [repr(layer.p), "seed=SEED"])],
}


def _size(value: Any) -> str:
    """One number for a square."""
    pair = tuple(value) if isinstance(value, tuple | list) else (value, value)
    return literal(pair[0] if len(set(pair)) == 1 else pair)
