"""From a spec to a network: the same seed gives the same initial weights, bit for bit, in any thread."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from reglab.errors import SpecError
from reglab.models.architecture import MODELS, Shape
from reglab.spec import ModelSpec

_lock = threading.Lock()  # torch's layers draw initial weights from the one process-wide generator


def build(spec: ModelSpec, shape: Shape, classes: int, seed: int) -> nn.Module:
    """The network of ``spec`` for images of ``shape``, in float32 on the CPU, its initial weights fixed by ``seed``.

    The process-wide generator is left as it was. Initial weights in float64 are, by ``.double()``, exactly these.

    :raises SpecError: see :func:`check_model`.
    """
    check_model(spec, shape)
    return _make(spec, shape, classes, seed, "cpu")


def skeleton(spec: ModelSpec, shape: Shape, classes: int) -> nn.Module:
    """The network of ``spec`` without numbers in its tensors: shapes only, at no cost in memory or time."""
    check_model(spec, shape)
    with _Unfilled():
        return _make(spec, shape, classes, 0, "meta")


def check_model(spec: ModelSpec, shape: Shape) -> None:
    """Nothing, where ``spec`` names a CNN that takes images of ``shape``.

    ``batch_norm: true`` is right for a CNN that always normalises, and changes nothing there.

    :raises SpecError: one sentence on an unknown name, a switch that the CNN does not have, or too small images.
    """
    entry = MODELS.get(spec.name)
    if spec.dropout > 0 and "dropout" not in entry.switches:
        raise SpecError(f"{entry.label} has no dropout; set model.dropout to 0 or choose another CNN.")
    if spec.batch_norm and not entry.has_batch_norm and "batch_norm" not in entry.switches:
        having = ", ".join(e.name for e in MODELS.entries.values() if "batch_norm" in e.switches or e.has_batch_norm)
        raise SpecError(f"{entry.label} has no batch norm; set model.batch_norm to false or choose one of: {having}.")
    if spec.head != "dense" and "head" not in entry.switches:
        having = ", ".join(e.name for e in MODELS.entries.values() if "head" in e.switches)
        raise SpecError(f"{entry.label} has no other head; set model.head to dense or choose one of: {having}.")
    _, height, width = shape
    if min(height, width) < entry.min_side:
        raise SpecError(
            f"{entry.label} needs images of at least {entry.min_side}×{entry.min_side} pixels, "
            f"and these are {height}×{width}; choose another CNN or dataset."
        )


def _make(spec: ModelSpec, shape: Shape, classes: int, seed: int, device: str) -> nn.Module:
    make = MODELS.get(spec.name).make
    with _lock, torch.random.fork_rng(devices=[]), torch.device(device):
        torch.default_generator.manual_seed(seed)  # torch.manual_seed would reseed every GPU as well
        head = () if spec.head == "dense" else (spec.head,)  # CNNs of other packages take four arguments
        return make(shape, classes, spec.dropout, spec.batch_norm, *head)


class _Unfilled(TorchFunctionMode):
    """Leaves out normal numbers, for which torch would import its compiler where tensors have shapes only."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        given = kwargs or {}
        if func in (nn.init.normal_, Tensor.normal_):
            return args[0] if args else given["tensor"]
        return func(*args, **given)
