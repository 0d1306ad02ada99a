"""The control without convolutions: flatten, dense 128, dense; 784-128-10 on 28×28×1."""

from __future__ import annotations

from collections import OrderedDict

from torch import nn

from reglab.models.architecture import Architecture, Shape
from reglab.models.dropout import Dropout


def make(shape: Shape, classes: int, dropout: float, _batch_norm: bool) -> nn.Module:
    """flatten → dense 128 → ReLU → dropout → dense."""
    channels, height, width = shape
    return nn.Sequential(
        OrderedDict[str, nn.Module](
            flatten=nn.Flatten(),
            fc1=nn.Linear(channels * height * width, 128),
            relu1=nn.ReLU(),
            dropout=Dropout(dropout),
            fc2=nn.Linear(128, classes),
        )
    )


ENTRY = Architecture(
    name="dense_784",
    label="Dense 784-128-10",
    order=30,
    about="No convolution at all: every pixel to 128 units to the classes (784-128-10 on 28-pixel images). The control "
    "that shows which effects of λ have nothing to do with convolutions.",
    source="The multilayer perceptron of most MNIST tutorials.",
    switches=frozenset({"dropout"}),
    has_batch_norm=False,
    min_side=1,
    make=make,
)
