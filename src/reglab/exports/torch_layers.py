"""A layer of PyTorch's as the call that makes it, e.g. ``nn.Conv2d(1, 32, 3, padding=1)``, read from the layer itself.

No layer type is known here by name: a layer's arguments are those of its constructor's signature, and their values are
the attributes of the same names. Whether that is true is tried out: the layer made anew must look like the old one.
"""

from __future__ import annotations

import inspect
from typing import Any

import torch
from torch import nn

from reglab.exports.code import call, literal
from reglab.exports.entry import ExportError
from reglab.models import Dropout

_ELSEWHERE = ("device", "dtype")  # of the whole network, not of one layer
_VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def layer_code(layer: nn.Module, room: int = 120) -> str:
    """The call that makes ``layer``; only arguments that differ from their defaults.

    :raises ExportError: where the layer cannot be made anew from its attributes.
    """
    if isinstance(layer, Dropout):
        return f"Dropout({literal(layer.p)})"
    kind = type(layer)
    if getattr(nn, kind.__name__, None) is not kind:
        raise _cannot(layer)
    needed, optional = _arguments(layer)
    usual = _described(_made(layer, needed))
    changed = {name: value for name, value in optional.items() if usual.get(name) != _normal(value)}
    again = _made(layer, {**needed, **changed})
    if repr(again) != repr(layer) or _shapes(again) != _shapes(layer):
        raise _cannot(layer)
    arguments = [_short(value) for value in needed.values()]
    return call(
        f"nn.{kind.__name__}", [*arguments, *(f"{name}={_short(value)}" for name, value in changed.items())], room
    )


def _arguments(layer: nn.Module) -> tuple[dict[str, Any], dict[str, Any]]:
    """Values of the constructor's arguments without and with a default."""
    needed: dict[str, Any] = {}
    optional: dict[str, Any] = {}
    for name, parameter in inspect.signature(type(layer)).parameters.items():
        if name in _ELSEWHERE or parameter.kind in _VARIADIC:
            continue
        if not hasattr(layer, name):
            raise _cannot(layer)
        value = _value(layer, name)
        (needed if parameter.default is inspect.Parameter.empty else optional)[name] = value
    return needed, optional


def _value(layer: nn.Module, name: str) -> Any:
    value = getattr(layer, name)
    return (value is not None) if name == "bias" and not isinstance(value, bool) else value


def _made(layer: nn.Module, arguments: dict[str, Any]) -> nn.Module:
    """A layer of the same type, without numbers in its tensors."""
    try:
        with torch.device("meta"):
            made: nn.Module = type(layer)(**arguments)
    except (TypeError, ValueError):
        raise _cannot(layer) from None
    return made.train(layer.training)


def _described(layer: nn.Module) -> dict[str, Any]:
    needed, optional = _arguments(layer)
    return {name: _normal(value) for name, value in {**needed, **optional}.items()}


def _shapes(layer: nn.Module) -> dict[str, tuple[int, ...]]:
    return {name: tuple(tensor.shape) for name, tensor in layer.state_dict().items()}


def _normal(value: Any) -> Any:
    """One number for a tuple of equal ones: a pooling keeps whichever of the two it was given."""
    if isinstance(value, tuple) and value and len(set(value)) == 1:
        return value[0]
    return value


def _short(value: Any) -> str:
    return literal(_normal(value))


def _cannot(layer: nn.Module) -> ExportError:
    return ExportError(
        f"This CNN has a layer of type {type(layer).__name__}, which cannot be written into a PyTorch script."
    )
